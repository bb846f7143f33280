#include "supervisor/process/credentials.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <limits>
#include <optional>
#include <system_error>

namespace simplevisor::process {

namespace {

constexpr std::size_t entry_bytes_max = 1 << 20;  // of one passwd or group entry
constexpr int groups_max = 65536;                 // NGROUPS_MAX of Linux

// The largest value means "unchanged" to the system calls, so it is nobody's id.
template <class Id>
std::optional<Id> parse_id(std::string_view text) {
  Id id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  if (id == std::numeric_limits<Id>::max()) return {};
  return id;
}

// Calls one of the get..._r functions with a buffer that grows as far as is sane. True when there is an
// entry, whose strings lie in `buffer`.
template <class Entry, class Lookup>
Result<bool> look_up(Lookup lookup, Entry& entry, std::string& buffer, std::string_view what) {
  for (buffer.resize(1024); buffer.size() <= entry_bytes_max; buffer.resize(buffer.size() * 4)) {
    Entry* found = nullptr;
    const int error = lookup(&entry, buffer.data(), buffer.size(), &found);
    if (error == EINTR) continue;
    if (error == ERANGE) continue;
    // What "not there" looks like differs between the sources of NSS.
    if (error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM) {
      return found != nullptr;
    }
    return std::unexpected(system_error(error, fmt::format("cannot look up {}", what)));
  }
  return std::unexpected(Error{Errc::system, fmt::format("the entry of {} is too long", what), {}});
}

void set_user(Credentials& credentials, const passwd& entry) {
  credentials.uid = entry.pw_uid;
  credentials.gid = entry.pw_gid;
  credentials.user_name = entry.pw_name;
  credentials.home = entry.pw_dir;
  credentials.shell = entry.pw_shell;
}

Result<bool> look_up_uid(Credentials& credentials, uid_t uid) {
  passwd entry{};
  std::string buffer;
  auto by_id = [uid](auto... rest) { return ::getpwuid_r(uid, rest...); };
  auto found = look_up(by_id, entry, buffer, fmt::format("user {}", uid));
  if (found && *found) set_user(credentials, entry);
  return found;
}

Result<void> resolve_user(Credentials& credentials, const std::string& user) {
  passwd entry{};
  std::string buffer;
  auto by_name = [&user](auto... rest) { return ::getpwnam_r(user.c_str(), rest...); };
  auto found = look_up(by_name, entry, buffer, fmt::format("user \"{}\"", user));
  if (!found) return std::unexpected(found.error());
  if (*found) {
    set_user(credentials, entry);
    return {};
  }
  const auto uid = parse_id<uid_t>(user);
  if (!uid) {
    return std::unexpected(
        Error{Errc::not_found, fmt::format("no user \"{}\" in the user database", user), {}});
  }
  credentials.uid = *uid;
  credentials.gid = *uid;  // until a group is named: never the supervisor's own
  found = look_up_uid(credentials, *uid);
  if (!found) return std::unexpected(found.error());
  return {};
}

Result<gid_t> resolve_group(const std::string& group) {
  ::group entry{};
  std::string buffer;
  auto by_name = [&group](auto... rest) { return ::getgrnam_r(group.c_str(), rest...); };
  const auto found = look_up(by_name, entry, buffer, fmt::format("group \"{}\"", group));
  if (!found) return std::unexpected(found.error());
  if (*found) return entry.gr_gid;
  if (const auto gid = parse_id<gid_t>(group)) return *gid;
  return std::unexpected(
      Error{Errc::not_found, fmt::format("no group \"{}\" in the group database", group), {}});
}

std::vector<gid_t> our_groups() {
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<std::size_t>(std::max(0, count)));
  return groups;
}

std::vector<gid_t> groups_of(const Credentials& credentials) {
  if (credentials.user_name.empty()) return {credentials.gid};
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  while (::getgrouplist(credentials.user_name.c_str(), credentials.gid, groups.data(), &count) < 0) {
    if (count > groups_max || count <= static_cast<int>(groups.size())) return {credentials.gid};
    groups.resize(static_cast<std::size_t>(count));
  }
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

}  // namespace

bool Credentials::are_our_own() const {
  uid_t ids[3];
  if (::getresuid(&ids[0], &ids[1], &ids[2]) != 0) return false;
  if (std::ranges::any_of(ids, [this](uid_t id) { return id != uid; })) return false;
  gid_t gids[3];
  if (::getresgid(&gids[0], &gids[1], &gids[2]) != 0) return false;
  if (std::ranges::any_of(gids, [this](gid_t id) { return id != gid; })) return false;
  // The group itself may or may not be listed among the supplementary ones; it makes no difference.
  auto set_of = [this](std::vector<gid_t> list) {
    list.push_back(gid);
    std::ranges::sort(list);
    list.erase(std::ranges::unique(list).begin(), list.end());
    return list;
  };
  return set_of(our_groups()) == set_of(groups);
}

Result<Credentials> resolve_credentials(std::string_view user, std::string_view group) {
  Credentials credentials;
  if (user.empty()) {
    if (auto known = look_up_uid(credentials, ::geteuid()); !known) return std::unexpected(known.error());
    credentials.uid = ::geteuid();
    credentials.gid = ::getegid();
    credentials.groups = our_groups();
  } else if (auto resolved = resolve_user(credentials, std::string{user}); !resolved) {
    return std::unexpected(resolved.error());
  }
  if (!group.empty()) {
    auto gid = resolve_group(std::string{group});
    if (!gid) return std::unexpected(gid.error());
    credentials.gid = *gid;
  }
  if (!user.empty()) credentials.groups = groups_of(credentials);
  if (user.empty() && !group.empty()) credentials.groups = {credentials.gid};
  return credentials;
}

}  // namespace simplevisor::process
