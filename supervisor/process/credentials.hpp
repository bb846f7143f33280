// supervisor/process/credentials.hpp
//
// Turns the user and group a configuration names into the numbers a worker runs under.
//
// Semantics  a name is looked up first, so that a user called "1000" would win; decimal digits are a
//            numeric id otherwise, which need not be known to the system. The group defaults to the user's
//            primary group; supplementary groups are the user's, as login(1) would set them. A group alone
//            keeps the supervisor's user and drops its supplementary groups.
// Errors     say which name, and in which database it was looked for.
// Threads    re-entrant lookups, may block on the network where NSS says so: resolve before workers start,
//            never between clone and exec.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "supervisor/process/error.hpp"

namespace simplevisor::process {

struct Credentials {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary; includes gid

  // What the user database says of it; empty when it has no entry.
  std::string user_name;
  std::string home;
  std::string shell;

  // True when a process with our ids needs no change to become this one (an unprivileged supervisor that
  // names its own user): no system call is spent, and none that would be refused.
  [[nodiscard]] bool are_our_own() const;
};

// An empty `user` means ours; both empty: our own credentials.
[[nodiscard]] Result<Credentials> resolve_credentials(std::string_view user, std::string_view group);

}  // namespace simplevisor::process
