#include "buildpack/sources.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/tree_literal.hh"
#include "unit/source/foreign_archive.hh"
#include "unit/source/repository.hh"
#include "workbench.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sources_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using source::folder;
using source::Item;
using source::Pack;
using source::program;
using source::tar_of;
using support::File;
using support::Mentions;
using Type = Item::Type;
namespace fs = std::filesystem;

namespace {

const std::string script = "#!/bin/sh\n";

// The members of tar of a buildpack in the directory `at` ("" or "x/").
std::vector<Item> pack_at(const std::string& at, const std::string& id) {
  return {{at + "buildpack.toml", descriptor(id)},
          program(at + "bin/build", script),
          program(at + "bin/detect", script)};
}
std::vector<Item> join(std::vector<Item> one, const std::vector<Item>& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one;
}

// A project, a directory for what is kept, and what the engine warned of.
class Market {
 public:
  Market() {
    for (const auto& directory : {project(), shipped()}) fs::create_directory(directory);
    write_pack(shipped() / "own", descriptor("shipped/own"));
  }

  fs::path project() const { return scratch_.path() / "project"; }
  fs::path shipped() const { return scratch_.path() / "shipped"; }
  fs::path kept() const { return scratch_.path() / "kept"; }
  fs::path beside(const std::string& name) const { return scratch_.path() / name; }

  fs::path write(const std::string& name, const std::string& bytes) const {
    base::write_file(project() / name, bytes);
    return project() / name;
  }
  Sources sources(SourcesRequest::Network network = SourcesRequest::Network::allowed) {
    SourcesRequest request;
    request.shipped = shipped();
    request.project = project();
    request.kept = kept();
    request.network = network;
    request.warn = [this](const std::string& text) { warnings += text + "\n"; };
    return Sources(request);
  }
  Buildpack open(const std::string& written) { return sources().open(written); }
  artifact::BuildpackUse use(const std::string& written) {
    Sources all = sources();
    return all.describe(all.open(written));
  }
  std::string failure_of(const std::string& written) {
    return support::failure([&] { open(written); });
  }
  std::string hint_of(const std::string& written) {
    try {
      open(written);
    } catch (const base::Error& error) {
      return error.hint();
    }
    return "no failure";
  }
  // Directories of what is kept, by their names.
  std::vector<std::string> kept_names(const std::string& kind) const {
    if (!fs::exists(kept() / kind)) return {};
    return base::Dir::open(kept() / kind).names();
  }

  std::string warnings;

 private:
  base::TempDir scratch_;
};

std::string pinned(const std::string& name, const std::string& bytes) {
  return name + "#sha256=" + crypto::sha256(bytes).hex();
}

// The blobs of an image layout, by their digests.
class Layout {
 public:
  std::string add(const std::string& content) {
    const std::string digest = crypto::sha256(content).hex();
    items_.push_back({"/blobs/sha256/" + digest, content});
    return fmt::format(R"({{"digest":"sha256:{}","size":{}}})", digest, content.size());
  }
  std::string image(const std::vector<std::string>& layers, const std::string& config) {
    std::string list;
    for (const std::string& layer : layers) list += (list.empty() ? "" : ",") + add(layer);
    return add(fmt::format(R"({{"config":{},"layers":[{}]}})", add(config), list));
  }
  std::string seal(const std::string& manifests) const {
    return tar_of(join(
        items_, {{"/oci-layout", "{}"}, {"/index.json", fmt::format(R"({{"manifests":[{}]}})", manifests)}}));
  }

 private:
  std::vector<Item> items_;
};

std::string label(const std::string& id) {
  return fmt::format(R"({{"config":{{"Labels":{{"io.buildpacks.buildpackage.metadata":)"
                     R"("{{\"id\":\"{}\",\"version\":\"1.2.3\"}}"}}}}}})",
                     id);
}
std::string layer_of(const std::string& id) {
  std::string escaped = id;
  std::ranges::replace(escaped, '/', '_');
  const std::string top = fmt::format("/cnb/buildpacks/{}/1.2.3/", escaped);
  return tar_of(join({folder("/cnb"), folder("/cnb/buildpacks")}, pack_at(top, id)), Pack::gzip);
}

}  // namespace

TEST_CASE("a buildpack comes out of an archive, at its top or in a directory, in whichever packing") {
  for (const std::string at : {"", "own/", "a/b/c/"}) {
    for (const auto& kind : std::vector<std::pair<std::string, Pack>>{{".tar", Pack::plain},
                                                                      {".tar.gz", Pack::gzip},
                                                                      {".tgz", Pack::gzip},
                                                                      {".tar.zst", Pack::zstd},
                                                                      {".tar.xz", Pack::xz}}) {
      const std::string& suffix = kind.first;
      const Pack pack = kind.second;
      CAPTURE(at);
      CAPTURE(suffix);
      Market market;
      market.write("x" + suffix, tar_of(pack_at(at, "acme/own"), pack));
      CHECK(market.open("./x" + suffix).describe() == "acme/own@1.2.3");
    }
  }
}

TEST_CASE("what is pinned and kept is used when the archive is gone, and without a network") {
  Market market;
  const std::string bytes = tar_of(pack_at("", "acme/own"));
  const fs::path file = market.write("x.tar", bytes);
  const std::string name = pinned("./x.tar", bytes);
  const fs::path first = market.open(name).directory;
  fs::remove(file);
  const auto offline = SourcesRequest::Network::forbidden;
  CHECK(market.sources(offline).open(name).directory == first);
  // A URL of the same digest as well.
  const std::string url = pinned("https://example.org/x.tar", bytes);
  CHECK(market.sources(offline).open(url).directory == first);
  CHECK(market.warnings.empty());
  CHECK(market.failure_of("./x.tar") == Mentions{"cannot open the archive"});
}

TEST_CASE("without a network, what is not kept is an error that says so") {
  Market market;
  Sources sources = market.sources(SourcesRequest::Network::forbidden);
  for (const std::string& name :
       {pinned("https://example.org/x.tar", "x"), "git+https://example.org/x.git#" + std::string(40, 'a')}) {
    CAPTURE(name);
    CHECK(support::failure([&] { sources.open(name); }) ==
          fmt::format("input: the buildpack '{}': it is not kept here, and the network is not to be used",
                      name));
  }
}

TEST_CASE("a pin that does not match is refused, and nothing is kept") {
  Market market;
  const std::string bytes = tar_of(pack_at("", "acme/own"));
  market.write("x.tar", bytes);
  const std::string failure = market.failure_of(pinned("./x.tar", "something else"));
  CHECK(failure == Mentions{"the archive is another than the one that is pinned: its SHA-256 is " +
                            crypto::sha256(bytes).hex()});
  CHECK(market.kept_names("sha256").empty());
}

TEST_CASE("what cannot be kept whole is not kept at all") {
  Market market;
  market.write("x.tar", tar_of(join(pack_at("", "acme/own"), {{"../evil", "x"}})));
  CHECK(market.failure_of("./x.tar") == Mentions{"the path '../evil' has the part '..'"});
  CHECK(market.kept_names("sha256").empty());
  CHECK(base::Dir::open(market.kept()).names().empty());
}

TEST_CASE("where nothing is fetched, nothing is made to keep it") {
  Market market;
  Sources sources = market.sources();
  CHECK(sources.open("own").id == "shipped/own");
  sources.finish();
  CHECK_FALSE(fs::exists(market.kept()));
}

TEST_CASE("what is left of a bake that was cut off is removed") {
  Market market;
  fs::create_directories(market.kept() / "new/tree");
  market.write("x.tar", tar_of(pack_at("", "acme/own")));
  CHECK(market.open("./x.tar").id == "acme/own");
  CHECK_FALSE(fs::exists(market.kept() / "new"));
}

TEST_CASE("what was kept and changed since is fetched anew, or is an error") {
  Market market;
  const std::string bytes = tar_of(pack_at("", "acme/own"));
  const std::string name = pinned("./x.tar", bytes);
  const fs::path file = market.write("x.tar", bytes);
  const fs::path directory = market.open(name).directory;
  base::write_file(directory / "bin/build", "#!/bin/sh\nevil\n", 0755);
  CHECK(market.open(name).directory == directory);
  CHECK(market.warnings == Mentions{"is not used: its files were changed since"});
  CHECK(base::read_file(directory / "bin/build", 100) == script);
  fs::remove(file);
  fs::remove(directory.parent_path() / "kept.json");
  CHECK(market.failure_of(name) == Mentions{"cannot open the archive"});
}

TEST_CASE("programs that an archive made unexecutable are so no longer, in our copy alone") {
  Market market;
  market.write("x.tar", tar_of({{"buildpack.toml", descriptor("acme/own")},
                                {"bin/detect", "main", Type::symlink},
                                {"bin/build", script},
                                {"bin/main", script},
                                {"lib/data", "x"}}));
  const Buildpack pack = market.open("./x.tar");
  const auto tree = support::read_tree(base::Dir::open(pack.directory));
  CHECK(std::get<File>(tree.at("bin/build")).mode == 0755);
  CHECK(std::get<File>(tree.at("bin/main")).mode == 0755);
  CHECK(std::get<File>(tree.at("lib/data")).mode == 0644);
}

TEST_CASE("of several buildpacks one is to be named, and the error names them") {
  Market market;
  market.write("x.tar", tar_of(join(pack_at("a/", "acme/a"), pack_at("b/", "acme/b"))));
  CHECK(market.failure_of("./x.tar") ==
        "input: the buildpack './x.tar': it holds 2 buildpacks, and none is named: //a, //b");
  CHECK(market.hint_of("./x.tar") == "name one: ./x.tar//a");
  CHECK(market.open("./x.tar//b").id == "acme/b");
  CHECK(market.failure_of("./x.tar//c") ==
        "input: the buildpack './x.tar//c': there is no buildpack at '//c' in it");
  CHECK(market.hint_of("./x.tar//c") == "there is one at '//a'");
}

TEST_CASE("a source without a buildpack is an error") {
  Market market;
  market.write("x.tar", tar_of({{"README", "x"}}));
  CHECK(market.failure_of("./x.tar") == "input: the buildpack './x.tar': there is no buildpack in it");
  const source::TestRepository repository;
  const std::string commit = repository.write_and_commit({{"README", File{"x"}}});
  CHECK(market.failure_of(repository.path().native() + "/.git#" + commit) ==
        Mentions{"there is no buildpack in it"});
}

TEST_CASE("what is no archive, or a pipe, is an error") {
  Market market;
  market.write("x.tar", "x");
  CHECK(market.failure_of("./x.tar") == Mentions{"it is no tar archive that can be read"});
  fs::create_directory(market.project() / "y.tar");
  CHECK(market.failure_of("./y.tar") == Mentions{"is not a regular file"});
  CHECK(market.failure_of("./z.tar") == Mentions{"No such file"});
}

TEST_CASE("a buildpack comes out of a commit, and once kept needs the repository no more") {
  Market market;
  std::string name;
  fs::path first;
  {
    const source::TestRepository repository;
    const std::string commit =
        repository.write_and_commit({{"packs/own/buildpack.toml", File{descriptor("acme/own")}},
                                     {"packs/own/bin/build", File{script, 0755}},
                                     {"packs/own/bin/detect", File{script, 0755}}});
    name = fmt::format("{}//packs/own#{}", repository.make_bare_copy().native(), commit);
    first = market.open(name).directory;
    CHECK(market.kept_names("git") == std::vector<std::string>{commit});
  }
  CHECK(market.open(name).directory == first);
  CHECK(market.failure_of(name.substr(0, name.size() - 1) + "x") == Mentions{"is no full commit id"});
}

TEST_CASE("the same files have one digest, whatever they came in, and the source is told without a path") {
  Market market;
  const std::string bytes = tar_of(pack_at("own/", "acme/own"));
  market.write("x.tar", bytes);
  write_pack(market.project() / "packs/own", descriptor("acme/own"));
  base::write_file(market.project() / "packs/own/bin/build", script, 0700);
  base::write_file(market.project() / "packs/own/bin/detect", script, 0755);
  const source::TestRepository repository;
  const std::string commit = repository.write_and_commit({{"buildpack.toml", File{descriptor("acme/own")}},
                                                          {"bin/build", File{script, 0755}},
                                                          {"bin/detect", File{script, 0755}}});
  const auto archive = market.use("./x.tar");
  const auto directory = market.use("./packs/own");
  const auto git = market.use(repository.path().native() + "/.git#" + commit);
  const auto shipped = market.use("own");
  CHECK(archive.content == directory.content);
  CHECK(archive.content == git.content);
  CHECK(archive.content != shipped.content);
  CHECK(artifact::name_of(archive.source.kind) == "archive");
  CHECK(archive.source.pin == crypto::sha256(bytes).hex());
  CHECK(artifact::name_of(git.source.kind) == "git");
  CHECK(git.source.pin == commit);
  CHECK(artifact::name_of(directory.source.kind) == "directory");
  CHECK(artifact::name_of(shipped.source.kind) == "shipped");
  for (const auto& use : {archive, directory, git, shipped}) CHECK(use.source.url.empty());
}

TEST_CASE("a URL is told without its query") {
  Market market;
  const std::string bytes = tar_of(pack_at("", "acme/own"));
  market.write("x.tar", bytes);
  market.open(pinned("./x.tar", bytes));
  CHECK(market.use(pinned("https://example.org/x.tar?token=secret", bytes)).source.url ==
        "https://example.org/x.tar");
}

TEST_CASE("what the last bakes did not use is removed") {
  Market market;
  std::vector<std::string> names;
  for (int i = 0; i < 7; ++i) {
    const std::string file = fmt::format("{}.tar", i);
    const std::string bytes = tar_of(pack_at("", fmt::format("acme/{}", i)));
    market.write(file, bytes);
    names.push_back(pinned("./" + file, bytes));
    Sources sources = market.sources();
    sources.open(names.back());
    sources.finish();
  }
  CHECK(market.kept_names("sha256").size() == 5);
  // A bake that uses them again counts once.
  for (int i = 0; i < 9; ++i) {
    Sources sources = market.sources();
    sources.open(names.back());
    sources.finish();
  }
  CHECK(market.kept_names("sha256").size() == 5);
  Sources oldest = market.sources();
  fs::remove(market.project() / "2.tar");
  CHECK(oldest.open(names[2]).id == "acme/2");
}

TEST_CASE("members of a composite are found beside it in what was fetched") {
  Market market;
  const std::string toml =
      "api = \"0.12\"\n[buildpack]\nid = \"acme/all\"\nversion = \"1\"\n[[order]]\n[[order.group]]\nid = "
      "\"acme/a\"\n";
  market.write("x.tar", tar_of(join({{"meta/all/buildpack.toml", toml}}, pack_at("packs/a/", "acme/a"))));
  Sources sources = market.sources();
  const Buildpack all = sources.open("./x.tar//meta/all");
  Store store;
  for (const fs::path& place : sources.beside(all)) store.add_directory(place);
  const Buildpack* member = store.look_up("acme/a");
  REQUIRE(member != nullptr);
  CHECK(artifact::name_of(sources.describe(*member).source.kind) == "archive");
}

TEST_CASE("a buildpackage gives the buildpack that it is about, and the others beside it") {
  Market market;
  Layout layout;
  const std::string manifest =
      layout.image({layer_of("acme/member"), layer_of("acme/main")}, label("acme/main"));
  market.write("x.cnb", layout.seal(manifest));
  Sources sources = market.sources();
  const Buildpack main = sources.open("./x.cnb");
  CHECK(main.describe() == "acme/main@1.2.3");
  Store store;
  for (const fs::path& place : sources.beside(main)) store.add_directory(place);
  CHECK(store.look_up("acme/member") != nullptr);
  CHECK(market.open("./x.cnb//acme_member/1.2.3").id == "acme/member");
  CHECK(base::Dir::open(main.directory.parent_path().parent_path().parent_path()).names() ==
        std::vector<std::string>{"kept.json", "tree"});
}

TEST_CASE("of a buildpackage for several kinds of machines the one for this machine is taken") {
  Market market;
  Layout layout;
  const Machine here = this_machine();
  const auto made_for = [&](const std::string& arch, const std::string& id) {
    std::string descriptor = layout.image({layer_of(id)}, label(id));
    descriptor.pop_back();
    return fmt::format(R"({},"platform":{{"os":"linux","architecture":"{}"}}}})", descriptor, arch);
  };
  const std::string other = made_for("vax", "acme/other");
  const std::string own = made_for(here.arch, "acme/own");
  market.write("x.cnb", layout.seal(other + "," + own));
  CHECK(market.open("./x.cnb").id == "acme/own");
  market.write("y.cnb", layout.seal(other));
  CHECK(market.failure_of("./y.cnb") == Mentions{"it is not made for this machine"});
}

TEST_CASE("what is wrong with a buildpackage is refused") {
  Market market;
  market.write("x.cnb", tar_of(pack_at("", "acme/own")));
  CHECK(market.failure_of("./x.cnb") == Mentions{"'x.cnb' is no buildpackage: it holds no image layout"});

  Layout lying;
  const std::string honest = layer_of("acme/own");
  std::string manifest = lying.image({honest}, label("acme/own"));
  std::string bytes = lying.seal(manifest);
  bytes[bytes.find(honest) + honest.size() - 1] ^= 1;  // the length that gzip writes last
  market.write("x.cnb", bytes);
  CHECK(market.failure_of("./x.cnb").starts_with("input: the buildpack './x.cnb': "));

  Layout deleting;
  manifest = deleting.image({layer_of("acme/own"), tar_of({{"/cnb/.wh.buildpacks", ""}})}, label("acme/own"));
  market.write("x.cnb", deleting.seal(manifest));
  CHECK(market.failure_of("./x.cnb") == Mentions{"'cnb/.wh.buildpacks': a layer deletes what is in another"});

  Layout escaping;
  manifest = escaping.image({tar_of({{"/cnb/buildpacks/a", "../../etc", Type::symlink}})}, label("a"));
  market.write("x.cnb", escaping.seal(manifest));
  CHECK(market.failure_of("./x.cnb") == Mentions{"'a': the link leads out of the tree, to '../../etc'"});

  Layout empty;
  market.write("x.cnb", empty.seal(empty.image({tar_of({{"/etc/x", ""}})}, "{}")));
  CHECK(market.failure_of("./x.cnb") == Mentions{"its image holds no buildpacks, at /cnb/buildpacks"});

  market.write("x.cnb", Layout().seal(R"({"digest":"sha256:../../x","size":1})"));
  CHECK(market.failure_of("./x.cnb") == Mentions{"'sha256:../../x' is no digest of a blob"});
  CHECK(market.kept_names("sha256").empty());
}

}  // namespace sources_test
