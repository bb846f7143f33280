#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "supervisor/cli/commands.hpp"

namespace simplevisor::cli {
namespace {

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// The rename would put a file into the place of a device, a FIFO or somebody's link.
bool something_else_is_there(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

// Readers see the old file or the new one. It is not synchronised: after a crash of the machine a new one is written soon. The
// unfinished one has a name that no collector reads.
std::expected<void, Failure> replace_file(const std::string& path, std::string_view text) {
  const auto cannot = [&](std::string_view why) {
    return std::unexpected(Failure{Exit::failed, "failed", fmt::format("cannot write {}: {}", path, why)});
  };
  const auto failed = [&](int error) { return cannot(std::strerror(error)); };
  if (something_else_is_there(path)) return cannot("it is there and no regular file");
  std::string unfinished = path + ".XXXXXX";
  const control::Fd file(::mkostemp(unfinished.data(), O_CLOEXEC));
  if (!file) return failed(errno);
  constexpr mode_t for_everybody_to_read = 0644;
  if (::fchmod(file.get(), for_everybody_to_read) == 0 && write_all(file.get(), text) &&
      std::rename(unfinished.c_str(), path.c_str()) == 0)
    return {};
  const int error = errno;
  ::unlink(unfinished.c_str());
  return failed(error);
}

std::string reachable(bool value) {
  return fmt::format(
      "# TYPE simplevisor_reachable gauge\n# HELP simplevisor_reachable 0 when the supervisor did not "
      "answer.\n"
      "simplevisor_reachable {}\n",
      value ? 1 : 0);
}

int write_textfile(Context& context, const std::expected<std::string, Failure>& text) {
  const CommandLine& line = context.line;
  // A supervisor that is down must not look as it did when it was well.
  if (!text && !text.error().unreached) return report(text.error(), context.terminal, line.json);
  const auto written = replace_file(line.textfile, text ? *text + reachable(true) : reachable(false));
  if (!written) return report(written.error(), context.terminal, line.json);
  return text ? code(Exit::done) : report(text.error(), context.terminal, line.json);
}

}  // namespace

int metrics(Context& context) {
  const bool to_file = !context.line.textfile.empty();
  const auto asker = asker_for(context);
  if (!asker) return report(asker.error(), context.terminal, context.line.json);
  const auto text = asker->text(to_file ? "/metrics?format=text" : "/metrics");
  if (to_file) return write_textfile(context, text);
  if (!text) return report(text.error(), context.terminal, context.line.json);
  context.terminal.out << *text << std::flush;
  return code(Exit::done);
}

}  // namespace simplevisor::cli
