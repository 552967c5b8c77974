// The last step of both mains: grammar, parser, command. Included by the one file of a program
// that includes CLI11.
#pragma once

#include "cli/common/arguments.hh"
#include "cli/common/program.hh"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace bakehouse::cli {

inline base::Error as_usage_error(const CLI::ParseError& error, const std::string& program) {
  return {base::Fault::usage, error.what(), "`" + program + " --help` shows how it is used"};
}

// `chosen` is what the parser's callbacks set.
inline int parse_and_run(CLI::App& app, const Grammar& grammar, std::vector<std::string> arguments,
                         const GlobalOptions& global, const std::function<int(const Screen&)>& chosen) {
  const bool wants_json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  GlobalOptions early;  // the parser has not spoken yet
  early.json = wants_json;
  const Screen before(grammar.program, early);
  return guarded(before, [&] {
    arguments = apply_grammar(grammar, std::move(arguments));
    std::reverse(arguments.begin(), arguments.end());  // the order in which CLI11 takes a vector
    try {
      app.parse(arguments);
    } catch (const CLI::Success& request) {
      return app.exit(request);  // --help and --version
    } catch (const CLI::ParseError& error) {
      throw as_usage_error(error, grammar.program);
    }
    if (!chosen)
      throw base::Error(base::Fault::usage, "no command",
                        "`" + grammar.program + " --help` lists the commands");
    const Screen screen(grammar.program, global);
    return guarded(screen, [&] {
      const int code = chosen(screen);
      // A monitor that gets half an answer must not take it for a good one.
      if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) base::fail_os("write", "standard output");
      return code;
    });
  });
}

}  // namespace bakehouse::cli
