// The counters that a worker writes into a status file. Whatever is in the file, it is a worker's: nothing in it is trusted.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "supervisor/control/unix_socket.hpp"
#include "supervisor/control/worker_files.hpp"

namespace simplevisor::control {
namespace {

namespace json = boost::json;

constexpr std::size_t name_bytes_max = 64;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes_max &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == std::string_view::npos;
}

std::string content_of(const std::string& path) {
  // A FIFO would hold us up, and a device may do anything.
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  std::string content(WorkerSurvey::file_bytes_max + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > WorkerSurvey::file_bytes_max) return "";
  content.resize(size);
  return content;
}

}  // namespace

std::vector<ReportedCounter> read_status_file(const WorkerFiles::StatusFile& file) {
  std::vector<ReportedCounter> counters;
  boost::system::error_code error;
  const json::value value = json::parse(content_of(file.path), error);
  if (error || !value.is_object()) return counters;
  for (const auto& member : value.get_object()) {
    const std::string_view name(member.key().data(), member.key().size());
    if (!is_name(name) || counters.size() == WorkerSurvey::counters_max) continue;
    if (const auto* const number = member.value().if_int64())
      counters.push_back({file.node, std::string(name), *number});
    else if (const auto* const large = member.value().if_uint64())
      counters.push_back({file.node, std::string(name),
                          static_cast<std::int64_t>(
                              std::min<std::uint64_t>(*large, std::numeric_limits<std::int64_t>::max()))});
  }
  return counters;
}

}  // namespace simplevisor::control
