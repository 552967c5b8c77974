#include "cli/common/program.hh"

#include "base/encoding.hh"
#include "config/root.hh"
#include "text/document.hh"
#include "text/json.hh"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

namespace bakehouse::cli {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Event;
using base::Fault;
using text::Value;

constexpr std::string_view red = "\033[31m";
constexpr std::string_view yellow = "\033[33m";
constexpr std::string_view bold = "\033[1m";
constexpr std::string_view plain = "\033[0m";

std::string_view name_of(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::phase_started: return "phase-started";
    case Event::Kind::phase_done: return "phase-done";
    case Event::Kind::output: return "output";
    case Event::Kind::note: return "note";
    case Event::Kind::progress: return "progress";
    case Event::Kind::warning: return "warning";
  }
  return "";
}

void print(std::FILE* stream, const std::string& line) {
  std::fputs((line + "\n").c_str(), stream);
  std::fflush(stream);
}

// Names may be any bytes, JSON is UTF-8: what is none is shown as everywhere else.
Value as_text(const Value& value) {
  if (value.is_list() || value.is_map()) {
    Value copy = value;
    for (Value& item : copy.items()) item = as_text(item);
    for (auto& [key, member] : copy.members()) member = as_text(member);
    return copy;
  }
  return text::is_utf8(value.text()) ? value : Value(base::printable(value.text()));
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

Installation find_installation() {
  const fs::path program = fs::read_symlink("/proc/self/exe");
  const fs::path build_root = BAKEHOUSE_BUILD_ROOT;
  if (program.native().starts_with(build_root.native() + "/")) {
    const fs::path source_root = BAKEHOUSE_SOURCE_ROOT;
    return {source_root / "layouts", source_root / "buildpacks", build_root / "src/launch/launch",
            build_root / "src/service/supervise"};
  }
  const fs::path prefix = program.parent_path().parent_path();
  return {prefix / "share/bakehouse/layouts", prefix / "share/bakehouse/buildpacks",
          prefix / "libexec/bakehouse/launch", prefix / "libexec/bakehouse/supervise"};
}

Screen::Screen(std::string program, const GlobalOptions& options)
    : program_(std::move(program)),
      json_(options.json),
      quiet_(options.quiet),
      asking_(options.yes ? Asking::never : Asking::at_terminal),
      color_(!options.no_color && !options.json && !is_set("NO_COLOR") && !is_set("CI") &&
             ::isatty(STDOUT_FILENO) == 1) {}

std::string Screen::paint(std::string_view color, const std::string& text) const {
  return color_ ? fmt::format("{}{}{}", color, text, plain) : text;
}

void Screen::show(const Event& event) const {
  if (json_) {
    print(stdout, text::to_json(Value::map({{"event", name_of(event.kind)},
                                            {"phase", event.phase},
                                            {"text", base::printable_lines(event.text)}})));
    return;
  }
  const std::string text = base::printable_lines(event.text);
  if (event.kind == Event::Kind::warning) print(stderr, paint(yellow, "warning: " + text));
  if (quiet_) return;
  if (event.kind == Event::Kind::phase_started) print(stdout, paint(bold, event.phase));
  if (event.kind == Event::Kind::output) print(stdout, "  | " + text);
  if (event.kind == Event::Kind::note) print(stdout, "  " + text);
  if (event.kind == Event::Kind::progress && ::isatty(STDOUT_FILENO) != 0) print(stdout, "  " + text);
}

base::EventSink Screen::events() const {
  return [this](const Event& event) { show(event); };
}

void Screen::say(const std::string& line) const {
  if (!json_ && !quiet_) print(stdout, base::printable_lines(line));
}

void Screen::answer(const Value& object) const {
  if (json_) print(stdout, text::to_json(as_text(object)));
}

void Screen::done(const Value& facts) const {
  Value line = facts;
  line.set("event", "done");
  answer(line);
}

void Screen::fail(const Error& error, Value facts) const {
  print(stderr, fmt::format("{}: {}", paint(red, program_), base::printable_lines(error.what())));
  if (!error.hint().empty()) print(stderr, "  " + base::printable_lines(error.hint()));
  facts.set("exit", base::exit_code(error.fault()));
  facts.set("error", base::printable_lines(error.what()));
  facts.set("hint", base::printable_lines(error.hint()));
  done(facts);
}

std::optional<fs::path> find_root(const GlobalOptions& options) {
  return options.root ? options.root : config::find_root(fs::current_path());
}

fs::path require_root(const GlobalOptions& options) {
  const auto root = find_root(options);
  if (root) return *root;
  throw Error(Fault::usage, "there is no root here or above",
              "name one with --root, or make one with `init`");
}

phase::Surroundings make_surroundings(const Screen& screen) {
  watch_signals(screen.asking());
  ::signal(SIGPIPE, SIG_IGN);
  return {base::system_clock(), screen.events(), is_stop_wanted, now_reversible};
}

int guarded(const Screen& screen, const std::function<int()>& work) {
  try {
    return work();
  } catch (const Error& error) {
    screen.fail(error);
    return base::exit_code(error.fault());
  } catch (const fs::filesystem_error& error) {
    const Error known = base::os_error(error.code().value(), "look at", error.path1().native());
    screen.fail(known);
    return base::exit_code(known.fault());
  } catch (const std::exception& error) {
    screen.fail(Error(Fault::internal, error.what(), "this is a fault of Bakehouse; please report it"));
    return base::exit_code(Fault::internal);
  }
}

}  // namespace bakehouse::cli
