// A staging root, a source and a shipped buildpack of its own: all that cooking needs.
#pragma once

#include "artifact/read.hh"
#include "bakery/cook.hh"
#include "base/files.hh"
#include "config/layout.hh"
#include "support/archive_draft.hh"
#include "support/tree_literal.hh"
#include "unit/buildpack/workbench.hh"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace bakehouse::bakery {

class Kitchen {
 public:
  explicit Kitchen(config::Mode mode = config::Mode::cooking) {
    const auto layout = config::load_layout("makina", {std::getenv("BAKEHOUSE_LAYOUTS")});
    node::init_root(root(), "shop", mode, layout, std::nullopt);
    std::filesystem::create_directory(source());
    write({{"bake.yaml", support::File{"name: shop\nversion: 1.0.0\n"}}, {"page", support::File{"hello\n"}}});
    set_buildpack({});
    base::write_file(key_file(), key.format().text(), 0600);
  }

  std::filesystem::path root() const { return scratch_.path() / "staging"; }
  std::filesystem::path source() const { return scratch_.path() / "source"; }
  std::filesystem::path run() const { return root() / "run"; }
  // The directory in which a build takes place.
  std::filesystem::path build() const { return root() / "build"; }

  void write(const support::Tree& tree) const { support::make_tree(base::Dir::open(source()), tree); }
  void project(const std::string& text) const { base::write_file(source() / "bake.yaml", text); }
  // Lines for bash that run in the application while it is built.
  void build_by(const std::string& script) const { set_buildpack({.build = "set -e\n" + script}); }

  // `more` are lines below [buildpack].
  void set_buildpack(const buildpack::Scripts& scripts, const std::string& more = "") const {
    buildpack::write_pack(packs() / "test", buildpack::descriptor("test/all") + more, scripts);
  }

  CookOptions options(CookOptions::Then then = CookOptions::Then::stop) const {
    CookOptions made;
    made.source = source();
    made.buildpacks = packs();
    made.key = key_file();
    made.ask_passphrase = [](const std::filesystem::path&) { return crypto::Secret(""); };
    made.then = then;
    return made;
  }
  Cooked cook(const CookOptions& with) { return bakery::cook(node(), with); }
  Cooked cook() { return cook(options()); }
  node::Node node() {
    const auto take = [this](const base::Event& event) {
      using Kind = base::Event::Kind;
      if (event.kind == Kind::phase_started) phases += event.phase + " ";
      if (event.kind == Kind::output) output += event.text + "\n";
      if (event.kind == Kind::note) notes += event.text + "\n";
      if (event.kind == Kind::warning) warnings += event.text + "\n";
    };
    return node::open_node(root(), "/no/helper", {base::system_clock(), take});
  }

  // Opened with the key of this kitchen, and checked to the last byte.
  tree::Manifest manifest_of(const Cooked& cooked) const { return artifact::check(open(cooked)); }
  artifact::Archive open(const Cooked& cooked) const {
    return artifact::open_archive(cooked.archive, support::trust(key));
  }
  std::string releases() const { return support::describe_tree(root() / "releases"); }

  crypto::SecretKey key = crypto::SecretKey::generate();
  std::string phases;
  std::string output;
  std::string notes;
  std::string warnings;

 private:
  std::filesystem::path packs() const { return scratch_.path() / "packs"; }
  std::filesystem::path key_file() const { return scratch_.path() / "shop.key"; }

  base::TempDir scratch_;
};

}  // namespace bakehouse::bakery
