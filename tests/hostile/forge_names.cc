// Names: threats 6, 9 and 25.
#include "hostile/forge.hh"

#include <string>

namespace bakehouse::hostile {
namespace {

using support::Draft;
using support::File;
using support::Folder;
using support::Link;

std::string deep_path(size_t levels) {
  std::string path = ".";
  for (size_t i = 0; i < levels; ++i) path += "/d";
  return path;
}

// Every directory listed, so that the path itself is what is wrong.
std::string deep_lines(size_t levels) {
  std::string lines;
  std::string path = ".";
  for (size_t i = 0; i < levels; ++i) lines += (path += "/d") + " type=dir mode=0755\n";
  return lines;
}

Forgery forge_name(const std::string& name, const std::string& path) {
  return forge_lines("name-" + name, path + empty_file_words());
}

Forgeries forged_paths() {
  return {
      forge_name("above", "./../victim"),
      forge_name("above-from-below", "./a/../../victim"),
      forge_name("of-the-top", "./."),
      forge_name("of-the-top-in-other-words", "."),
      forge_name("of-a-parent", "./.."),
      forge_name("with-an-empty-part", "./a//b"),
      forge_name("absolute", "/etc/passwd"),
      forge_name("absolute-behind-the-top", ".//etc/passwd"),
      forge_name("with-a-slash-behind", "./a/"),
      forge_name("without-the-top", "a"),
      forge_name("with-a-nul", "./a\\000b"),
      forge_name("with-a-bare-backslash", "./a\\b"),
      forge_name("with-a-backslash-at-its-end", "./a\\"),
      forge_name("with-an-escape-too-much", "./\\141"),
      forge_name("with-an-escape-too-large", "./\\777"),
      forge_name("with-a-blank", "./a b"),
      forge_name("of-256-bytes", "./" + std::string(256, 'x')),
      forge_name("3000-deep", deep_path(3000)),
      forge_lines("tree-3000-deep", deep_lines(3000)),
      forge_name("endless", "./" + std::string(1 << 20, 'x')),
      forge_name("with-a-terminal-escape", "./a\x1b[2J\x1b[1;1H"),
      forge_name("with-a-second-line", "./a\n./b"),
      forge_name("with-c1-controls",
                 "./a\xC2\x9B"
                 "31m"),
      forge_lines("name-twice", "./a" + empty_file_words() + "./a" + empty_file_words()),
      forge_lines("name-out-of-order", "./b" + empty_file_words() + "./a" + empty_file_words()),
      forge_lines("name-of-a-pattern", "/set type=file\n"),
      forge_lines("manifest-without-an-end", "./a type=dir mode=0755"),
      forge_lines("manifest-with-a-comment", "# nothing\n./a type=dir mode=0755\n"),
  };
}

// Legal in themselves, so that it is a message about something else that has to show them.
Forgeries forged_names_to_show() {
  return {
      forge_tree("shown-terminal-escape", {{"a\x1b[2J\x1b]0;owned\x07", File{"x", 04755}}}),
      forge_tree("shown-second-line", {{"a\nrelease: all is well", Link{"/etc"}}}),
      forge_tree("shown-c1-controls", {{"a\xC2\x9B"
                                        "31m",
                                        Link{"../\x1b[2J"}}}),
      forge_tree("shown-bytes-that-are-no-text", {{"a\xFF\xFE", File{"x", 02755}}}),
      // The stream is that of another tree, of the same length.
      forge("shown-escapes-in-a-header",
            [](Draft& draft) {
              draft = honest_draft({{"b", File{"x"}}});
              draft.manifest = honest_draft({{"a\x1b[2J", File{"x"}}}).manifest;
            }),
  };
}

Forgeries forged_special_names() {
  return {
      forge_tree("name-of-a-whiteout", {{"a/.wh.b", File{"x"}}}),
      forge_tree("name-of-an-opaque-whiteout", {{".wh..wh..opq", File{""}}}),
      forge_tree("name-of-our-own", {{".bakehouse/deployment", File{"x"}}}),
      forge_tree("name-of-our-own-in-capitals", {{".BakeHouse", Folder{}}}),
      forge_tree("name-of-our-own-as-a-link", {{".bakehouse", Link{"a"}}}),
      forge_tree("name-in-two-cases", {{"Readme", File{"x"}}, {"readme", File{"y"}}}),
      forge_tree("directory-in-two-cases", {{"Assets/a", File{"x"}}, {"assets/b", File{"y"}}}),
      forge_tree("link-and-directory-in-two-cases", {{"Data", Link{"d"}}, {"data/x", File{"y"}}}),
      forge_tree("hook-that-is-none", {{".bake/hooks/no such phase", File{"x"}}}),
  };
}

}  // namespace

Forgeries forged_names() {
  Forgeries all = forged_paths();
  for (Forgery& forgery : forged_names_to_show()) all.push_back(std::move(forgery));
  for (Forgery& forgery : forged_special_names()) all.push_back(std::move(forgery));
  return all;
}

}  // namespace bakehouse::hostile
