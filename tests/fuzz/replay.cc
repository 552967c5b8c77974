// A target without a fuzzer, so that any compiler and every build can replay what fuzzers have found.
//
//   TARGET DIRECTORY...        every file below them
//
// Each input is also replayed cut short and with one byte changed, at a few places: a little fuzzing for
// free. Exit status: 0 all promises hold, 2 usage, 134 (abort) one does not; the last line names the input.
#include "fuzz/target.hh"

#include "base/files.hh"

#include <algorithm>
#include <filesystem>
#include <vector>

using namespace bakehouse;
namespace fs = std::filesystem;

namespace {

constexpr uint64_t largest_input = 16 << 20;
constexpr size_t places = 8;

std::vector<fs::path> files_below(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void replay(const std::string& input) {
  fuzz::test_one(input);
  for (size_t i = 0; i < places && !input.empty(); ++i) {
    const size_t at = input.size() * i / places;
    fuzz::test_one(std::string_view(input).substr(0, at));
    std::string changed = input;
    changed[at] = static_cast<char>(changed[at] ^ (1 << i));
    fuzz::test_one(changed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    for (const fs::path& file : files_below(argv[i])) {
      // Before and not after: of an input that ends the process this line is all there is.
      std::fprintf(stderr, "%s\n", file.c_str());
      replay(base::read_file(file, largest_input));
      ++count;
    }
  }
  if (count == 0) {
    std::fprintf(stderr, "usage: %s DIRECTORY...  (with files in them)\n", argv[0]);
    return 2;
  }
  std::fprintf(stderr, "%zu inputs, all promises hold\n", count);
  return 0;
}
