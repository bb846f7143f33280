#include "supervisor/control/access.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <charconv>

namespace simplevisor::control {
namespace {

using Who = config::Grant::Who;

constexpr std::size_t entry_bytes_max = std::size_t{1} << 20;  // of one user or group with all its members

std::optional<unsigned> number_in(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Calls one of get{pw,gr}nam_r, with as much room as it wants.
template <class Entry, class Lookup>
std::optional<Entry> look_up(const std::string& name, Lookup lookup) {
  for (std::string room(1024, '\0'); room.size() <= entry_bytes_max; room.resize(room.size() * 4)) {
    Entry entry{};
    Entry* found = nullptr;
    const int error = lookup(name.c_str(), &entry, room.data(), room.size(), &found);
    if (error == ERANGE) continue;
    if (error != 0 || found == nullptr) return std::nullopt;
    return entry;
  }
  return std::nullopt;
}

std::optional<unsigned> id_of(const config::Grant& grant) {
  if (grant.who == Who::everybody) return 0;
  if (const auto number = number_in(grant.name)) return number;
  if (grant.who == Who::group) {
    const auto group = look_up<::group>(grant.name, ::getgrnam_r);
    return group ? std::optional<unsigned>(group->gr_gid) : std::nullopt;
  }
  const auto user = look_up<::passwd>(grant.name, ::getpwnam_r);
  return user ? std::optional<unsigned>(user->pw_uid) : std::nullopt;
}

bool is_for(const Rule& rule, const Peer& peer) {
  switch (rule.who) {
    case Who::everybody:
      return true;
    case Who::user:
      return rule.id == peer.uid;
    case Who::group:
      return std::ranges::find(peer.groups, rule.id) != peer.groups.end();
  }
  return false;
}

}  // namespace

std::string_view name_of(Role role) {
  switch (role) {
    case Role::read:
      return "read";
    case Role::operate:
      return "operate";
    case Role::admin:
      return "admin";
  }
  return {};
}

std::vector<Rule> resolve(const std::vector<config::Grant>& grants,
                          const std::function<void(const std::string&)>& report) {
  std::vector<Rule> rules;
  for (const config::Grant& grant : grants) {
    if (const auto id = id_of(grant)) {
      rules.push_back({grant.role, grant.who, *id, grant.path});
      continue;
    }
    report(fmt::format("there is no {} {}: the grant of \"{}\" is for nobody",
                       grant.who == Who::group ? "group" : "user", grant.name, name_of(grant.role)));
  }
  return rules;
}

Rights Rights::whole(Role role) {
  Rights rights;
  rights.held_.push_back({role, ""});
  return rights;
}

Rights Rights::of(const Peer& peer, uid_t own, const std::vector<Rule>& rules) {
  if (peer.uid == 0 || peer.uid == own) return whole(Role::admin);
  Rights rights;
  for (const Rule& rule : rules) {
    if (is_for(rule, peer)) rights.held_.push_back({rule.role, rule.path});
  }
  return rights;
}

std::optional<runtime::Scope> Rights::where(Role role) const {
  std::vector<std::string> subtrees;
  for (const Held& held : held_) {
    if (held.role < role) continue;
    if (held.path.empty()) return runtime::Scope{};
    subtrees.push_back(held.path);
  }
  if (subtrees.empty()) return std::nullopt;
  return runtime::Scope{std::move(subtrees)};
}

std::optional<Role> Rights::highest() const {
  const auto best = std::ranges::max_element(held_, {}, &Held::role);
  return best == held_.end() ? std::nullopt : std::optional(best->role);
}

}  // namespace simplevisor::control
