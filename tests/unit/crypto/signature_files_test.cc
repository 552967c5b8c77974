#include "crypto/signature_files.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "crypto/secret_key.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace signature_files_test {

using namespace bakehouse;
using crypto::Added;
using crypto::KeyId;
using crypto::SecretKey;
using crypto::Signature;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

const std::string message = "{\"name\":\"shop\"}";

Signature sign(const SecretKey& key, const std::string& comment = "a comment") {
  return key.sign(crypto::message_hash(message), comment);
}

std::string file_of(const Signature& signature) { return crypto::format_signature(signature, "a test"); }

// An archive, or what stands for it, and the directory of its signatures.
class Beside {
 public:
  explicit Beside(bool make = true) {
    base::write_file(path(), "an archive");
    if (make) fs::create_directory(directory());
  }
  fs::path path() const { return dir_.path() / "shop.tar.zst"; }
  fs::path directory() const { return crypto::signatures_of(path()); }
  fs::path file(const KeyId& key) const { return directory() / crypto::signature_file_name(key); }
  void write(const std::string& name, const std::string& content) const {
    base::write_file(directory() / name, content);
  }
  Added add(const Signature& signature) const {
    return crypto::add_signature(directory(), signature, "a test");
  }

 private:
  base::TempDir dir_;
};

}  // namespace

TEST_CASE("signatures lie in a directory named after the file, each named after its key") {
  const Beside beside;
  CHECK(beside.directory().filename() == "shop.tar.zst.sigs");
  CHECK(crypto::signature_file_name(KeyId{{1}}) == "0000000000000001.minisig");
}

TEST_CASE("a signature that is added is found by its key, and by it alone") {
  const SecretKey one = SecretKey::generate();
  const SecretKey two = SecretKey::generate();
  const Beside beside(false);
  CHECK(beside.add(sign(one)) == Added::now);
  CHECK(beside.add(sign(two)) == Added::now);
  const auto found = crypto::read_signatures(beside.directory(), {one.public_key().id});
  REQUIRE(found.signatures.size() == 1);
  CHECK(found.signatures[0] == sign(one));
  CHECK(found.reasons.empty());
  const auto names = crypto::list_signatures(beside.directory());
  CHECK(names.keys == std::set<KeyId>{one.public_key().id, two.public_key().id});
  CHECK(names.others.empty());
}

TEST_CASE("a signature added twice is left alone") {
  const SecretKey key = SecretKey::generate();
  const Beside beside;
  beside.add(sign(key));
  struct stat before {};
  REQUIRE(::stat(beside.file(key.public_key().id).c_str(), &before) == 0);
  CHECK(beside.add(sign(key)) == Added::before);
  struct stat after {};
  REQUIRE(::stat(beside.file(key.public_key().id).c_str(), &after) == 0);
  CHECK(after.st_ino == before.st_ino);
  CHECK(after.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
}

TEST_CASE("a signature takes the place of whatever has its name") {
  const SecretKey key = SecretKey::generate();
  const KeyId id = key.public_key().id;
  const std::function<void(const Beside&)> changes[] = {
      [&](const Beside& beside) { base::write_file(beside.file(id), file_of(sign(key, "of before"))); },
      [&](const Beside& beside) { base::write_file(beside.file(id), "damaged"); },
      [&](const Beside& beside) { fs::create_symlink("elsewhere", beside.file(id)); },
      [&](const Beside& beside) { REQUIRE(::mkfifo(beside.file(id).c_str(), 0600) == 0); },
      [&](const Beside& beside) { base::write_file(beside.file(id), std::string(100000, 'x')); },
      // What an interrupted run left.
      [&](const Beside& beside) { beside.write("." + crypto::signature_file_name(id) + ".new", "half"); },
  };
  for (const auto& change : changes) {
    const Beside beside;
    change(beside);
    CHECK(beside.add(sign(key)) == Added::now);
    CHECK(base::read_file(beside.file(id), 10000) == file_of(sign(key)));
    CHECK(std::distance(fs::directory_iterator(beside.directory()), {}) == 1);
    CHECK_FALSE(fs::exists(beside.directory() / "elsewhere"));
  }
}

TEST_CASE("no signature is written through a link in the place of the directory") {
  const SecretKey key = SecretKey::generate();
  const Beside beside(false);
  const base::TempDir elsewhere;
  fs::create_directory_symlink(elsewhere.path(), beside.directory());
  CHECK_THROWS_AS(beside.add(sign(key)), base::Error);
  CHECK(fs::is_empty(elsewhere.path()));
}

TEST_CASE("what is no signature of a key is passed over with the reason, and the others are read") {
  const SecretKey key = SecretKey::generate();
  const SecretKey other = SecretKey::generate();
  const KeyId id = key.public_key().id;
  const std::string name = crypto::signature_file_name(id);
  const auto holds = [&](const std::string& content) {
    return [&name, content](const Beside& beside) { beside.write(name, content); };
  };
  const std::string good = file_of(sign(key));
  struct Row {
    const char* what;
    std::function<void(const Beside&)> make;
    std::string reason;
  };
  const Row rows[] = {
      {"empty", holds(""), name + ": must have exactly 4 lines, as minisign writes them"},
      {"truncated", holds(good.substr(0, good.size() / 2)),
       name + ": must have exactly 4 lines, as minisign writes them"},
      {"of another key", holds(file_of(sign(other))),
       name + ": is a signature of key " + other.public_key().id.text()},
      {"a file too long", holds(good + std::string(20000, '\n')),
       "'" + name + "' is larger than the 16384 bytes allowed"},
      {"a file of a terabyte",
       [&](const Beside& beside) {
         holds(good)(beside);
         fs::resize_file(beside.file(id), 1ULL << 40);
       },
       "'" + name + "' is larger than the 16384 bytes allowed"},
      {"a link to a good one",
       [&](const Beside& beside) {
         beside.write("good", good);
         fs::create_symlink("good", beside.file(id));
       },
       name + ": is a link"},
      {"a link to itself", [&](const Beside& beside) { fs::create_symlink(name, beside.file(id)); },
       name + ": is a link"},
      {"a FIFO", [&](const Beside& beside) { REQUIRE(::mkfifo(beside.file(id).c_str(), 0600) == 0); },
       name + ": is no regular file"},
      {"a directory", [&](const Beside& beside) { fs::create_directory(beside.file(id)); },
       name + ": is no regular file"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const Beside beside;
    row.make(beside);
    beside.add(sign(other));
    const auto found = crypto::read_signatures(beside.directory(), {id, other.public_key().id});
    REQUIRE(found.signatures.size() == 1);
    CHECK(found.signatures[0] == sign(other));
    REQUIRE(found.reasons.size() == 1);
    CHECK(found.reasons[0] == row.reason);
  }
}

TEST_CASE("a file that may not be read is passed over") {
  if (::geteuid() == 0) return;  // who may read everything
  const SecretKey key = SecretKey::generate();
  const Beside beside;
  beside.add(sign(key));
  REQUIRE(::chmod(beside.file(key.public_key().id).c_str(), 0) == 0);
  const auto found = crypto::read_signatures(beside.directory(), {key.public_key().id});
  CHECK(found.signatures.empty());
  REQUIRE(found.reasons.size() == 1);
  CHECK(found.reasons[0] == Mentions{"Permission denied"});
}

TEST_CASE("a directory that is none holds no signature") {
  const SecretKey key = SecretKey::generate();
  const std::set<KeyId> keys{key.public_key().id};
  const Beside elsewhere;
  elsewhere.add(sign(key));
  const Beside beside(false);
  const auto reasons = [&] {
    const auto found = crypto::read_signatures(beside.directory(), keys);
    CHECK(found.signatures.empty());
    CHECK(crypto::list_signatures(beside.directory()).keys.empty());
    return found.reasons;
  };
  CHECK(reasons().empty());
  const std::string no_directory = "'" + beside.directory().native() + "' is no directory";
  base::write_file(beside.directory(), "a file");
  CHECK(reasons() == std::vector{no_directory});
  fs::remove(beside.directory());
  fs::create_directory_symlink(elsewhere.directory(), beside.directory());
  CHECK(reasons() == std::vector{no_directory});
}

TEST_CASE("a name that is too long for a directory beside it does no harm") {
  const SecretKey key = SecretKey::generate();
  const auto found = crypto::read_signatures(std::string(300, 'n'), {key.public_key().id});
  CHECK(found.signatures.empty());
  REQUIRE(found.reasons.size() == 1);
  CHECK(found.reasons[0] == Mentions{"File name too long"});
}

TEST_CASE("only so many names are looked at, but a signature among many files is found") {
  const SecretKey key = SecretKey::generate();
  const Beside beside;
  for (int i = 0; i < 1500; ++i) base::Fd(::creat((beside.directory() / std::to_string(i)).c_str(), 0600));
  beside.write(".hidden", "");
  beside.write("nonsense.minisig", "");
  beside.add(sign(key));
  CHECK(crypto::read_signatures(beside.directory(), {key.public_key().id}).signatures.size() == 1);
  const auto names = crypto::list_signatures(beside.directory());
  CHECK_FALSE(names.is_all);
  CHECK(names.others.size() <= 1000);
  CHECK(names.others.size() > 900);
}

}  // namespace signature_files_test
