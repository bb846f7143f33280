#include "supervisor/process/find_executable.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace simplevisor::process {

namespace {

// 0, or why this file cannot be executed.
int obstacle(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  if (!S_ISREG(status.st_mode)) return EACCES;
  return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

std::string join(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string{name};
  return fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/", name);
}

Error cannot_execute(int error, const std::string& path) {
  return system_error(error, fmt::format("cannot execute \"{}\"", path));
}

// An element of PATH that is not absolute is relative to the worker's directory.
std::string absolute(std::string_view element, std::string_view directory) {
  if (element.starts_with('/')) return std::string{element};
  std::string base{directory};
  if (base.empty()) {
    char buffer[4096];
    base = ::getcwd(buffer, sizeof buffer) != nullptr ? buffer : ".";
  }
  return element.empty() || element == "." ? base : join(base, element);
}

}  // namespace

Result<std::string> find_executable(std::string_view command, std::string_view path,
                                    std::string_view directory) {
  if (command.empty()) return std::unexpected(Error{Errc::invalid, "the command is empty", {}});
  if (command.contains('/')) {
    std::string file = command.starts_with('/') ? std::string{command} : join(directory, command);
    if (const int error = obstacle(file); error != 0) return std::unexpected(cannot_execute(error, file));
    return file;
  }

  std::string found_but;  // the first file of that name, and why it will not do
  int found_but_error = 0;
  for (std::string_view rest = path;;) {
    const std::size_t colon = rest.find(':');
    std::string file = join(absolute(rest.substr(0, colon), directory), command);
    const int error = obstacle(file);
    if (error == 0) return file;
    if (error != ENOENT && error != ENOTDIR && found_but.empty()) {
      found_but = std::move(file);
      found_but_error = error;
    }
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  if (!found_but.empty()) return std::unexpected(cannot_execute(found_but_error, found_but));
  return std::unexpected(
      Error{Errc::not_found, fmt::format("no program \"{}\" in PATH \"{}\"", command, path), {}});
}

}  // namespace simplevisor::process
