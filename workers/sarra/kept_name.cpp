#include "workers/sarra/kept_name.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "workers/service/report.hpp"

namespace simplevisor::sarra {
namespace {

using service::ExitCode;
using service::fail;

std::unexpected<service::Error> cannot_keep(const std::string& path) {
  const int error = errno;
  return fail(service::of_making(error), fmt::format("{}: {}", path, std::strerror(error)));
}

}  // namespace

std::optional<std::string> name_in(const std::string& path) {
  std::ifstream in{path};
  std::string name;
  // What the broker would not take is no name either: an instance that asked for it would try for ever.
  if (!std::getline(in, name) || name.empty() || name.size() > name_bytes_max ||
      service::printable(name) != name)
    return std::nullopt;
  return name;
}

service::Result<std::string> kept_name(const std::string& path, const std::string& chosen) {
  if (auto name = name_in(path)) return *std::move(name);
  const std::string temporary = fmt::format("{}.{}", path, ::getpid());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (file < 0) return cannot_keep(temporary);
  const std::string line = chosen + '\n';
  const bool written =
      ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(file) == 0;
  if (::close(file) != 0 || !written) return cannot_keep(temporary);
  // Never over another's: who comes second takes what is there.
  const bool kept = ::link(temporary.c_str(), path.c_str()) == 0;
  const int error = errno;
  ::unlink(temporary.c_str());
  if (!kept && error != EEXIST) {
    errno = error;
    return cannot_keep(path);
  }
  if (auto name = name_in(path)) return *std::move(name);
  return fail(ExitCode::data, fmt::format("{}: holds no queue name", path));
}

}  // namespace simplevisor::sarra
