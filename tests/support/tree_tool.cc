// The tree module as a program: for tests that kill it, and for benches against other programs.
#include "base/error.hh"
#include "base/files.hh"
#include "tree/diff.hh"
#include "tree/make.hh"
#include "tree/ready.hh"
#include "tree/scan.hh"
#include "tree/snapshot.hh"
#include "tree/switch.hh"
#include "tree/sync.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <vector>

using namespace bakehouse;
using base::Dir;
using base::TreePath;

namespace {

// "--name value" where the name takes one, the rest in order.
struct Arguments {
  std::vector<std::string> words;
  std::map<std::string, std::vector<std::string>> options;

  const std::string& word(size_t i) const {
    if (i >= words.size()) throw base::Error(base::Fault::usage, "an argument is missing");
    return words[i];
  }
  bool has(const std::string& name) const { return options.contains(name); }
  std::string option(const std::string& name) const {
    const auto found = options.find(name);
    return found == options.end() ? "" : found->second.back();
  }
  unsigned workers() const {
    return has("--workers") ? static_cast<unsigned>(std::stoul(option("--workers"))) : 0;
  }
};

Arguments parse(int argc, char** argv) {
  static const std::vector<std::string> flags{"--bare", "--copy", "--keep-log"};
  Arguments arguments;
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      arguments.words.push_back(word);
    } else if (std::find(flags.begin(), flags.end(), word) != flags.end()) {
      arguments.options[word].push_back("");
    } else {
      if (i + 1 == argc) throw base::Error(base::Fault::usage, word + " takes a value");
      arguments.options[word].push_back(argv[++i]);
    }
  }
  return arguments;
}

// The index of --index, saved at the end; without one nothing is remembered.
class Index {
 public:
  explicit Index(const Arguments& arguments) : file_(arguments.option("--index")) {
    if (!file_.empty()) index_ = tree::StatIndex::load(file_);
  }
  tree::StatIndex* get() { return index_ ? &*index_ : nullptr; }
  void save() {
    if (index_) index_->save(file_);
  }

 private:
  std::string file_;
  std::optional<tree::StatIndex> index_;
};

tree::Manifest load_manifest(const std::string& file) {
  constexpr uint64_t largest = 1ULL << 30;
  return tree::parse_manifest(base::read_file(file, largest), file);
}

void save_manifest(const tree::Manifest& manifest, const std::string& file) {
  if (file.empty()) return;
  base::AtomicFile out(file, 0644);
  tree::write_manifest(manifest, [&](std::string_view text) { out.write(text); });
  out.commit();
}

bool is_metadata(const TreePath& path) { return path.str() == ".bakehouse"; }

tree::Scan look(const Dir& dir, const Arguments& arguments, tree::StatIndex* index, tree::Detail detail) {
  tree::ScanOptions options;
  options.detail = detail;
  options.index = index;
  options.workers = arguments.workers();
  const auto protect = arguments.options.find("--protect");
  options.excluded = [&](const TreePath& path) {
    if (is_metadata(path)) return true;
    return protect != arguments.options.end() &&
           std::find(protect->second.begin(), protect->second.end(), path.str()) != protect->second.end();
  };
  return tree::scan(dir, options);
}

int report(const std::vector<tree::Difference>& differences) {
  for (const auto& difference : differences) fmt::print("{}\n", difference.describe());
  return differences.empty() ? 0 : base::exit_code(base::Fault::differs);
}

void report(const tree::Made& made) {
  fmt::print("linked {} cloned {} copied {} bytes {}\n", made.linked, made.cloned, made.copied,
             made.bytes_copied);
}

int run_scan(const Arguments& arguments) {
  Index index(arguments);
  const auto detail = arguments.has("--bare") ? tree::Detail::release : tree::Detail::all;
  const auto found = look(Dir::open(arguments.word(0)), arguments, index.get(), detail);
  save_manifest(found.manifest, arguments.option("--manifest"));
  index.save();
  fmt::print("{} entries, {} bytes\n", found.manifest.entries.size(), found.manifest.bytes());
  return 0;
}

int run_compare(const Arguments& arguments) {
  // Two files that know nothing of each other.
  auto loading = std::async(std::launch::async, [&] { return load_manifest(arguments.word(0)); });
  Index index(arguments);
  const auto differences = tree::diff_with_directory(loading.get(), Dir::open(arguments.word(1)),
                                                     {index.get(), arguments.workers()});
  index.save();
  return report(differences);
}

int run_compare_trees(const Arguments& arguments) {
  Index index(arguments);
  const auto one = look(Dir::open(arguments.word(0)), arguments, index.get(), tree::Detail::release);
  const auto other = look(Dir::open(arguments.word(1)), arguments, index.get(), tree::Detail::release);
  index.save();
  return report(tree::diff(one.manifest, other.manifest));
}

int run_snapshot(const Arguments& arguments) {
  Index index(arguments);
  tree::SnapshotOptions options;
  options.index = index.get();
  options.workers = arguments.workers();
  if (arguments.has("--bare")) options.detail = tree::Detail::release;
  options.excluded = is_metadata;
  std::optional<Dir> earlier;
  tree::Manifest earlier_manifest;
  std::optional<tree::Lender> lender;
  if (arguments.has("--earlier")) {
    earlier = Dir::open(arguments.option("--earlier"));
    earlier_manifest = load_manifest(arguments.option("--earlier-manifest"));
    lender.emplace(tree::Lender{*earlier, earlier_manifest, [](const auto&, const auto&) { return true; }});
    options.earlier = &*lender;
  }
  const Dir from = Dir::open(arguments.word(0));
  const Dir to = Dir::open_or_make(arguments.word(1), 0700);
  const auto snapshot = tree::take_snapshot(from, to, options);
  save_manifest(snapshot.manifest, arguments.option("--manifest"));
  index.save();
  report(snapshot.made);
  return 0;
}

int run_make_ready(const Arguments& arguments) {
  Index index(arguments);
  const auto manifest = load_manifest(arguments.word(1));
  const Dir old_run = Dir::open(arguments.word(2));
  const auto expected = load_manifest(arguments.word(3));
  const tree::OldRun old{old_run, expected};
  tree::ReadyOptions options;
  if (!arguments.has("--copy")) options.old_run = &old;
  constexpr uint32_t nobody = 65534;
  options.user = {nobody, {nobody}};
  options.index = index.get();
  options.workers = arguments.workers();
  const Dir next = Dir::open_or_make(arguments.word(4), 0755);
  const auto made = tree::make_ready(Dir::open(arguments.word(0)), manifest, next, options);
  base::sync_filesystem(next.fd(), arguments.word(4));
  index.save();
  report(made);
  return 0;
}

int run_switch(const Arguments& arguments) {
  tree::exchange(Dir::open(arguments.word(0)), TreePath::parse(arguments.word(1)),
                 TreePath::parse(arguments.word(2)));
  return 0;
}

int run_switch_link(const Arguments& arguments) {
  tree::point_to(Dir::open(arguments.word(0)), TreePath::parse(arguments.word(1)), arguments.word(2));
  return 0;
}

int run_sync(const Arguments& arguments) {
  Index index(arguments);
  const auto detail = arguments.has("--bare") ? tree::Detail::release : tree::Detail::all;
  const Dir from = Dir::open(arguments.word(0));
  const Dir to = Dir::open(arguments.word(1));
  const Dir log = Dir::open_or_make(arguments.word(2), 0700);
  const auto wanted = look(from, arguments, index.get(), detail);
  const auto there = look(to, arguments, index.get(), detail);
  const auto counts = tree::stage_sync({.from = from,
                                        .wanted = wanted.manifest,
                                        .to = to,
                                        .there = there,
                                        .log = log,
                                        .index = index.get(),
                                        .workers = arguments.workers()});
  tree::perform_sync(to, log, index.get());
  if (!arguments.has("--keep-log")) {
    tree::discard_sync(log);
    std::filesystem::remove(arguments.word(2));
  }
  index.save();
  fmt::print("added {} replaced {} removed {} adjusted {}\n", counts.added, counts.replaced, counts.removed,
             counts.adjusted);
  return 0;
}

int run_undo(const Arguments& arguments) {
  if (!std::filesystem::exists(arguments.word(1))) return 0;
  const Dir log = Dir::open(arguments.word(1));
  tree::undo_sync(Dir::open(arguments.word(0)), log);
  std::filesystem::remove(arguments.word(1));
  return 0;
}

const std::map<std::string, std::function<int(const Arguments&)>>& commands() {
  static const std::map<std::string, std::function<int(const Arguments&)>> all{
      {"scan", run_scan},
      {"compare", run_compare},
      {"compare-trees", run_compare_trees},
      {"snapshot", run_snapshot},
      {"make-ready", run_make_ready},
      {"switch", run_switch},
      {"switch-link", run_switch_link},
      {"sync", run_sync},
      {"undo", run_undo},
  };
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto command = commands().find(argc < 2 ? "" : argv[1]);
    if (command == commands().end()) throw base::Error(base::Fault::usage, "unknown command");
    return command->second(parse(argc, argv));
  } catch (const base::Error& error) {
    fmt::print(stderr, "tree_tool: {}\n", error.what());
    return base::exit_code(error.fault());
  } catch (const std::exception& error) {
    fmt::print(stderr, "tree_tool: {}\n", error.what());
    return base::exit_code(base::Fault::internal);
  }
}
