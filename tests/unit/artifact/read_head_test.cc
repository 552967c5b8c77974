#include "artifact/read.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/artifact/packed.hh"

#include "artifact/claim.hh"
#include "artifact/frames.hh"
#include "artifact/tar.hh"
#include "crypto/signature_files.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>

namespace read_head_test {

using namespace bakehouse;
using namespace bakehouse::support;
using namespace std::string_literals;

namespace {

const Tree some_tree{{"a/b", File{"content\n"}}, {"c", Link{"a/b"}}};

// What opening says; unpacking is not even tried.
std::string open_failure(const std::string& archive, const crypto::TrustPolicy& policy = trust(shop_key())) {
  const Scene scene(archive);
  return failure([&] { artifact::open_archive(scene.archive(), policy); });
}

std::string padded(const std::string& name, const std::string& content) {
  return artifact::tar_part(name, content.size(), some_time).header + content +
         std::string(artifact::tar_padding(content.size()), '\0');
}

// Keys beside the one that signs inside.
const crypto::SecretKey& second_key() {
  static const crypto::SecretKey key = crypto::SecretKey::generate();
  return key;
}
const crypto::SecretKey& third_key() {
  static const crypto::SecretKey key = crypto::SecretKey::generate();
  return key;
}
std::string id_of(const crypto::SecretKey& key) { return key.public_key().id.text(); }

crypto::TrustPolicy trust_all(const std::vector<const crypto::SecretKey*>& keys, int threshold) {
  crypto::TrustPolicy policy;
  for (const auto* key : keys) policy.keys.push_back({"key", key->public_key()});
  policy.threshold = threshold;
  return policy;
}

// A good archive, signed by shop_key() inside, and a directory of signatures beside it.
class Signed {
 public:
  std::filesystem::path archive() const { return scene_.archive(); }
  std::filesystem::path beside() const { return crypto::signatures_of(archive()); }
  std::string json() const { return artifact::read_claim(archive()).release_json; }
  std::string comment() const { return artifact::read_claim(archive()).embedded.trusted_comment; }
  std::string signature_by(const crypto::SecretKey& key) const { return sign(key, json(), comment()); }

  void write(const crypto::SecretKey& name, const std::string& content) const {
    std::filesystem::create_directory(beside());
    base::write_file(beside() / crypto::signature_file_name(name.public_key().id), content);
  }
  void sign_by(const crypto::SecretKey& key) const { write(key, signature_by(key)); }

  artifact::Archive open(const crypto::TrustPolicy& policy) const {
    return artifact::open_archive(archive(), policy);
  }
  // Without the name of the archive, which every message begins with.
  std::string refusal(const crypto::TrustPolicy& policy) const {
    const std::string said = failure([&] { open(policy); });
    const std::string begin = "trust: the archive '" + archive().native() + "': ";
    return said.starts_with(begin) ? said.substr(begin.size()) : said;
  }

 private:
  Scene scene_{packed(some_tree)};
};

std::string with(std::string text, const std::string& old, const std::string& fresh) {
  const size_t at = text.find(old);
  REQUIRE(at != text.npos);
  return text.replace(at, old.size(), fresh);
}

std::string with_crlf(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '\n' ? "\r\n" : std::string(1, c);
  return result;
}

// Where line 2 of a signature begins.
size_t second_line(const std::string& file) { return file.find('\n') + 1; }

std::vector<std::string> signers_of(const artifact::Archive& archive) {
  std::vector<std::string> ids;
  for (const auto& id : archive.signers) ids.push_back(id.text());
  return ids;
}

}  // namespace

TEST_CASE("an archive signed by a trusted key opens and says who signed it") {
  const Scene scene(packed(some_tree));
  const auto archive = artifact::open_archive(scene.archive(), trust(shop_key()));
  CHECK(archive.info.name == "shop");
  CHECK(archive.info.version == "1.0");
  REQUIRE(archive.signers.size() == 1);
  CHECK(archive.signers[0] == shop_key().public_key().id);
  CHECK(archive.release_json == artifact::encode(archive.info));
  CHECK(archive.path == scene.archive());
}

TEST_CASE("an archive that no trusted key signed is refused as untrusted") {
  const std::string archive = packed(some_tree);
  const crypto::SecretKey other = crypto::SecretKey::generate();
  CHECK(open_failure(archive, trust(other)).starts_with("trust: "));
  CHECK(open_failure(archive, trust(other)) == Mentions{shop_key().public_key().id.text()});
  CHECK(open_failure(archive, {}).starts_with("trust: "));

  crypto::TrustPolicy revoked = trust(shop_key());
  revoked.revoked.insert(shop_key().public_key().id);
  CHECK(open_failure(archive, revoked).starts_with("trust: "));

  crypto::TrustPolicy both = trust(shop_key());
  both.keys.push_back({"other", other.public_key()});
  both.threshold = 2;
  CHECK(open_failure(archive, both).starts_with("trust: "));
  both.threshold = 1;
  CHECK(open_failure(archive, both) == "no failure");
}

TEST_CASE("another key under the trusted key's id is not trusted") {
  const crypto::SecretKey other = crypto::SecretKey::generate();
  crypto::TrustPolicy policy = trust(other);
  policy.keys[0].key.id = shop_key().public_key().id;
  CHECK(open_failure(packed(some_tree), policy).starts_with("trust: "));
}

TEST_CASE("a forged head is refused, and for the right reason") {
  const auto with_signature = [](const std::function<std::string(const std::string& json)>& make) {
    return [make](std::string& head) {
      const std::string json(artifact::encode(some_release()));
      // Members are cut out by their size, as a reader does it.
      const size_t size = std::stoul(head.substr(124, 11), nullptr, 8);
      head = padded("release.json", head.substr(512, size)) +
             padded("release.json.minisig", make(head.substr(512, size)));
    };
  };
  const struct {
    std::string what;
    std::function<void(Draft&)> change;
    std::string said;
  } rows[] = {
      {"no signature at all",
       [](Draft& d) { d.change_head = [](std::string& head) { head.resize(head.size() - 1024); }; },
       "input: "},
      {"an empty signature", [&](Draft& d) { d.change_head = with_signature([](auto&) { return ""s; }); },
       "trust: "},
      {"text instead of a signature",
       [&](Draft& d) { d.change_head = with_signature([](auto&) { return "signed, me\n"s; }); }, "trust: "},
      {"signature of another release",
       [&](Draft& d) {
         d.change_head = with_signature([](auto&) {
           const std::string json = artifact::encode(some_release());
           return sign(shop_key(), json, artifact::trusted_comment(some_release(), crypto::sha256(json)));
         });
       },
       "trust: "},
      {"legacy signature",
       [&](Draft& d) {
         d.change_head = with_signature([](const std::string& json) {
           std::string file = sign(shop_key(), json, "x");
           const size_t line = file.find('\n') + 1;
           file.replace(line, 4, "RWQA");  // "Ed" instead of "ED"
           return file;
         });
       },
       "trust: "},
      {"comment of another release",
       [](Draft& d) {
         d.change_comment = [](std::string& comment) {
           comment = artifact::trusted_comment(some_release(), crypto::sha256("other"));
         };
       },
       "speaks of another release"},
      {"comment of a human",
       [](Draft& d) { d.change_comment = [](std::string& comment) { comment = "looks good to me"; }; },
       "speaks of another release"},
      {"comment with an end",
       [](Draft& d) { d.change_comment = [](std::string& comment) { comment += " "; }; },
       "speaks of another release"},
      {"release.json that is no JSON",
       [](Draft& d) { d.change_json = [](std::string& json) { json.pop_back(); }; }, "input: "},
      {"release.json of another schema",
       [](Draft& d) {
         d.change_json = [](std::string& json) {
           json.replace(json.find("\"schema\":1"), 10, "\"schema\":2");
         };
       },
       "has schema 2"},
      {"release.json with blanks", [](Draft& d) { d.change_json = [](std::string& json) { json += "\n"; }; },
       "canonical"},
      {"a third member",
       [](Draft& d) { d.change_head = [](std::string& head) { head += padded("more", "x"); }; },
       "holds something else"},
      {"the end blocks of tar",
       [](Draft& d) { d.change_head = [](std::string& head) { head.append(1024, '\0'); }; },
       "holds something else"},
      {"another name", [](Draft& d) { d.change_head = [](std::string& head) { head[0] = 'x'; }; },
       "holds something else"},
      {"another owner", [](Draft& d) { d.change_head = [](std::string& head) { head[114] = '1'; }; },
       "holds something else"},
      {"padding that is not zero",
       [](Draft& d) { d.change_head = [](std::string& head) { head.back() = 'x'; }; },
       "holds something else"},
      {"a size in bytes",
       [](Draft& d) { d.change_head = [](std::string& head) { head[124] = static_cast<char>(0x80); }; },
       "does not begin with release.json"},
      {"a size beyond the frame",
       [](Draft& d) { d.change_head = [](std::string& head) { head.replace(124, 11, "00003777777"); }; },
       "too short"},
      {"a size beyond all",
       [](Draft& d) { d.change_head = [](std::string& head) { head.replace(124, 11, "77777777777"); }; },
       "does not begin with release.json"},
      {"a negative size",
       [](Draft& d) { d.change_head = [](std::string& head) { head.replace(124, 11, "-0000000001"); }; },
       "does not begin with release.json"},
      {"an empty head", [](Draft& d) { d.change_head = [](std::string& head) { head.clear(); }; },
       "too short"},
      {"a head that is larger than allowed",
       [](Draft& d) { d.change_head = [](std::string& head) { head.resize((1 << 20) + 1); }; },
       "its first frame is too large"},
      {"a bomb in front",  // 64 MiB of zeros in 6 KiB
       [](Draft& d) { d.change_head = [](std::string& head) { head.assign(64 << 20, '\0'); }; },
       "its first frame is too large"},
      {"a head that compresses to more than allowed",
       [](Draft& d) { d.change_head_frame = [](std::string& frame) { frame.insert(12, 2 << 20, 'x'); }; },
       "input: "},
      {"a head that is compressed",
       [](Draft& d) {
         d.change_head_frame = [](std::string& frame) {
           frame = artifact::compress_frame(artifact::read_stored_frame(frame, 1 << 20).content, 3);
         };
       },
       "does not begin with a stored zstd frame"},
      {"a head in more blocks than it takes",
       [](Draft& d) {
         d.change_head_frame = [](std::string& frame) {
           frame[9] = static_cast<char>(frame[9] & ~1);  // not the last block
           frame += std::string("\x01\0\0", 3);          // an empty one that is
         };
       },
       "its first frame is not stored as it must be"},
      {"a skippable frame in front",
       [](Draft& d) {
         d.change_head_frame = [](std::string& frame) {
           frame = artifact::skippable(0x184D2A50, "") + frame;
         };
       },
       "does not begin with a stored zstd frame"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Draft draft = draft_of(some_tree);
    row.change(draft);
    const std::string said = open_failure(seal(draft, shop_key()));
    CHECK(said == Mentions{row.said});
    CHECK((said.starts_with("input: the archive '") || said.starts_with("trust: the archive '")));
  }
}

TEST_CASE("the signature inside and those beside the archive count together") {
  const Signed release;
  CHECK(release.refusal(trust(second_key())) ==
        "0 of 1 required signature counted: key " + id_of(shop_key()) + " is not trusted here");
  release.sign_by(second_key());
  release.sign_by(third_key());

  const auto by_all = release.open(trust_all({&shop_key(), &second_key(), &third_key()}, 3));
  CHECK(by_all.signers.size() == 3);
  CHECK(by_all.beside.size() == 2);
  CHECK(by_all.signers[0] == shop_key().public_key().id);
  // No signature is worth more than another: the one inside may be anybody's.
  const auto by_second = release.open(trust(second_key()));
  CHECK(signers_of(by_second) == std::vector{id_of(second_key())});
  REQUIRE(by_second.beside.size() == 1);
  CHECK(crypto::format_signature(by_second.beside[0], artifact::untrusted_comment) ==
        release.signature_by(second_key()));
  CHECK(release.open(trust(shop_key())).beside.empty());
  CHECK(release.refusal(trust_all({&shop_key(), &second_key()}, 3)) ==
        "2 of 3 required signatures counted: key " + id_of(third_key()) + " is not trusted here");
}

TEST_CASE("a key counts once, whether it signed inside or beside the archive") {
  const Signed release;
  release.sign_by(shop_key());
  CHECK(release.open(trust(shop_key())).beside.empty());
  CHECK(release.refusal(trust_all({&shop_key(), &second_key()}, 2)) ==
        "1 of 2 required signatures counted: key " + id_of(shop_key()) +
            " signed more than once, which counts once");
}

TEST_CASE("revoked keys do not count, wherever they signed") {
  const Signed release;
  release.sign_by(second_key());
  auto policy = trust_all({&shop_key(), &second_key()}, 1);
  policy.revoked.insert(second_key().public_key().id);
  CHECK(release.open(policy).beside.empty());
  policy.revoked.insert(shop_key().public_key().id);
  CHECK(release.refusal(policy) == "0 of 1 required signature counted: key " + id_of(shop_key()) +
                                       " is revoked; key " + id_of(second_key()) + " is revoked");
  // Also when their files have been removed from the trust directory.
  policy.keys.clear();
  CHECK(release.refusal(policy) == "0 of 1 required signature counted: key " + id_of(shop_key()) +
                                       " is revoked; key " + id_of(second_key()) + " is revoked");
}

TEST_CASE("signatures beside the archive are read as minisign reads them") {
  const Signed release;
  const std::string good = release.signature_by(second_key());
  for (const std::string& file :
       {with_crlf(good), good.substr(0, good.size() - 1),
        with(good, std::string(artifact::untrusted_comment), "signature from minisign secret key")}) {
    CAPTURE(file);
    release.write(second_key(), file);
    CHECK(release.refusal(trust(second_key())) == "no failure");
  }
}

TEST_CASE("forged signatures beside the archive do not count, and each is answered for") {
  const Signed release;
  const std::string good = release.signature_by(second_key());
  const std::string name = id_of(second_key()) + ".minisig";
  const std::string json = release.json();
  const std::string comment = release.comment();
  const std::string no_base64 = name + ": line 2: not the base64 of 74 bytes";
  const std::string does_not_verify = "the signature of key " + id_of(second_key()) + " does not verify";
  const std::string other_release =
      "the trusted comment of the signature by " + id_of(second_key()) + " speaks of another release";
  const size_t line = second_line(good);
  const struct {
    std::string what;
    std::string file;
    std::string reason;
  } rows[] = {
      {"empty", "", name + ": must have exactly 4 lines, as minisign writes them"},
      {"truncated", good.substr(0, good.size() - 100),
       name + ": must have exactly 4 lines, as minisign writes them"},
      {"a line more", good + "x\n", name + ": must have exactly 4 lines, as minisign writes them"},
      {"legacy", std::string(good).replace(line, 4, "RWTc"),
       name + ": is a legacy signature ('Ed', over the file instead of its hash), which is not accepted"},
      {"another algorithm", std::string(good).replace(line, 4, "RVTc"),
       name + ": is signed by the unknown algorithm 'ET'; only minisign's 'ED' is accepted"},
      {"junk in the base64", std::string(good).insert(line + 20, "!"), no_base64},
      {"a blank in the base64", std::string(good).insert(line + 20, " "), no_base64},
      {"base64 cut short", std::string(good).erase(line + 20, 4), no_base64},
      {"base64 of bytes more", std::string(good).insert(line + 20, "AAAA"), no_base64},
      {"a CR within the base64", std::string(good).insert(line + 20, "\r"), no_base64},
      {"a swapped trusted comment", with(good, "version=1.0", "version=2.0"), does_not_verify},
      {"of another release", sign(second_key(), json + " ", comment), does_not_verify},
      {"of the archive as a file", sign(second_key(), base::read_file(release.archive(), 1 << 30), comment),
       does_not_verify},
      {"that means another release", sign(second_key(), json, with(comment, "version=1.0", "version=2.0")),
       other_release},
      {"with the comment of a human", sign(second_key(), json, "looks good to me"), other_release},
      {"of another key", release.signature_by(third_key()),
       name + ": is a signature of key " + id_of(third_key())},
      {"a whole archive", base::read_file(release.archive(), 1 << 30),
       name + ": must have exactly 4 lines, as minisign writes them"},
      {"too long", good + std::string(1 << 20, '\n'),
       "'" + name + "' is larger than the 16384 bytes allowed"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    release.write(second_key(), row.file);
    CHECK(release.refusal(trust_all({&shop_key(), &second_key()}, 2)) ==
          "1 of 2 required signatures counted: " + row.reason);
    CHECK(release.open(trust_all({&shop_key(), &second_key()}, 1)).beside.empty());
    release.sign_by(third_key());
    CHECK(release.open(trust_all({&shop_key(), &second_key(), &third_key()}, 2)).beside.size() == 1);
    std::filesystem::remove(release.beside() / (id_of(third_key()) + ".minisig"));
  }
}

TEST_CASE("whatever lies beside the archive, a good release is not refused for it") {
  namespace fs = std::filesystem;
  const std::function<void(const Signed&)> rows[] = {
      [](const Signed& release) { base::write_file(release.beside(), "a file"); },
      [](const Signed& release) { fs::create_symlink("/proc/self/fd", release.beside()); },
      [](const Signed& release) { fs::create_symlink(release.beside(), release.beside()); },
      [](const Signed& release) { REQUIRE(::mkfifo(release.beside().c_str(), 0600) == 0); },
      [](const Signed& release) {
        release.write(shop_key(), "damaged");
        release.write(second_key(), "damaged");
      },
      [](const Signed& release) {
        fs::create_directory(release.beside());
        REQUIRE(::mkfifo((release.beside() / (id_of(shop_key()) + ".minisig")).c_str(), 0600) == 0);
        fs::create_symlink("/dev/zero", release.beside() / (id_of(second_key()) + ".minisig"));
      },
      [](const Signed& release) {
        fs::create_directory(release.beside());
        for (int i = 0; i < 3000; ++i) fs::create_symlink("x", release.beside() / std::to_string(i));
      },
  };
  const auto both = trust_all({&shop_key(), &second_key()}, 1);
  auto more = both;
  more.threshold = 2;
  for (const auto& make : rows) {
    const Signed release;
    make(release);
    CHECK(release.refusal(both) == "no failure");
    const std::string said = release.refusal(more);
    CHECK(said == Mentions{"1 of 2 required signatures counted"});
    CHECK(said.size() < 2000);
  }
}

TEST_CASE("a signature under a name that is not read is pointed out") {
  const Signed release;
  std::filesystem::create_directory(release.beside());
  base::write_file(release.beside() / "alice.minisig", release.signature_by(second_key()));
  CHECK(release.refusal(trust_all({&shop_key(), &second_key()}, 2)) ==
        "1 of 2 required signatures counted: "
        "'alice.minisig' is no file of a signature, which is called KEYID.minisig");
}

TEST_CASE("the signature inside must mean this release, even where others are enough") {
  std::string json;
  std::string comment;
  Draft draft = draft_of(some_tree);
  draft.change_json = [&](std::string& text) { json = text; };
  draft.change_comment = [&](std::string& text) { comment = std::exchange(text, "looks good to me"); };
  const Scene scene(seal(draft, shop_key()));
  const auto beside = crypto::signatures_of(scene.archive());
  std::filesystem::create_directory(beside);
  base::write_file(beside / (id_of(second_key()) + ".minisig"), sign(second_key(), json, comment));
  CHECK(failure([&] { artifact::open_archive(scene.archive(), trust(second_key())); }) ==
        Mentions{"signature by " + id_of(shop_key()) + " speaks of another release"});
  CHECK(failure([&] { artifact::read_claim(scene.archive()); }) == Mentions{"speaks of another release"});
}

TEST_CASE("what an archive claims is read without trusting anybody") {
  const Signed release;
  const artifact::Claim claim = artifact::read_claim(release.archive());
  CHECK(claim.info.name == "shop");
  CHECK(claim.release_json == artifact::encode(claim.info));
  CHECK(claim.embedded.key == shop_key().public_key().id);
  CHECK(failure([&] { artifact::read_claim(release.beside()); }).starts_with("input: the archive '"));
}

TEST_CASE("what is no archive is bad input") {
  for (const std::string& bytes : {""s, "x"s, "\x28\xB5\x2F"s, "\x28\xB5\x2F\xFD"s, "PK\x03\x04"s,
                                   std::string(4096, '\0'), std::string(2 << 20, 'x')}) {
    CAPTURE(bytes.size());
    CHECK(open_failure(bytes).starts_with("input: the archive '"));
  }
}

TEST_CASE("what is no regular file is bad input and waited for by nobody") {
  const base::TempDir temp;
  make_tree(base::Dir::open(temp.path()), {{"directory", Folder{}}});
  REQUIRE(::mkfifo((temp.path() / "fifo").c_str(), 0600) == 0);
  for (const char* name : {"directory", "fifo", "absent", "/dev/null", "/dev/zero"}) {
    CAPTURE(name);
    CHECK(failure([&] {
            artifact::open_archive(temp.path() / name, trust(shop_key()));
          }).starts_with("input: "));
  }
}

TEST_CASE("an archive replaced after it was opened is still the one that was opened") {
  const Scene scene(packed(some_tree));
  const auto archive = artifact::open_archive(scene.archive(), trust(shop_key()));
  base::write_file(scene.archive(), packed({{"other", File{"x"}}}));
  artifact::unpack(archive, base::Dir::open(scene.path("around/to")));
  CHECK(scene.unpacked_tree() == describe_tree(some_tree));
}

}  // namespace read_head_test
