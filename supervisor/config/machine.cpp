// supervisor/config/machine.cpp
#include "supervisor/config/machine.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "supervisor/config/env_file.hpp"
#include "supervisor/config/substitute.hpp"

namespace simplevisor::config {
namespace {

constexpr std::size_t record_bytes_max = 1u << 20;

bool is_number(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string look_at_program(const std::string& path) {
  struct stat status{};
  int error = 0;
  if (::stat(path.c_str(), &status) != 0 || ::access(path.c_str(), X_OK) != 0) error = errno;
  if (error == 0 && !S_ISREG(status.st_mode)) error = EACCES;  // as execve would say
  if (error == 0) return {};
  return fmt::format("\"{}\" cannot be executed now: {}", path, std::generic_category().message(error));
}

// getpwnam_r and getgrnam_r look alike: the record is not wanted, only whether there is one.
template <class Record>
std::string look_up(const std::string& name, std::string_view what,
                    int (*get)(const char*, Record*, char*, std::size_t, Record**)) {
  if (is_number(name)) return {};
  std::vector<char> buffer(4096);
  Record record{};
  Record* found = nullptr;
  int error = 0;
  while ((error = get(name.c_str(), &record, buffer.data(), buffer.size(), &found)) == ERANGE &&
         buffer.size() < record_bytes_max) {
    buffer.resize(2 * buffer.size());
  }
  if (found != nullptr) return {};
  // glibc reports some of "not found" as errors of the files it looked in.
  if (error == 0 || error == ENOENT || error == ESRCH)
    return fmt::format("{} \"{}\" is unknown here", what, name);
  return fmt::format("{} \"{}\" cannot be looked up: {}", what, name, std::generic_category().message(error));
}

std::string look_up_user(const std::string& name) {
  return look_up<passwd>(name, "user", ::getpwnam_r);
}
std::string look_up_group(const std::string& name) {
  return look_up<group>(name, "group", ::getgrnam_r);
}

std::string look_into_env_file(const std::string& path) {
  const auto environment = read_env_file(path);
  return environment ? std::string{} : environment.error().to_string();
}

}  // namespace

void Machine::warn_of(Look look, Findings& known, const std::string& what, Where where,
                      const std::string& key) {
  if (what.empty()) return;
  const auto [found, fresh] = known.try_emplace(what);
  Finding& finding = found->second;
  if (fresh) finding.doubt = look(what);
  if (!finding.doubt.empty() && finding.told.insert(where).second) warnings_.add(where, key, finding.doubt);
}

void Machine::check(const Program& program, const NodeDraft& draft, const std::string& key) {
  const std::string& command = program.command.front();
  const bool fixed = !command.contains("{instance}") && !command.contains("{with}");
  if (command.starts_with('/') && fixed) {
    const Where where = draft.command.value.front().where;
    warn_of(look_at_program, programs_, expand(command, {}, {}), where, key + ".command[0]");
  }
  const Setup& setup = *program.setup;
  warn_of(look_up_user, users_, setup.user, draft.user.where, key + ".user");
  warn_of(look_up_group, groups_, setup.group, draft.group.where, key + ".group");
  warn_of(look_into_env_file, env_files_, setup.env_file, draft.env_file.where, key + ".env_file");
}

}  // namespace simplevisor::config
