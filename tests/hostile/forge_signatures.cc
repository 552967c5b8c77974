// Signatures that a node must not count: threats 2 and 25.
#include "hostile/forge.hh"

#include "artifact/tar.hh"
#include "crypto/minisign.hh"

#include <string>

namespace bakehouse::hostile {
namespace {

using artifact::ReleaseInfo;
using crypto::Signature;
using support::Draft;

struct Signed {
  ReleaseInfo info;
  std::string json;
  std::string comment;
};

// A head with the true release.json and a signature file of somebody's own making.
using MakeSignature = std::function<std::string(const Forger&, const Signed&)>;
Forgery forge_signature(std::string name, MakeSignature make) {
  return {std::move(name), [make = std::move(make)](const Forger& forger) {
            Draft draft = honest_draft();
            Signed what;
            draft.change_info = [&](ReleaseInfo& info) { what.info = info; };
            draft.change_json = [&](std::string& json) { what.json = json; };
            draft.change_comment = [&](std::string& comment) { what.comment = comment; };
            draft.change_head = [&](std::string& head) {
              head = artifact::tar_head(what.json, make(forger, what), what.info.created);
            };
            return support::seal(draft, forger.trusted);
          }};
}

// The honest signature file, changed as text.
Forgery forge_text(std::string name, const std::function<void(std::string&)>& change) {
  return forge_signature(std::move(name), [change](const Forger& forger, const Signed& what) {
    std::string file = support::sign(forger.trusted, what.json, what.comment);
    change(file);
    return file;
  });
}

Signature sign(const crypto::SecretKey& key, const Signed& what) {
  return key.sign(crypto::message_hash(what.json), what.comment);
}

void replace(std::string& text, std::string_view what, std::string_view with) {
  text.replace(text.find(what), what.size(), with);
}

// Signed, comment included: it is not the line that release.json gives.
Forgery forge_comment(std::string name, const std::function<void(std::string&)>& change) {
  return forge(std::move(name), [change](Draft& draft) { draft.change_comment = change; });
}

}  // namespace

Forgeries forged_signatures() {
  return {
      forge_signature("signature-of-an-unknown-key",
                      [](const Forger& forger, const Signed& what) {
                        return support::sign(forger.stranger, what.json, what.comment);
                      }),
      forge_signature("signature-with-the-id-of-a-trusted-key",
                      [](const Forger& forger, const Signed& what) {
                        Signature signature = sign(forger.stranger, what);
                        signature.key = forger.trusted.public_key().id;
                        return crypto::format_signature(signature, artifact::untrusted_comment);
                      }),
      forge_signature("signature-of-another-release",
                      [](const Forger& forger, const Signed& what) {
                        ReleaseInfo other = what.info;
                        other.version = "1.9";
                        const std::string json = artifact::encode(other);
                        return support::sign(forger.trusted, json,
                                             artifact::trusted_comment(other, crypto::sha256(json)));
                      }),
      // "Ed": over the file itself instead of its hash.
      forge_text("signature-legacy", [](std::string& file) { replace(file, "\nRU", "\nRW"); }),
      forge_text("signature-of-an-unknown-kind", [](std::string& file) { replace(file, "\nRU", "\nWF"); }),
      forge_text("signature-of-nothing", [](std::string& file) { file.clear(); }),
      forge_text("signature-twice", [](std::string& file) { file += file; }),
      forge_text("signature-with-a-line-more", [](std::string& file) { file += "x\n"; }),
      forge_text("signature-with-other-line-ends", [](std::string& file) { replace(file, "\n", "\r\n"); }),
      forge_text("signature-with-another-untrusted-comment",
                 [](std::string& file) { replace(file, "signature of a", "Signature of a"); }),
      forge_text("signature-with-escapes-in-the-untrusted-comment",
                 [](std::string& file) { replace(file, "signature of a", "\x1b]0;owned\x07 of a"); }),
      forge_text("signature-with-escapes-in-the-trusted-comment",
                 [](std::string& file) { replace(file, "name=shop", "name=\x1b[2J"); }),
      forge_text("signature-with-a-changed-trusted-comment",
                 [](std::string& file) { replace(file, "sequence=8", "sequence=9"); }),
      forge_text("signature-with-an-endless-trusted-comment",
                 [](std::string& file) { replace(file, "sequence=8", std::string(9000, '8')); }),
      forge_text("signature-in-another-base64", [](std::string& file) { replace(file, "=\n", "\n"); }),
      forge_comment("trusted-comment-of-another-version",
                    [](std::string& comment) { replace(comment, "version=8.0", "version=9.9"); }),
      forge_comment("trusted-comment-with-a-word-more", [](std::string& comment) { comment += " and=more"; }),
      forge_comment("trusted-comment-empty", [](std::string& comment) { comment.clear(); }),
  };
}

}  // namespace bakehouse::hostile
