// Whatever happens to an archive on its way, it is refused before anything of it can be used, or
// it gives the identical tree.

#include "artifact/read.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/artifact/packed.hh"

#include "artifact/frames.hh"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>

namespace flip_test {

using namespace bakehouse;
using namespace bakehouse::support;

namespace {

const Tree some_tree{{"bin/run", File{"#!/bin/sh\necho hello\n", 0755}},
                     {"bin/twin", File{"#!/bin/sh\necho hello\n", 0755}},
                     {"empty", Folder{}},
                     {"link", Link{"bin/run"}},
                     {"text", File{"some text, and some text again\n", 0644}}};

// The scene is kept, only the bytes of the archive change: a new directory for each of some ten
// thousand archives would be most of the work.
class Attempts {
 public:
  Attempts() : policy_(trust(shop_key())) {
    base::write_file(path(), packed(some_tree));
    to_.emplace(base::Dir::open_or_make(temp_.path() / "to"));
    original_ = base::read_file(path(), 1 << 20);
    artifact::unpack(artifact::open_archive(path(), policy_), *to_);
    expected_ = describe_tree(*to_);
    around_ = describe_around();
  }

  const std::string& original() const { return original_; }
  std::filesystem::path path() const { return temp_.path() / "x.tar.zst"; }

  // "refused": opening or checking it fails. "identical": it unpacks, and all that is unpacked is
  // what the original gives. Else what went wrong.
  std::string outcome(const std::string& archive) {
    write(archive);
    try {
      artifact::check(artifact::open_archive(path(), policy_));
    } catch (const base::Error& error) {
      const bool expected = error.fault() == base::Fault::input || error.fault() == base::Fault::trust;
      return expected ? "refused" : std::string("neither bad input nor untrusted: ") + error.what();
    }
    artifact::unpack(artifact::open_archive(path(), policy_), *to_);
    const bool same = describe_tree(*to_) == expected_;
    empty();
    return same ? "identical" : "accepted, and another tree";
  }

  // The same by unpacking, which must refuse what checking refuses, and write nothing outside.
  std::string outcome_of_unpacking(const std::string& archive) {
    const std::string checked = outcome(archive);
    try {
      artifact::unpack(artifact::open_archive(path(), policy_), *to_);
    } catch (const base::Error& error) {
      if (checked != "refused") return std::string("unpacking alone refused it: ") + error.what();
      return describe_around() == around_ ? "refused" : "something appeared outside";
    }
    empty();
    return checked == "identical" ? "identical" : "unpacking accepted what checking says is " + checked;
  }

 private:
  void write(const std::string& archive) const {
    // In place: nothing of this needs to be durable.
    const base::Fd file(::open(path().c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    base::write_all(file, archive, "x.tar.zst");
  }
  void empty() const {
    for (const std::string& name : to_->names()) to_->remove_tree(base::TreePath::parse(name));
  }
  std::string describe_around() const {
    empty();
    std::string names;
    for (const std::string& name : base::Dir::open(temp_.path()).names()) names += name + "\n";
    return names;
  }

  base::TempDir temp_{fast_place()};
  std::optional<base::Dir> to_;
  crypto::TrustPolicy policy_;
  std::string original_;
  std::string expected_;
  std::string around_;
};

}  // namespace

TEST_CASE("any single flipped bit is refused, or lies in the seek table and changes nothing") {
  Attempts attempts;
  const std::string& original = attempts.original();
  const size_t seek_table = original.rfind("\x5E\x2A\x4D\x18");
  REQUIRE(seek_table != std::string::npos);
  const size_t seek_entries = seek_table + artifact::skippable_header_size;
  for (size_t place = 0; place < original.size(); ++place) {
    for (const int flip : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF}) {
      std::string changed = original;
      changed[place] = static_cast<char>(changed[place] ^ flip);
      const std::string outcome =
          flip == 0xFF ? attempts.outcome_of_unpacking(changed) : attempts.outcome(changed);
      if (place >= seek_entries && outcome == "identical") continue;
      if (outcome == "refused") continue;
      CAPTURE(place);
      CAPTURE(flip);
      FAIL_CHECK(outcome);
    }
  }
}

TEST_CASE("an archive cut at any length is refused") {
  Attempts attempts;
  for (size_t length = 0; length < attempts.original().size(); ++length) {
    const std::string outcome = attempts.outcome_of_unpacking(attempts.original().substr(0, length));
    CAPTURE(length);
    if (outcome != "refused") FAIL_CHECK(outcome);
  }
}

TEST_CASE("whatever follows the seek table is refused") {
  Attempts attempts;
  const std::string& original = attempts.original();
  for (const std::string& more :
       {std::string(1, '\0'), std::string(512, '\0'), std::string("x"), artifact::compress_frame("x", 3),
        artifact::skippable(artifact::seek_table_magic, "x"), original}) {
    CAPTURE(more.size());
    CHECK(attempts.outcome_of_unpacking(original + more) == "refused");
    CHECK(attempts.outcome_of_unpacking(more + original) == "refused");
  }
}

TEST_CASE("a byte lost or doubled anywhere is refused") {
  Attempts attempts;
  const std::string& original = attempts.original();
  for (size_t place = 0; place < original.size(); place += 3) {
    CAPTURE(place);
    CHECK(attempts.outcome_of_unpacking(original.substr(0, place) + original.substr(place + 1)) == "refused");
    CHECK(attempts.outcome_of_unpacking(original.substr(0, place) + original.substr(place, 1) +
                                        original.substr(place)) == "refused");
  }
}

TEST_CASE("two archives of one key cannot be mixed") {
  Attempts attempts;
  const std::string& mine = attempts.original();
  Tree other_tree = some_tree;
  std::get<File>(other_tree["text"]).content = "some evil, and some evil again\n";  // of the same length
  const std::string theirs = packed(other_tree);
  const uint64_t my_head = artifact::measure_frame(mine).compressed;
  const uint64_t their_head = artifact::measure_frame(theirs).compressed;
  CHECK(attempts.outcome_of_unpacking(mine.substr(0, my_head) + theirs.substr(their_head)) == "refused");
  CHECK(attempts.outcome_of_unpacking(theirs.substr(0, their_head) + mine.substr(my_head)) == "refused");

  // Each frame of the body, in the place of the one with its number.
  const auto frames_of = [](const std::string& archive) {
    std::vector<std::string> pieces{archive.substr(0, artifact::measure_frame(archive).compressed)};
    for (size_t at = pieces[0].size(); at < archive.size();) {
      const auto header = std::string_view(archive).substr(at, 8);
      const bool is_frame = header.starts_with("\x28\xB5\x2F\xFD");
      size_t size = is_frame ? artifact::measure_frame(std::string_view(archive).substr(at)).compressed : 0;
      for (const auto magic : {artifact::index_magic, artifact::seek_table_magic}) {
        if (const auto payload = artifact::skippable_size(header, magic)) size = 8 + *payload;
      }
      pieces.push_back(archive.substr(at, size));
      at += size;
    }
    return pieces;
  };
  const auto my_frames = frames_of(mine);
  const auto their_frames = frames_of(theirs);
  REQUIRE(my_frames.size() == their_frames.size());
  for (size_t swapped = 0; swapped < my_frames.size(); ++swapped) {
    CAPTURE(swapped);
    std::string mixed;
    for (size_t i = 0; i < my_frames.size(); ++i) mixed += i == swapped ? their_frames[i] : my_frames[i];
    const bool same = my_frames[swapped] == their_frames[swapped] || swapped + 1 == my_frames.size();
    CHECK(attempts.outcome_of_unpacking(mixed) == (same ? "identical" : "refused"));
    for (size_t other = swapped + 1; other < my_frames.size(); ++other) {
      std::vector<std::string> pieces = my_frames;
      std::swap(pieces[swapped], pieces[other]);
      std::string reordered;
      for (const auto& piece : pieces) reordered += piece;
      CHECK(attempts.outcome_of_unpacking(reordered) == "refused");
    }
  }
}

}  // namespace flip_test
