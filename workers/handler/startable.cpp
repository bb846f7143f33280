#include "workers/handler/startable.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace simplevisor::handler {
namespace {

using Obstacle = std::optional<std::string>;

constexpr std::size_t line_bytes_max = 256;  // BINPRM_BUF_SIZE
constexpr int scripts_max = 5;  // scripts whose interpreters are scripts, before the kernel says ELOOP

std::error_code system_error(int number) {
  return {number, std::system_category()};
}

std::error_code runnable(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return system_error(errno);
  if (!S_ISREG(status.st_mode)) return system_error(EACCES);
  return ::access(path.c_str(), X_OK) == 0 ? std::error_code{} : system_error(errno);
}

// Nothing: it could not be read, which is no obstacle to whoever runs it.
std::optional<std::string> beginning_of(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return std::nullopt;
  std::array<char, line_bytes_max> bytes{};
  ssize_t size = 0;
  while ((size = ::read(file, bytes.data(), bytes.size())) < 0 && errno == EINTR) {
  }
  ::close(file);
  if (size < 0) return std::nullopt;
  return std::string{bytes.data(), static_cast<std::size_t>(size)};
}

struct ScriptLine {
  std::string interpreter;  // empty where the kernel would not take it
  std::string argument;     // all of it is one
};

// What stands behind "#!"; nothing if there is no "#!".
std::optional<ScriptLine> script_line_in(std::string_view beginning) {
  if (!beginning.starts_with("#!")) return std::nullopt;
  std::string_view line = beginning.substr(2);
  const std::size_t newline = line.find('\n');
  const bool whole = newline != std::string_view::npos || beginning.size() < line_bytes_max;
  line = line.substr(0, newline);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const std::size_t end = line.find_first_of(std::string_view{" \t\0", 3});
  if (end == std::string_view::npos && !whole) return ScriptLine{};
  ScriptLine found{std::string{line.substr(0, end)}, {}};
  std::string_view rest = line.substr(std::min(end, line.size()));
  rest = rest.substr(0, rest.find('\0'));
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  found.argument = rest.substr(0, rest.find_last_not_of(" \t") + 1);
  return found;
}

// Where PATH has the program, if it may be run.
std::optional<std::string> in_path(const std::string& program) {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody changes it
  std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
  for (;;) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    std::string candidate{end == 0 ? "." : rest.substr(0, end)};
    candidate.append("/").append(program);
    if (!runnable(candidate)) return candidate;
    if (end == rest.size()) return std::nullopt;
    rest.remove_prefix(end + 1);
  }
}

// "#!/usr/bin/env PROGRAM": what env(1) would look up. Its options and assignments are its own affair.
Obstacle with_env(const ScriptLine& line) {
  const std::string& program = line.argument;
  if (!line.interpreter.ends_with("/env") || program.empty()) return std::nullopt;
  if (program.starts_with('-') || program.contains('=')) return std::nullopt;
  std::error_code error;
  if (program.contains('/'))
    error = runnable(program);
  else if (!in_path(program))
    error = system_error(ENOENT);
  if (!error) return std::nullopt;
  return fmt::format("its interpreter \"{}\", which env looks for: {}", program, error.message());
}

Obstacle in_script(const std::string& path) {
  std::string script = path;
  for (int n = 0; n < scripts_max; ++n) {
    const auto beginning = beginning_of(script);
    const auto line = beginning ? script_line_in(*beginning) : std::nullopt;
    if (!line) return std::nullopt;
    const std::string& interpreter = line->interpreter;
    if (interpreter.empty()) return "no interpreter that could be run stands behind its \"#!\"";
    if (const auto error = runnable(interpreter)) {
      const bool dos = interpreter.ends_with('\r');
      const std::string_view shown =
          std::string_view{interpreter}.substr(0, interpreter.size() - (dos ? 1 : 0));
      return fmt::format("its interpreter \"{}\"{}: {}", shown,
                         dos ? " (the line ends with a carriage return)" : "", error.message());
    }
    if (auto missing = with_env(*line)) return missing;
    script = interpreter;
  }
  return system_error(ELOOP).message();
}

Obstacle at(const std::string& path) {
  if (const auto error = runnable(path)) return error.message();
  return in_script(path);
}

}  // namespace

std::optional<std::string> why_not_startable(const std::string& program) {
  if (program.contains('/')) return at(program);
  const auto found = in_path(program);
  return found ? in_script(*found) : system_error(ENOENT).message();
}

}  // namespace simplevisor::handler
