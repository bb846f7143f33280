#include "supervisor/control/own_process.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string_view>

#include "supervisor/control/unix_socket.hpp"

namespace simplevisor::control {
namespace {

using std::chrono::nanoseconds;

nanoseconds time_of(const timespec& time) {
  return std::chrono::seconds{time.tv_sec} + nanoseconds{time.tv_nsec};
}

std::optional<nanoseconds> clock_time(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return {};
  return time_of(time);
}

// Fields of /proc/self/stat by proc(5)'s numbers. The second, the name, may hold anything; it ends at the last ")".
constexpr int field_threads = 20;
constexpr int field_started = 22;
constexpr int field_virtual = 23;
constexpr int field_resident = 24;

// `ticks` since boot, in which the time of a suspended machine counts. The same at every question.
std::optional<std::chrono::system_clock::time_point> start_of(std::uint64_t ticks) {
  static const auto started = [&]() -> std::optional<std::chrono::system_clock::time_point> {
    const auto since_boot = clock_time(CLOCK_BOOTTIME);
    if (!since_boot) return {};
    const nanoseconds tick = nanoseconds{std::chrono::seconds{1}} / ::sysconf(_SC_CLK_TCK);
    const nanoseconds age = *since_boot - tick * static_cast<std::int64_t>(ticks);
    return std::chrono::system_clock::now() -
           std::chrono::duration_cast<std::chrono::system_clock::duration>(age);
  }();
  return started;
}

void read_stat(OwnProcess& process) {
  const Fd file(::open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> buffer{};
  const ssize_t size = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
  if (size <= 0) return;
  std::string_view text(buffer.data(), static_cast<std::size_t>(size));
  text.remove_prefix(std::min(text.rfind(')') + 1, text.size()));
  for (int field = 3; field <= field_resident; ++field) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    std::uint64_t value = 0;
    if (std::from_chars(word.data(), word.data() + word.size(), value).ec != std::errc{}) continue;
    if (field == field_threads) process.threads = value;
    if (field == field_virtual) process.virtual_bytes = value;
    if (field == field_resident)
      process.resident_bytes = value * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    if (field == field_started) process.started = start_of(value);
  }
}

std::optional<std::uint64_t> count_descriptors() {
  struct stat directory{};
  if (::stat("/proc/self/fd", &directory) != 0) return {};
  if (directory.st_size > 0) return static_cast<std::uint64_t>(directory.st_size);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir("/proc/self/fd"), ::closedir);
  if (!listing) return {};
  std::uint64_t count = 0;
  while (const dirent* const entry = ::readdir(listing.get())) {
    if (entry->d_name[0] != '.') ++count;
  }
  return count - 1;  // the one of the listing
}

}  // namespace

OwnProcess own_process() {
  OwnProcess process;
  process.cpu = clock_time(CLOCK_PROCESS_CPUTIME_ID);
  read_stat(process);
  process.descriptors = count_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    process.descriptors_max = limit.rlim_cur;
  return process;
}

}  // namespace simplevisor::control
