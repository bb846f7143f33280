#include "tests/bench/harness/beacon_fifo.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace simplevisor::bench {

namespace {

constexpr int capacity_bytes = 1 << 20;  // what an unprivileged process may ask for (fs.pipe-max-size)

// Milliseconds for poll(2), rounded up so that a wait never ends before its time.
int poll_timeout(Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

}  // namespace

std::unexpected<Error> fail_errno(std::string what) {
  const int error = errno;
  return fail(Errc::system_call, fmt::format("{}: {}", what, std::strerror(error)));
}

Result<BeaconFifo> BeaconFifo::create(const std::string& path) {
  if (::mkfifo(path.c_str(), 0600) != 0) return fail_errno("mkfifo " + path);
  BeaconFifo fifo;
  fifo.reader_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  fifo.writer_ = UniqueFd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fifo.reader_ || !fifo.writer_) return fail_errno("open " + path);
  if (::fcntl(fifo.reader_.get(), F_SETPIPE_SZ, capacity_bytes) < 0) return fail_errno("F_SETPIPE_SZ");
  return fifo;
}

Result<void> BeaconFifo::read_into(std::vector<Beacon>& beacons) {
  std::array<Beacon, 4096> buffer;
  for (;;) {
    const ssize_t got = ::read(reader_.get(), buffer.data(), sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 || (got < 0 && errno == EAGAIN)) return {};
    if (got < 0) return fail_errno("reading beacons");
    const auto count = static_cast<std::size_t>(got) / sizeof(Beacon);
    beacons.insert(beacons.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count));
    if (count < buffer.size()) return {};
  }
}

void BeaconFifo::wait(Clock::time_point until) const {
  pollfd item{reader_.get(), POLLIN, 0};
  ::poll(&item, 1, poll_timeout(until));
}

bool BeaconFifo::all_gone(Clock::time_point until) {
  // The reader sees end of file even behind unread beacons (of workers that were restarted meanwhile) only
  // after these are read, so they are thrown away here.
  std::vector<Beacon> ignored;
  do {
    pollfd item{reader_.get(), POLLIN, 0};
    if (::poll(&item, 1, poll_timeout(until)) < 0) return false;
    if (item.revents == POLLHUP) return true;
    if ((item.revents & POLLIN) != 0 && !read_into(ignored)) return false;
    ignored.clear();
  } while (Clock::now() < until);
  return false;
}

}  // namespace simplevisor::bench
