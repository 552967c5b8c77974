// A process that is watched and ended with its group: one that we started, or one that an earlier supervisor
// started and left.
#pragma once

#include "base/process.hh"

#include <optional>
#include <string>
#include <variant>

namespace bakehouse::service {

class Child {
 public:
  explicit Child(base::Process process) : process_(std::move(process)) {}
  // nullopt when it has ended, whoever has its number now.
  static std::optional<Child> adopt(const base::ProcessId& id);

  pid_t pid() const;
  // Becomes readable when it has ended.
  const base::Fd& ended() const;
  bool has_ended() const;
  void signal_group(int signal) const;
  // Whoever has the number of an adopted one once it has ended is none of ours: nobody keeps it for us.
  bool is_adopted() const { return std::holds_alternative<Adopted>(process_); }
  // Once it has ended: "exited with status 3". Of one that was adopted only that it "ended": its status was
  // for its parent.
  std::string describe_end();

 private:
  // Nobody's child any more. What ends with a Child that we started lives on here unless it was ended.
  struct Adopted {
    pid_t pid;
    base::Fd pidfd;
  };
  explicit Child(Adopted adopted) : process_(std::move(adopted)) {}

  std::variant<base::Process, Adopted> process_;
};

}  // namespace bakehouse::service
