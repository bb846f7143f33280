// A file that somebody has is never touched: it is opened so that it must be new.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <system_error>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/starters.hpp"
#include "supervisor/control/text.hpp"

namespace simplevisor::cli {
namespace {

constexpr mode_t file_mode = 0644;  // as an editor would; secrets belong in files of their own

std::string reason(int error) {
  return std::generic_category().message(error);
}

// An errno, or 0.
int write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

std::optional<Failure> write_new(const std::string& path, std::string_view text) {
  const auto failed = [](std::string message) { return Failure{Exit::failed, "failed", std::move(message)}; };
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file_mode);
  if (file < 0 && errno == EEXIST)
    return Failure{Exit::failed, "exists", fmt::format("{} is there already; it is left as it is", path)};
  if (file < 0) return failed(fmt::format("{} cannot be written: {}", path, reason(errno)));
  int error = write_all(file, text);
  if (::close(file) != 0 && error == 0) error = errno;
  if (error == 0) return std::nullopt;
  ::unlink(path.c_str());  // half of it would be in the way of the next try
  return failed(fmt::format("{} cannot be written: {}", path, reason(error)));
}

}  // namespace

int init(Context& context) {
  const CommandLine& line = context.line;
  Terminal& terminal = context.terminal;
  const auto all = starters();
  const auto starter = std::ranges::find(all, line.kind, &Starter::kind);
  const std::string_view text = (starter == all.end() ? all.front() : *starter).text;
  const std::string path = line.file.empty() ? "simplevisor.toml" : line.file;
  if (path == "-") {
    terminal.out << text << std::flush;
    return code(Exit::done);
  }
  if (const auto failure = write_new(path, text)) return report(*failure, terminal, line.json);
  if (line.json) {
    terminal.out << boost::json::serialize(boost::json::object{{"file", control::clean_utf8(path)}}) << '\n';
  } else {
    const bool usual = line.file.empty();
    terminal.out << fmt::format(
        "{0} is written; next: simplevisor{1} check_configuration, simplevisor{1} start\n", path,
        usual ? "" : " --conf " + path);
  }
  terminal.out << std::flush;
  return code(Exit::done);
}

}  // namespace simplevisor::cli
