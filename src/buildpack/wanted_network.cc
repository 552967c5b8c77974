#include "buildpack/wanted_network.hh"

#include <algorithm>
#include <array>
#include <cctype>

namespace bakehouse::buildpack {
namespace {

// As resolvers (glibc, musl, Go, Node.js, curl, wget) and kernels put it; in lower case.
constexpr std::array<std::string_view, 12> phrases{"temporary failure in name resolution",
                                                   "name or service not known",
                                                   "could not resolve",
                                                   "couldn't resolve",
                                                   "unable to resolve host",
                                                   "failed to lookup address",
                                                   "no such host",
                                                   "network is unreachable",
                                                   "server misbehaving",
                                                   "getaddrinfo",
                                                   "eai_again",
                                                   "enetunreach"};

}  // namespace

bool speaks_of_network(std::string_view line) {
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  return std::ranges::any_of(phrases, [&](std::string_view phrase) {
    return std::search(line.begin(), line.end(), phrase.begin(), phrase.end(), same) != line.end();
  });
}

}  // namespace bakehouse::buildpack
