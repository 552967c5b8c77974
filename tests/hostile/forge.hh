// Forged archives: one malformed thing each, all else as an honest packer would have it. Most are signed by a
// key that the node trusts, because everything else already dies at the signature.
#pragma once

#include "support/archive_draft.hh"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::hostile {

// A new key with ids to spare behind its own, and one whose id comes later, as bytes and as text, so that
// messages name the two in one order.
crypto::SecretKey early_key();
crypto::SecretKey key_after(const crypto::SecretKey& key);

struct Forger {
  crypto::SecretKey trusted = early_key();
  crypto::SecretKey stranger = key_after(trusted);
  std::string victim;  // an absolute path outside of all roots that archives try to reach
};

// The name says what is wrong; `make` gives the bytes of the archive.
struct Forgery {
  std::string name;
  std::function<std::string(const Forger&)> make;
};
using Forgeries = std::vector<Forgery>;

// A folder, files, twins and a link.
const support::Tree& some_tree();
// An honest release of this machine with the sequence 8 and all parts that a node wants.
support::Draft honest_draft(const support::Tree& tree = some_tree());
// Releases in which nothing is wrong but, for some nodes, the time at which they come: "first" (sequence 7;
// it has no file that a later one could take over), "honest" (8), "replay" (8, of another tree), "link" (9)
// and "through" (10), which has files where "link" has a link.
Forgeries honest_releases();
// Of release.json of "honest", as the trusted key has signed it there.
std::string signature_of_honest(const Forger& forger, const crypto::SecretKey& key);

// Archives that differ from the honest one by a change of their draft.
using ChangeDraft = std::function<void(support::Draft&)>;
Forgery forge(std::string name, ChangeDraft change);
// The same by a change of the finished file.
using ChangeFile = std::function<void(std::string&)>;
Forgery forge_file(std::string name, ChangeFile change);
// Archives of a tree that no packer would pack, each view of it as the packer would write it.
Forgery forge_tree(std::string name, support::Tree tree);
// Archives whose manifest has these lines behind its first two. No body: nothing gets that far.
Forgery forge_lines(std::string name, std::string lines);

// The words of a line of an empty file, with its newline.
std::string empty_file_words();
// The bytes behind frame 0, where the index begins.
size_t index_offset(const std::string& archive);

// One function for each table; docs/testing.md says which threat each answers.
Forgeries forged_signatures();
Forgeries forged_files();
Forgeries forged_releases();
Forgeries forged_frames();
Forgeries forged_indexes();
Forgeries forged_names();
Forgeries forged_links();
Forgeries forged_kinds();
Forgeries forged_streams();

}  // namespace bakehouse::hostile
