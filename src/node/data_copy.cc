#include "node/data_copy.hh"

#include "artifact/metadata.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "crypto/digest.hh"
#include "node/backups.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

#include <linux/magic.h>
#include <sys/vfs.h>

namespace bakehouse::node {
namespace {

using base::Event;
using base::TreePath;

// In memory nothing is ever written back, and writes through a mapping leave no trace in a file's times.
bool has_honest_times(const base::Dir& dir) {
  struct statfs found {};
  return ::fstatfs(dir.fd().get(), &found) == 0 && found.f_type != TMPFS_MAGIC && found.f_type != RAMFS_MAGIC;
}

uint64_t count_files(const tree::Manifest& manifest) {
  uint64_t files = 0;
  for (size_t i = 0; i < manifest.entries.size(); ++i)
    files += manifest.entries.type(i) == base::FileType::regular ? 1 : 0;
  return files;
}

}  // namespace

std::filesystem::path index_of_data(const Node& node) { return node.root.state() / "data.index"; }

std::optional<std::string> newest_backup(const Node& node, const std::string& but) {
  std::optional<std::string> newest;
  for (const std::string& name : node.dir.open_dir(node.root.layout.archives).names()) {
    if (!is_deployment_id(name) || name == but) continue;
    const Places places = places_of(node.root.layout, name);
    const bool is_whole = node.dir.exists(manifest_of_data(places)) && node.dir.exists(copy_of_data(places));
    const auto checked = is_whole ? read_check(node, places) : std::nullopt;
    if (is_whole && (!checked || checked->is_good)) newest = name;
  }
  return newest;
}

void seal_dumps(const Node& node, const Places& places) {
  const auto dumps = node.dir.open_dir_if_any(dumps_of(places));
  if (!dumps || dumps->names().empty()) return;
  const tree::Manifest manifest = tree::scan(*dumps).manifest;
  base::write_file(node.root.at(manifest_of_dumps(places)), tree::format_manifest(manifest), 0600);
}

DataCopy::DataCopy(const Node& node, Places places)
    : node_(node),
      places_(std::move(places)),
      index_(tree::StatIndex::load(index_of_data(node))),
      earlier_(open_earlier()) {
  const TreePath copy = copy_of_data(places_);
  node.dir.make_dirs(places_.backup, 0700);
  node.dir.remove_tree(copy);
  node.dir.make_dir(copy, 0700);
  tree::make_directories_and_links({}, node.dir.open_dir(copy));  // it hands nothing down
}

// One that cannot be read lends nothing: what it costs is a whole copy.
std::optional<DataCopy::Earlier> DataCopy::open_earlier() const {
  const auto id = newest_backup(node_, places_.id);
  if (!id) return std::nullopt;
  const Places places = places_of(node_.root.layout, *id);
  try {
    return Earlier{
        node_.dir.open_dir(copy_of_data(places)),
        tree::parse_manifest(node_.dir.read_file(manifest_of_data(places), artifact::largest_manifest), *id)};
  } catch (const base::Error& error) {
    node_.around.events(
        {Event::Kind::warning, "backup",
         fmt::format("the backup {} cannot be read, and all of data is copied: {}", *id, error.what())});
    return std::nullopt;
  }
}

void DataCopy::pass(tree::Busy busy) {
  const base::Dir data = node_.dir.open_dir(node_.root.layout.data);
  const base::Dir copy = node_.dir.open_dir(copy_of_data(places_));
  tree::RefreshOptions options;
  std::optional<tree::Lender> lender;
  if (earlier_) {
    // All lie where only we come in.
    const auto any = [](const tree::Entry&, const base::FileStat&) { return true; };
    lender.emplace(tree::Lender{earlier_->dir, earlier_->manifest, any});
    options.lender = &*lender;
  }
  if (has_honest_times(data)) options.seen = &index_;
  options.made = &index_;
  options.busy = busy;
  tree::Refreshed refreshed = tree::refresh(data, held_, copy, options);
  held_ = std::move(refreshed.manifest);
  made_.linked += refreshed.made.linked;
  made_.cloned += refreshed.made.cloned;
  made_.copied += refreshed.made.copied;
  made_.bytes_copied += refreshed.made.bytes_copied;
  if (busy == tree::Busy::take) torn_ = std::move(refreshed.busy);
  if (busy != tree::Busy::leave) tell_specials(refreshed.specials);
  if (busy != tree::Busy::fail) base::sync_filesystem(copy.fd(), copy.path().native());
}

void DataCopy::complete(BackupRecord record) {
  const base::Dir copy = node_.dir.open_dir(copy_of_data(places_));
  tree::finish_directories(held_, copy);
  base::sync_filesystem(copy.fd(), copy.path().native());
  seal_dumps(node_, places_);
  const std::string manifest = tree::format_manifest(held_);
  record.files = count_files(held_);
  record.bytes = held_.bytes();
  record.manifest = crypto::sha256(manifest).hex();
  write_backup_record(node_, places_, record);
  base::write_file(node_.root.at(manifest_of_data(places_)), manifest, 0600);
  index_.save(index_of_data(node_));
}

void DataCopy::tell_specials(const std::vector<TreePath>& specials) const {
  for (const TreePath& special : specials) {
    node_.around.events({Event::Kind::warning, "backup",
                         fmt::format("'{}' is no file, directory or link and is not in the backup",
                                     base::printable(special.str()))});
  }
}

}  // namespace bakehouse::node
