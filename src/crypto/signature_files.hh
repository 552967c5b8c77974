// Signatures that came after what they sign: `<file>.sigs/<KEYID>.minisig`, one a key.
// Whoever may write there can add files, but can neither make one count nor stop a reader.
#pragma once

#include "crypto/minisign.hh"

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::crypto {

// The directory of the signatures of `file`.
std::filesystem::path signatures_of(const std::filesystem::path& file);
std::string signature_file_name(const KeyId& key);

struct FoundSignatures {
  std::vector<Signature> signatures;
  std::vector<std::string> reasons;  // why a file of one of the keys holds no signature of it
};
// Of these keys. No other file is opened, no link followed, no FIFO waited for and nothing long read,
// so that what lies there does not matter. Throws nothing for it either. An absent directory holds none.
FoundSignatures read_signatures(const std::filesystem::path& directory, const std::set<KeyId>& keys);

// What the names say, which nobody has verified.
struct SignatureNames {
  std::set<KeyId> keys;
  std::vector<std::string> others;  // that are none, in byte order; hidden files are left out
  bool is_all = true;               // only so many names are looked at
};
SignatureNames list_signatures(const std::filesystem::path& directory);

// Durable when it returns. Changes nothing when the file is there already, byte for byte; replaces
// anything else that has its name.
enum class Added { now, before };
Added add_signature(const std::filesystem::path& directory, const Signature& signature,
                    std::string_view untrusted_comment);

}  // namespace bakehouse::crypto
