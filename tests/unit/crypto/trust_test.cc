#include "crypto/trust.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "crypto/secret_key.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace trust_test {

using namespace bakehouse;
using base::Error;
using base::Fault;
using crypto::KeyId;
using crypto::PublicKey;
using crypto::SecretKey;
using crypto::Signature;
using crypto::TrustPolicy;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

const std::string message = "{\"name\":\"shop\"}";
const std::string comment = "bakehouse release name=shop version=1.0 sequence=1";

Signature sign(const SecretKey& key, const std::string& text = message,
               const std::string& trusted_comment = comment) {
  return key.sign(crypto::message_hash(text), trusted_comment);
}

// What was refused, with the hint, or "accepted".
template <typename Work>
std::string outcome(Work work, Fault expected = Fault::trust) {
  try {
    work();
    return "accepted";
  } catch (const Error& error) {
    CHECK(error.fault() == expected);
    return std::string(error.what()) + " | " + error.hint();
  }
}

std::string require(const TrustPolicy& policy, const std::vector<Signature>& signatures) {
  return outcome([&] { crypto::require_signatures(policy, message, signatures); });
}

TrustPolicy trusting(const std::vector<const SecretKey*>& keys, int threshold = 1) {
  TrustPolicy policy;
  policy.threshold = threshold;
  policy.where = "/etc/bakehouse/trust";
  for (const SecretKey* key : keys) policy.keys.push_back({"key", key->public_key()});
  return policy;
}

class TrustDir {
 public:
  TrustDir() { base::Dir::open_or_make(path(), 0755); }
  fs::path path() const { return dir_.path() / "trust"; }
  void write(const std::string& name, const std::string& content) const {
    base::write_file(path() / name, content);
  }
  void write_key(const std::string& name, const PublicKey& key) const {
    write(name, crypto::format_public_key(key));
  }
  // A key file somewhere else.
  fs::path offer(const std::string& name, const PublicKey& key) const {
    base::write_file(dir_.path() / name, crypto::format_public_key(key));
    return dir_.path() / name;
  }
  TrustPolicy load(const std::string& project = "shop") const { return crypto::load_trust(path(), project); }

 private:
  base::TempDir dir_;
};

std::vector<std::string> names(const TrustPolicy& policy) {
  std::vector<std::string> list;
  for (const auto& key : policy.keys) list.push_back(key.name);
  return list;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("signatures of trusted keys are accepted, and those that counted returned") {
  const SecretKey one = SecretKey::generate();
  const SecretKey two = SecretKey::generate();
  const auto counted = crypto::require_signatures(trusting({&one, &two}, 2), message,
                                                  {sign(two, message, "first"), sign(one)});
  REQUIRE(counted.size() == 2);
  CHECK(counted[0].key == two.public_key().id);
  CHECK(counted[0].trusted_comment == "first");
  CHECK(counted[1].key == one.public_key().id);
  CHECK(counted[1].trusted_comment == comment);
  CHECK(require(trusting({&one, &two}), {sign(two)}) == "accepted");
}

TEST_CASE("a bad signature neither spoils enough good ones nor is returned with them") {
  const SecretKey trusted = SecretKey::generate();
  const SecretKey stranger = SecretKey::generate();
  const auto counted =
      crypto::require_signatures(trusting({&trusted}), message, {sign(stranger), sign(trusted)});
  REQUIRE(counted.size() == 1);
  CHECK(counted[0].key == trusted.public_key().id);
}

TEST_CASE("forged signatures are refused, and the message says what each of them lacked") {
  const SecretKey key = SecretKey::generate();
  const SecretKey stranger = SecretKey::generate();
  const std::string id = key.public_key().id.text();
  const std::string stranger_id = stranger.public_key().id.text();

  Signature same_id = sign(stranger);
  same_id.key = key.public_key().id;
  Signature swapped = sign(key);
  swapped.trusted_comment = "bakehouse release name=shop version=2.0 sequence=2";
  Signature comment_of_another = sign(key);
  comment_of_another.global_signature = sign(key, "another").global_signature;
  Signature borrowed = sign(key);
  borrowed.signature = sign(stranger).signature;
  Signature truncated = sign(key);
  truncated.signature[63] = 0;
  truncated.signature[62] = 0;

  struct Row {
    const char* what;
    std::vector<Signature> signatures;
    std::string reason;
  };
  const Row rows[] = {
      {"none", {}, "there is no signature"},
      {"unknown key", {sign(stranger)}, "key " + stranger_id + " is not trusted here"},
      {"wrong key, same id", {same_id}, "the signature of key " + id + " does not verify"},
      {"another message", {sign(key, "other")}, "does not verify"},
      {"swapped comment", {swapped}, "does not verify"},
      {"global signature of another", {comment_of_another}, "does not verify"},
      {"signature of another key", {borrowed}, "does not verify"},
      {"truncated", {truncated}, "does not verify"},
      {"all at once", {same_id, sign(stranger), swapped}, "; "},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const std::string said = require(trusting({&key}), row.signatures);
    CHECK(said == Mentions{"0 of 1 required signature"});
    CHECK(said == Mentions{row.reason});
  }
}

TEST_CASE("an unknown key is answered with how to trust it") {
  const SecretKey stranger = SecretKey::generate();
  const std::string said = require(trusting({}), {sign(stranger)});
  CHECK(said == Mentions{"release trust add"});
  CHECK(said == Mentions{"/etc/bakehouse/trust"});
}

TEST_CASE("a signature counts once per key") {
  const SecretKey one = SecretKey::generate();
  const SecretKey two = SecretKey::generate();
  const TrustPolicy policy = trusting({&one, &two}, 2);
  CHECK(require(policy, {sign(one), sign(one)}) == Mentions{"counts once"});
  CHECK(require(policy, {sign(one)}) == Mentions{"1 of 2 required signatures"});
  CHECK(require(policy, {sign(one), sign(one, message, "again")}) == Mentions{"1 of 2"});
  const auto counted =
      crypto::require_signatures(policy, message, {sign(one), sign(one), sign(two), sign(two)});
  CHECK(counted.size() == 2);
}

TEST_CASE("a key trusted under two names still counts once") {
  const SecretKey one = SecretKey::generate();
  CHECK(require(trusting({&one, &one}, 2), {sign(one), sign(one)}) == Mentions{"1 of 2 required signatures"});
}

TEST_CASE("a revoked key never counts") {
  const SecretKey one = SecretKey::generate();
  const SecretKey two = SecretKey::generate();
  TrustPolicy policy = trusting({&one, &two});
  policy.revoked.insert(one.public_key().id);
  CHECK(require(policy, {sign(one)}) == Mentions{"is revoked"});
  CHECK(require(policy, {sign(one), sign(two)}) == "accepted");
}

TEST_CASE("a policy that asks for no signature still wants one") {
  const SecretKey one = SecretKey::generate();
  for (const int threshold : {0, -1}) {
    CHECK(require(trusting({&one}, threshold), {}) == Mentions{"0 of 1"});
  }
}

TEST_CASE("the message says in full who signed and why it does not count") {
  const SecretKey good = SecretKey::generate();
  const SecretKey revoked = SecretKey::generate();
  const SecretKey stranger = SecretKey::generate();
  TrustPolicy policy = trusting({&good, &revoked}, 3);
  policy.revoked.insert(revoked.public_key().id);
  Signature swapped = sign(good);
  swapped.trusted_comment = "another";
  const std::string id = good.public_key().id.text();
  CHECK(require(policy, {sign(good), sign(good), sign(revoked), sign(stranger), swapped}) ==
        "1 of 3 required signatures counted: key " + id + " signed more than once, which counts once; key " +
            revoked.public_key().id.text() + " is revoked; key " + stranger.public_key().id.text() +
            " is not trusted here; the signature of key " + id + " does not verify" +
            " | if you trust the unknown key, add its file: release trust add FILE.pub (to "
            "/etc/bakehouse/trust)");
}

TEST_CASE("a revocation is stronger than a key that the project names") {
  const TrustDir trust;
  const SecretKey key = SecretKey::generate();
  const std::string id = key.public_key().id.text();
  trust.write_key("a.pub", key.public_key());
  trust.write("policy.yaml", "revoked: [" + id + "]\nprojects: {shop: {keys: [" + id + "]}}\n");
  CHECK(require(trust.load(), {sign(key)}) == Mentions{"is revoked"});
}

TEST_CASE("a key of one project does not release another, which its own keys still do") {
  const TrustDir trust;
  const SecretKey shop = SecretKey::generate();
  const SecretKey common = SecretKey::generate();
  trust.write_key("shop.pub", shop.public_key());
  trust.write_key("common.pub", common.public_key());
  trust.write("policy.yaml", "projects: {shop: {keys: [" + shop.public_key().id.text() + "]}}\n");
  CHECK(require(trust.load("shop"), {sign(shop)}) == "accepted");
  CHECK(require(trust.load("shop"), {sign(common)}) == Mentions{"is not trusted here"});
  CHECK(require(trust.load("blog"), {sign(shop)}) == Mentions{"is not trusted here"});
  CHECK(require(trust.load("blog"), {sign(common)}) == "accepted");
}

namespace {

std::vector<std::string> explained(const TrustPolicy& policy, const crypto::SignatureNames& names) {
  crypto::Tally tally;
  crypto::explain_others(policy, names, tally);
  return tally.reasons;
}

}  // namespace

TEST_CASE("files beside an archive that do not count are explained by their names") {
  const SecretKey known = SecretKey::generate();
  const KeyId stranger{{1}};
  const KeyId revoked{{2}};
  TrustPolicy policy = trusting({&known});
  policy.revoked.insert(revoked);
  CHECK(explained(policy, {{known.public_key().id, stranger, revoked}, {"alice.minisig", "x\ny"}}) ==
        Names{"key 0000000000000001 is not trusted here", "key 0000000000000002 is revoked",
              "'alice.minisig' is no file of a signature, which is called KEYID.minisig",
              "'x\\012y' is no file of a signature, which is called KEYID.minisig"});
  CHECK(explained(policy, {}).empty());
}

TEST_CASE("of many files beside an archive a few are named") {
  crypto::SignatureNames names;
  for (int i = 0; i < 40; ++i) names.others.push_back("file" + std::to_string(i));
  auto reasons = explained({}, names);
  CHECK(reasons.size() == 11);
  CHECK(reasons.back() == "and 30 more files");
  names.is_all = false;
  CHECK(explained({}, names).back() == "and at least 30 more files");
}

TEST_CASE("an absent directory trusts nobody") {
  const base::TempDir dir;
  const TrustPolicy policy = crypto::load_trust(dir.path() / "none", "shop");
  CHECK(policy.keys.empty());
  CHECK(policy.threshold == 1);
  CHECK(policy.where == (dir.path() / "none").native());
  CHECK(require(policy, {sign(SecretKey::generate())}) == Mentions{"not trusted"});
}

TEST_CASE("the keys of a directory are its .pub files, hidden ones left out") {
  const TrustDir trust;
  trust.write_key("b.pub", SecretKey::generate().public_key());
  trust.write_key("a.pub", SecretKey::generate().public_key());
  trust.write_key(".hidden.pub", SecretKey::generate().public_key());
  trust.write_key("c.pub.old", SecretKey::generate().public_key());
  trust.write("README", "not a key");
  CHECK(names(trust.load()) == Names{"a", "b"});
}

TEST_CASE("a malformed key file stops everything, by name") {
  const TrustDir trust;
  trust.write_key("a.pub", SecretKey::generate().public_key());
  for (const std::string& content : {std::string(), std::string("hello\n"), std::string(9000, 'x')}) {
    CAPTURE(content.size());
    trust.write("broken.pub", content);
    const Fault fault = content.size() > 4096 ? Fault::input : Fault::trust;
    CHECK(outcome([&] { trust.load(); }, fault) == Mentions{"trust/broken.pub"});
  }
}

TEST_CASE("keys that can be taken for one another are refused") {
  const PublicKey genuine = SecretKey::generate().public_key();
  SUBCASE("two keys with one id") {
    PublicKey other = SecretKey::generate().public_key();
    other.id = genuine.id;
    const TrustDir trust;
    trust.write_key("a.pub", genuine);
    trust.write_key("b.pub", other);
    CHECK(outcome([&] { trust.load(); }) == Mentions{"same id but are different"});
    fs::remove(trust.path() / "b.pub");
    CHECK(outcome([&] { crypto::add_key(trust.path(), trust.offer("b.pub", other)); }) ==
          Mentions{"same id but are different"});
    CHECK(names(trust.load()) == Names{"a"});
  }
  SUBCASE("one key with two ids, which would count twice") {
    PublicKey other = genuine;
    other.id.bytes[0] ^= 1;
    const TrustDir trust;
    trust.write_key("a.pub", genuine);
    trust.write_key("b.pub", other);
    CHECK(outcome([&] { trust.load(); }) == Mentions{"same key under different ids"});
  }
}

TEST_CASE("a directory, key or policy that others may write is refused") {
  for (const char* name : {"", "a.pub", "policy.yaml"}) {
    CAPTURE(name);
    const TrustDir trust;
    trust.write_key("a.pub", SecretKey::generate().public_key());
    trust.write("policy.yaml", "threshold: 1\n");
    CHECK(outcome([&] { trust.load(); }) == "accepted");
    const fs::path open = *name == '\0' ? trust.path() : trust.path() / name;
    REQUIRE(::chmod(open.c_str(), *name == '\0' ? 0777 : 0666) == 0);
    CHECK(outcome([&] { trust.load(); }) == Mentions{"chmod go-w " + open.native()});
  }
}

TEST_CASE("a key is added, once, under the name of its file") {
  const TrustDir trust;
  fs::remove(trust.path());
  const PublicKey key = SecretKey::generate().public_key();
  CHECK(crypto::add_key(trust.path(), trust.offer("shop.pub", key)) == key);
  CHECK(crypto::add_key(trust.path(), trust.offer("shop.pub", key)) == key);
  CHECK(crypto::add_key(trust.path(), trust.offer("again.pub", key)) == key);
  CHECK(crypto::add_key(trust.path(), trust.offer("bare", SecretKey::generate().public_key())).id != key.id);
  CHECK(names(trust.load()) == Names{"bare", "shop"});
}

TEST_CASE("a key is not added over another, nor where it would not be seen, nor when it is none") {
  const TrustDir trust;
  const PublicKey first = SecretKey::generate().public_key();
  const PublicKey second = SecretKey::generate().public_key();
  crypto::add_key(trust.path(), trust.offer("shop.pub", first));
  const auto add = [&](const fs::path& file) {
    return [&trust, file] { crypto::add_key(trust.path(), file); };
  };
  CHECK(outcome(add(trust.offer("shop.pub", second)), Fault::input) == Mentions{"under the name 'shop'"});
  CHECK(outcome(add(trust.offer(".pub", second)), Fault::input) == Mentions{"hidden"});
  CHECK(outcome(add(trust.offer(".x.pub", second)), Fault::input) == Mentions{"hidden"});
  base::write_file(trust.path().parent_path() / "bad.pub", "hello\n");
  CHECK(outcome(add(trust.path().parent_path() / "bad.pub")) == Mentions{"bad.pub"});
  CHECK(outcome(add("/nonexistent.pub"), Fault::input) == Mentions{"/nonexistent.pub"});
  CHECK(trust.load().keys.size() == 1);
  CHECK(trust.load().keys[0].key == first);
}

TEST_CASE("a key is removed by name or id, even when its file is damaged") {
  const TrustDir trust;
  const PublicKey key = SecretKey::generate().public_key();
  trust.write_key("a.pub", SecretKey::generate().public_key());
  trust.write_key("b.pub", key);
  trust.write_key("same-as-b.pub", key);
  trust.write_key("c.pub", SecretKey::generate().public_key());
  crypto::remove_key(trust.path(), key.id.text());
  CHECK(names(trust.load()) == Names{"a", "c"});
  trust.write("0damaged.pub", "hello\n");
  crypto::remove_key(trust.path(), "c");
  crypto::remove_key(trust.path(), "0damaged");
  CHECK(names(trust.load()) == Names{"a"});
  for (const char* unknown : {"c", "", "../trust/a", "a.pub", "0000000000000000"}) {
    CAPTURE(unknown);
    CHECK(outcome([&] { crypto::remove_key(trust.path(), unknown); }, Fault::input) == Mentions{"no key"});
  }
  CHECK_THROWS_AS(crypto::remove_key(trust.path() / "none", "a"), Error);
}

TEST_CASE("policy.yaml says which keys release which project") {
  const TrustDir trust;
  const PublicKey a = SecretKey::generate().public_key();
  const PublicKey b = SecretKey::generate().public_key();
  const PublicKey c = SecretKey::generate().public_key();
  trust.write_key("a.pub", a);
  trust.write_key("b.pub", b);
  trust.write_key("c.pub", c);
  const std::string a_id = a.id.text();
  const std::string b_id = b.id.text();

  struct Row {
    std::string policy;
    Names keys;
    int threshold;
    uint64_t lowest_sequence;
  };
  const Row rows[] = {
      {"", {"a", "b", "c"}, 1, 0},
      {"# nothing\n", {"a", "b", "c"}, 1, 0},
      {"threshold: 2\n", {"a", "b", "c"}, 2, 0},
      {"projects: {shop: {keys: [" + a_id + "]}}", {"a"}, 1, 0},
      {"projects: {shop: {keys: [\"" + a_id + "\"]}}", {"a"}, 1, 0},
      {"projects: {shop: {keys: [" + a_id + ", " + b_id + "], threshold: 2, lowest-sequence: 12}}",
       {"a", "b"},
       2,
       12},
      {"threshold: 2\nprojects: {shop: {keys: [" + a_id + "], threshold: 1}}", {"a"}, 1, 0},
      {"threshold: 3\nprojects: {shop: {keys: [" + a_id + "]}}", {"a"}, 3, 0},
      {"projects: {blog: {keys: [" + a_id + "], threshold: 5, lowest-sequence: 9}}", {"b", "c"}, 1, 0},
      {"projects: {blog: {keys: [" + a_id + "]}, shop: {lowest-sequence: 3}}", {"b", "c"}, 1, 3},
      {"projects: {blog: {keys: [" + a_id + "]}, shop: {keys: [" + a_id + "]}}", {"a"}, 1, 0},
      {"projects: {shop: {keys: []}}", {}, 1, 0},
      {"projects: {shop: {keys: [0123456789012345]}}", {}, 1, 0},
      {"projects: {shop: {lowest-sequence: 9223372036854775807}}",
       {"a", "b", "c"},
       1,
       9223372036854775807ULL},
  };
  for (const Row& row : rows) {
    CAPTURE(row.policy);
    trust.write("policy.yaml", row.policy);
    const TrustPolicy policy = trust.load();
    CHECK(names(policy) == row.keys);
    CHECK(policy.threshold == row.threshold);
    CHECK(policy.lowest_sequence == row.lowest_sequence);
  }
}

TEST_CASE("keys revoked by policy.yaml are revoked for every project") {
  const TrustDir trust;
  const SecretKey key = SecretKey::generate();
  trust.write_key("a.pub", key.public_key());
  trust.write("policy.yaml", "revoked: [" + key.public_key().id.text() + "]\n");
  for (const char* project : {"shop", "blog"}) {
    const TrustPolicy policy = trust.load(project);
    CHECK(policy.revoked == std::set<KeyId>{key.public_key().id});
    CHECK(require(policy, {sign(key)}) == Mentions{"is revoked"});
  }
}

TEST_CASE("a faulty policy.yaml is refused with file and line, never half applied") {
  const TrustDir trust;
  struct Row {
    std::string policy;
    std::string reason;
  };
  const Row rows[] = {
      {"treshold: 2\n", "did you mean 'threshold'"},
      {"threshold: 0\n", "1 to 1000"},
      {"threshold: -1\n", "1 to 1000"},
      {"threshold: 1001\n", "1 to 1000"},
      {"threshold: \"2\"\n", "without the quotes"},
      {"revoked: B36ECE0D1B0256DC\n", "must be a list"},
      {"revoked:\n", "must be a list"},
      {"revoked: [nonsense]\n", "'nonsense' is not a key id"},
      {"revoked: [36ECE0D1B0256DC]\n", "leading zeros"},
      {"revoked: [[B36ECE0D1B0256DC]]\n", "must be text"},
      {"projects: [shop]\n", "must be a map"},
      {"projects: {shop: {key: []}}\n", "did you mean 'keys'"},
      {"projects: {shop: {keys: }}\n", "must be a list"},
      {"projects: {shop: {lowest-sequence: -1}}\n", "lowest-sequence"},
      {"projects: {blog: {threshold: x}}\n", "threshold"},
      {"projects: {shop: {}, shop: {}}\n", "policy.yaml:1"},
      {"- threshold\n", "policy.yaml:1"},
      {"threshold: 1\n---\nthreshold: 2\n", "policy.yaml"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.policy);
    trust.write("policy.yaml", row.policy);
    const std::string said = outcome([&] { trust.load(); }, Fault::input);
    CHECK(said == Mentions{row.reason});
    CHECK(said == Mentions{"policy.yaml"});
  }
  trust.write("policy.yaml", "threshold: 0\nrevoked: [x]\nprojects: {shop: {threshold: 0}}\n");
  const std::string said = outcome([&] { trust.load(); }, Fault::input);
  for (const char* line : {"policy.yaml:1", "policy.yaml:2", "policy.yaml:3"}) {
    CHECK(said == Mentions{line});
  }
}

TEST_CASE("a policy under a name that is not read is refused") {
  const TrustDir trust;
  trust.write("policy.yml", "threshold: 2\n");
  CHECK(outcome([&] { trust.load(); }, Fault::input) == Mentions{"policy.yaml"});
}

}  // namespace trust_test
