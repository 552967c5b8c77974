// Trees as text, for tests that are scripts: `describe_tree DIRECTORY` prints all that a manifest could say of it.
#include "base/error.hh"
#include "support/tree_literal.hh"

#include <cstdio>
#include <string>

using namespace bakehouse;

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("describe_tree: give one directory\n", stderr);
    return 2;
  }
  try {
    const std::string text = support::describe_tree(std::filesystem::path(argv[1]));
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
  } catch (const base::Error& error) {
    std::fprintf(stderr, "describe_tree: %s\n", error.what());
    return 1;
  }
}
