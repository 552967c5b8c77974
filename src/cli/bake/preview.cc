#include "cli/bake/preview.hh"

#include "bakery/push_record.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "config/identity.hh"
#include "config/limits.hh"
#include "config/node_settings.hh"
#include "node/control.hh"
#include "node/release_tree.hh"
#include "node/run_place.hh"
#include "source/remote.hh"
#include "text/json.hh"
#include "text/yaml.hh"

#include <fmt/format.h>

#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace bakehouse::cli {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using text::Value;

constexpr const char* mark = "preview.json";

std::optional<base::Fd> hold_port(uint16_t port) {
  base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return std::nullopt;
  return socket;
}

// Ports in a row that nobody listens at, below those that the system gives to outgoing connections.
class FreePorts {
 public:
  uint16_t take(int count) {
    constexpr uint16_t last = 32000;
    std::vector<base::Fd> row;
    for (; next_ < last; ++next_) {
      if (auto held = hold_port(next_)) {
        row.push_back(std::move(*held));
      } else {
        row.clear();
      }
      if (static_cast<int>(row.size()) == count) return static_cast<uint16_t>(++next_ - count);
    }
    throw Error(Fault::refused, "no port of this machine is free between 20000 and 32000",
                "end what listens there");
  }

 private:
  uint16_t next_ = 20000;
};

// The member of that name, made when there is none.
Value& member_of(Value& map, const std::string& name) {
  if (map.find(name) == nullptr || !map.find(name)->is_map()) map.set(name, Value::map());
  for (auto& [key, value] : map.members())
    if (key == name) return value;
  return map;  // never: it was set
}

void give_ports(Value& file, const config::Project& project) {
  FreePorts ports;
  for (const auto& [name, settings] : project.processes) {
    Value& process = member_of(member_of(file, "processes"), name);
    if (settings.port) process.set("port", int64_t{ports.take(settings.count.value_or(1))});
    if (settings.socket) process.set("socket", fmt::format("127.0.0.1:{}", ports.take(1)));
  }
}

config::Project project_in_service(const node::Node& like) {
  const auto deployment = node::deployment_in_run(like);
  if (deployment) return node::read_configuration(like, *deployment);
  throw Error(
      Fault::input,
      fmt::format("nothing is deployed in '{}', and its processes are not known", like.root.path.native()),
      "deploy a branch there first");
}

std::string slug_of(const std::string& branch) {
  std::string slug;
  for (const char c : branch) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
    slug += is_plain ? c : '-';
  }
  return slug;
}

void copy_tree(const fs::path& from, const fs::path& to) {
  if (!fs::exists(from)) return;
  fs::create_directories(to.parent_path());
  fs::copy(
      from, to,
      fs::copy_options::recursive | fs::copy_options::copy_symlinks | fs::copy_options::overwrite_existing);
}

}  // namespace

fs::path preview_place(const Preview& preview) {
  const fs::path& like = preview.like.root.path;
  return like.parent_path() / (like.filename().native() + "-" + slug_of(preview.branch));
}

std::string preview_node_file(const Preview& preview, const std::string& environment) {
  const fs::path file = config::node_file_of(preview.like.root);
  Value value = text::parse_yaml(base::read_file_if_any(file, config::largest_configuration).value_or(""),
                                 file.native());
  if (!value.is_map()) value = Value::map();
  std::erase_if(value.members(), [](const auto& member) {
    return member.first == "configuration" || member.first == "notify" || member.first == "logging";
  });
  give_ports(value, project_in_service(preview.like));
  member_of(value, "services").set("driver", "supervisor");
  value.set("environment", environment);
  value.set("push", Value::map({{"branches", Value::map({{preview.branch, environment}})}}));
  return text::to_yaml(value);
}

void fill_preview(const Preview& preview, const config::Root& fresh) {
  const config::Root& like = preview.like.root;
  const fs::path remote = bakery::remote_path(like, "project");
  const std::string ref = "refs/heads/" + preview.branch;
  if (!source::Remote::open(remote).commit_of(ref)) {
    throw Error(Fault::input,
                fmt::format("'{}' has no branch '{}'", remote.native(), base::printable(preview.branch)),
                "push it there with `git push -o skip-deploy`");
  }
  for (const char* name : {"project", "pillar"})
    copy_tree(bakery::remote_path(like, name), bakery::remote_path(fresh, name));
  base::write_file(bakery::remote_path(fresh, "project") / "HEAD", fmt::format("ref: {}\n", ref));
  copy_tree(like.at(like.layout.pillar), fresh.at(fresh.layout.pillar));
  // What is sealed to the other one is to be read here, too: it is the same machine, and the same owner.
  if (fs::exists(config::identity_file(like)))
    fs::copy_file(config::identity_file(like), config::identity_file(fresh),
                  fs::copy_options::overwrite_existing);
  const Value facts = Value::map({{"branch", preview.branch}, {"like", like.path.native()}});
  base::write_file(fresh.state() / mark, text::to_json(facts) + "\n");
}

void remove_preview(const node::Node& node) {
  if (!fs::exists(node.root.state() / mark)) {
    throw Error(Fault::refused, fmt::format("'{}' is no preview of a branch", node.root.path.native()),
                "remove what somebody relies on by hand, after `release stop`");
  }
  node::stop_processes(node, {});
  // What says that it is a preview goes last: whoever is interrupted can do it again.
  for (const std::string& name : node.dir.names())
    if (name != ".bakehouse") node.dir.remove_tree(base::TreePath::parse(name));
  node.dir.remove_tree(base::TreePath::parse(".bakehouse"));
  std::error_code ignored;
  fs::remove(node.root.path, ignored);
}

}  // namespace bakehouse::cli
