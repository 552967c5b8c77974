#include "notify/outbox.hh"

#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "crypto/digest.hh"
#include "text/json.hh"

#include <fmt/format.h>

#include <cerrno>

namespace bakehouse::notify {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Event;
using base::TreePath;
using text::Value;

constexpr size_t most_waiting = 100;
constexpr uint64_t largest_waiting = 64 << 10;
constexpr std::string_view suffix = ".json";

std::string name_of(const Waiting& waiting) {
  return fmt::format("{}.{}{}", id_of(waiting.message), waiting.receiver, suffix);
}

// Sorted by time: the id of a deployment begins with it.
std::vector<std::string> names_in(const base::Dir& dir) {
  std::vector<std::string> names = dir.names();
  std::erase_if(names, [](const auto& name) { return name.starts_with('.') || !name.ends_with(suffix); });
  return names;
}

void make_room(const base::Dir& dir, const base::EventSink& events) {
  const auto names = names_in(dir);
  for (size_t i = 0; i + most_waiting <= names.size(); ++i) {
    events({Event::Kind::warning, "notify",
            fmt::format("more than {} notifications wait: the oldest is given up, {}", most_waiting - 1,
                        base::printable(names[i]))});
    dir.remove_file(TreePath::parse(names[i]));
  }
}

Waiting decode_waiting(const Value& value) {
  Waiting waiting;
  waiting.receiver = value.string_at("receiver");
  waiting.message = decode_message(value.at("message"));
  waiting.queued = value.integer_at("queued");
  waiting.next = value.integer_at("next");
  waiting.tries = static_cast<int>(value.integer_at("tries"));
  return waiting;
}

}  // namespace

std::string key_of(const config::Receiver& receiver) {
  constexpr size_t digits = 16;
  std::string facts = fmt::format("{}\n{}", static_cast<int>(receiver.kind), receiver.target);
  for (const std::string& word : receiver.argv) facts += "\n" + word;
  return crypto::sha256(facts).hex().substr(0, digits);
}

void put(const fs::path& outbox, const Waiting& waiting, const base::EventSink& events) {
  const base::Dir dir = base::Dir::open_or_make(outbox, 0700);
  const std::string name = name_of(waiting);
  if (!dir.exists(TreePath::parse(name))) make_room(dir, events);
  const Value value = Value::map({{"receiver", waiting.receiver},
                                  {"message", encode(waiting.message)},
                                  {"queued", waiting.queued},
                                  {"next", waiting.next},
                                  {"tries", waiting.tries}});
  base::write_file(outbox / name, text::to_json(value) + "\n", 0600);
}

void remove(const fs::path& outbox, const Waiting& waiting) {
  base::Dir::open(outbox).remove_file(TreePath::parse(name_of(waiting)));
}

std::vector<Waiting> read_outbox(const fs::path& outbox, const base::EventSink& events) {
  const base::Dir dir = base::Dir::open(outbox);
  std::vector<Waiting> all;
  for (const std::string& name : names_in(dir)) {
    const auto file = TreePath::parse(name);
    try {
      Waiting waiting = decode_waiting(text::parse_json(dir.read_file(file, largest_waiting), name));
      if (name_of(waiting) != name) throw Error(base::Fault::input, name + ": is not what its name says");
      all.push_back(std::move(waiting));
    } catch (const Error& error) {
      events({Event::Kind::warning, "notify",
              fmt::format("a notification cannot be read and is given up: {}", error.what())});
      dir.remove_tree(file);
    }
  }
  return all;
}

size_t count_waiting(const fs::path& outbox) {
  try {
    return names_in(base::Dir::open(outbox)).size();
  } catch (const Error& error) {
    if (error.os_error() == ENOENT || error.os_error() == EACCES) return 0;
    throw;
  }
}

}  // namespace bakehouse::notify
