#include "service/mount_unit.hh"

#include "base/files.hh"
#include "service/systemd_control.hh"
#include "service/unit_text.hh"

#include <fmt/format.h>

#include <string>

namespace bakehouse::service {
namespace {

namespace fs = std::filesystem;

constexpr const char* directory = "/etc/systemd/system";
const SystemdControl& control() {
  static const SystemdControl of_system(UnitSettings::Scope::system);
  return of_system;
}

bool stands_for_itself(char c, bool is_first) {
  if (c == '.') return !is_first;
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' || c == '_';
}

// As `systemd-escape --path` has it: the name of a mount unit says where it is mounted.
fs::path unit_of(const fs::path& where) {
  std::string name;
  const fs::path below_root = where.relative_path();
  for (const char c : below_root.native()) {
    if (c == '/') {
      name += '-';
    } else if (stands_for_itself(c, name.empty())) {
      name += c;
    } else {
      name += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return fs::path(directory) / (name + ".mount");
}

}  // namespace

bool systemd_runs() { return fs::is_directory("/run/systemd/system"); }

void bind_by_unit(const fs::path& what, const fs::path& where) {
  const fs::path unit = unit_of(where);
  base::write_file(
      unit, fmt::format("# Made by `bake edit`; `bake edit --off` removes it.\n[Unit]\n"
                        "Description=What is edited is what runs\n\n[Mount]\nWhat={}\nWhere={}\n"
                        "Type=none\nOptions=bind\nLazyUnmount=yes\n\n[Install]\nWantedBy=local-fs.target\n",
                        unit_path(what), unit_path(where)));
  control().call({"daemon-reload"});
  control().call({"--quiet", "enable", "--now", unit.filename().native()});
}

void unbind_by_unit(const fs::path& where) {
  const fs::path unit = unit_of(where);
  if (!fs::exists(unit)) return;
  control().call({"--quiet", "disable", "--now", unit.filename().native()});
  fs::remove(unit);
  control().call({"daemon-reload"});
}

}  // namespace bakehouse::service
