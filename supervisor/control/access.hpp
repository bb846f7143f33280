// supervisor/control/access.hpp
//
// Who may do what: from the grants of the configuration and the one who asks to a role, for the whole tree or
// for parts of it.
//
// Semantics  Root and the supervisor's own user are administrators. Others get what all grants that are for
//            them say, taken together. Who is granted a part of the tree sees and commands that part only: what
//            lies outside does not exist for him, but for what his own nodes' stories tell of it.
// Threads    pure functions of plain values; resolve() asks the system's user database, which may take long.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/config/model.hpp"
#include "supervisor/runtime/scope.hpp"

namespace simplevisor::control {

using Role = config::Grant::Role;
std::string_view name_of(Role role);

// A grant whose name has been looked up.
struct Rule {
  Role role = Role::read;
  config::Grant::Who who = config::Grant::Who::user;
  unsigned id = 0;   // uid or gid
  std::string path;  // "" for the whole tree
};

// Those that nobody has now are reported and left out: a user who is deleted must not stop the supervisor.
std::vector<Rule> resolve(const std::vector<config::Grant>& grants,
                          const std::function<void(const std::string&)>& report);

struct Peer {
  uid_t uid = 0;
  std::vector<gid_t> groups;  // all of them
};

class Rights {
 public:
  Rights() = default;  // none
  static Rights whole(Role role);
  static Rights of(const Peer& peer, uid_t own, const std::vector<Rule>& rules);

  // Where the role is held; none when nowhere.
  [[nodiscard]] std::optional<runtime::Scope> where(Role role) const;
  // The highest role that is held anywhere.
  [[nodiscard]] std::optional<Role> highest() const;

 private:
  struct Held {
    Role role;
    std::string path;
  };
  std::vector<Held> held_;
};

}  // namespace simplevisor::control
