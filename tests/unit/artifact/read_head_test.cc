#include "artifact/read.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/artifact/packed.hh"

#include "artifact/frames.hh"
#include "artifact/tar.hh"

#include <doctest/doctest.h>

#include <string>

#include <sys/stat.h>

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
