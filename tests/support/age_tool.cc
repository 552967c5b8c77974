// Files of age by our own reader and writer, as a program: for tests beside the real one.
//
//   age_tool seal [--armor] RECIPIENT...     standard input, sealed
//   age_tool seal-by [--armor] PHRASE-FILE   by the pass phrase in the file's first line, with scrypt of 2^10
//   age_tool open IDENTITY-FILE              standard input, opened
//   age_tool open-by PHRASE-FILE
//   --dearmor: the input is armored, whatever it looks like
#include "base/error.hh"
#include "base/files.hh"
#include "crypto/age.hh"

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

using namespace bakehouse;

namespace {

constexpr uint64_t largest_input = uint64_t{256} << 20;
constexpr int quick_work = 10;

crypto::Secret read_phrase(const std::string& path) {
  return crypto::read_secret_line(base::open_for_reading(path), 4096, path).value_or(crypto::Secret(""));
}

struct Arguments {
  std::string command;
  std::vector<std::string> words;
  crypto::AgeForm form = crypto::AgeForm::binary;
  bool dearmor = false;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--armor") {
      arguments.form = crypto::AgeForm::armored;
    } else if (word == "--dearmor") {
      arguments.dearmor = true;
    } else if (arguments.command.empty()) {
      arguments.command = word;
    } else {
      arguments.words.push_back(word);
    }
  }
  if (arguments.words.empty()) throw base::Error(base::Fault::usage, "seal, seal-by, open or open-by what?");
  return arguments;
}

std::string seal(const Arguments& arguments, const std::string& input) {
  std::vector<crypto::AgeRecipient> recipients;
  for (const std::string& word : arguments.words)
    recipients.push_back(crypto::AgeRecipient::parse(word, "a recipient"));
  return crypto::seal_age(input, recipients, arguments.form);
}

crypto::Secret open(const Arguments& arguments, const std::string& input) {
  if (arguments.command == "open-by")
    return crypto::open_age(input, read_phrase(arguments.words[0]), "input");
  return crypto::open_age(input, crypto::read_age_identities(arguments.words[0]), "input");
}

void work(const Arguments& arguments) {
  const base::Fd out(::fileno(stdout));
  std::string input = base::read_all(base::Fd(::fileno(stdin)), largest_input, "standard input");
  if (arguments.dearmor) input = crypto::dearmor_age(input, "input");
  if (arguments.command == "seal") {
    base::write_all(out, seal(arguments, input), "standard output");
  } else if (arguments.command == "seal-by") {
    base::write_all(out, crypto::seal_age(input, read_phrase(arguments.words[0]), quick_work, arguments.form),
                    "standard output");
  } else {
    base::write_all(out, open(arguments, input).text(), "standard output");
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    work(parse(argc, argv));
    return 0;
  } catch (const base::Error& error) {
    std::fprintf(stderr, "age_tool: %s\n", error.what());
    return base::exit_code(error.fault());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "age_tool: %s\n", error.what());
    return 1;
  }
}
