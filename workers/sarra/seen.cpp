#include "workers/sarra/seen.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <utility>

#include "workers/sarra/digest.hpp"

namespace simplevisor::sarra {
namespace {

using Failed = std::unexpected<std::string>;

constexpr std::size_t header_bytes = 64;
constexpr std::string_view magic = "simplevisor seen 1\n";

Failed failed(std::string_view call) {
  return Failed(fmt::format("{}: {}", call, std::strerror(errno)));
}

// Whole or not at all; a file that ends before reads as nothing, which is what was never written.
bool read_at(int file, void* to, std::size_t size, std::int64_t offset) {
  auto* bytes = static_cast<char*>(to);
  std::memset(bytes, 0, size);
  while (size > 0) {
    const ssize_t got = ::pread(file, bytes, size, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    bytes += got;
    offset += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool write_at(int file, const void* from, std::size_t size, std::int64_t offset) {
  ssize_t put = 0;
  while ((put = ::pwrite(file, from, size, offset)) < 0 && errno == EINTR) {
  }
  if (put >= 0 && static_cast<std::size_t>(put) != size) errno = ENOSPC;
  return put >= 0 && static_cast<std::size_t>(put) == size;
}

bool lock(int file) {
  int done = 0;
  while ((done = ::flock(file, LOCK_EX)) < 0 && errno == EINTR) {
  }
  return done == 0;
}

// Requires the lock.
bool prepare(int file) {
  std::array<char, header_bytes> header{};
  if (!read_at(file, header.data(), header.size(), 0)) return false;
  if (std::string_view{header.data(), magic.size()} == magic) return true;
  if (::ftruncate(file, 0) != 0) return false;
  header.fill(0);
  std::ranges::copy(magic, header.begin());
  return write_at(file, header.data(), header.size(), 0);
}

}  // namespace

class Seen::Locked {
 public:
  explicit Locked(int file) : file_{lock(file) ? file : -1} {}
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
  ~Locked() {
    if (file_ >= 0) ::flock(file_, LOCK_UN);
  }
  explicit operator bool() const { return file_ >= 0; }

 private:
  int file_;
};

Seen::Seen(int file, std::size_t buckets, std::uint32_t self, const Options& options)
    : file_{file}, buckets_{buckets}, self_{self}, options_{options} {}

Seen::Seen(Seen&& other) noexcept
    : file_{std::exchange(other.file_, -1)},
      buckets_{other.buckets_},
      self_{other.self_},
      options_{other.options_} {}

Seen::~Seen() {
  if (file_ >= 0) ::close(file_);
}

auto Seen::open(const std::string& directory, const Options& options) -> Result<Seen> {
  const std::size_t buckets =
      std::max<std::size_t>(1, (options.entries + slots_of_bucket - 1) / slots_of_bucket);
  const std::string path = fmt::format("{}/seen-{}", directory, buckets * slots_of_bucket);
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
  if (file < 0) return failed("open " + path);
  std::uint32_t self = 0;
  for (std::random_device random; self == 0;) self = random();
  Seen made{file, buckets, self, options};
  struct stat status{};
  if (::fstat(file, &status) != 0) return failed("stat " + path);
  if (!S_ISREG(status.st_mode)) return Failed(fmt::format("{}: not a regular file", path));
  const Locked locked{file};
  if (!locked) return failed("flock " + path);
  if (!prepare(file)) return failed("write " + path);
  return made;
}

Seen::Fingerprint Seen::fingerprint(std::string_view key, std::string_view path) {
  std::string both{key};
  both += '\0';
  both += path;
  Fingerprint result{};
  const std::string bytes = digest("sha256", both).value_or("");
  std::copy_n(bytes.begin(), std::min(bytes.size(), result.size()), result.begin());
  return result;
}

// FNV-1a: against halves of writes, not against anybody.
std::uint32_t Seen::check_of(const Slot& slot) {
  std::uint32_t check = 2'166'136'261U;
  const auto mix = [&check](const void* data, std::size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < size; ++i) check = (check ^ bytes[i]) * 16'777'619U;
  };
  mix(slot.what.data(), slot.what.size());
  mix(&slot.time_ms, sizeof slot.time_ms);
  mix(&slot.claimant, sizeof slot.claimant);
  return check;
}

std::int64_t Seen::offset_of(const Fingerprint& what) const {
  std::uint64_t number = 0;
  std::memcpy(&number, what.data(), sizeof number);
  return static_cast<std::int64_t>(header_bytes + number % buckets_ * sizeof(Bucket));
}

auto Seen::read(std::int64_t offset) const -> Result<Bucket> {
  Bucket bucket;
  if (!read_at(file_, bucket.data(), sizeof bucket, offset)) return failed("reading what was seen");
  return bucket;
}

auto Seen::write(std::int64_t bucket_offset, std::size_t index, Slot slot) const -> Result<void> {
  slot.check = check_of(slot);
  static_assert(sizeof(Slot) == 32);
  if (!write_at(file_, &slot, sizeof slot, bucket_offset + static_cast<std::int64_t>(index * sizeof slot))) {
    return failed("writing what was seen");
  }
  return {};
}

bool Seen::counts(const Slot& slot, Time now) const {
  if (slot.check != check_of(slot)) return false;
  const std::int64_t age_ms = now.time_since_epoch().count() - slot.time_ms;
  const auto lasts = slot.claimant == 0 ? options_.ttl : options_.claim_max;
  return age_ms < lasts.count() && age_ms > -lasts.count();
}

auto Seen::claim(const Fingerprint& what, Time now) -> Result<Answer> {
  const Locked locked{file_};
  if (!locked) return failed("locking what was seen");
  const std::int64_t offset = offset_of(what);
  const auto bucket = read(offset);
  if (!bucket) return Failed(bucket.error());
  std::size_t chosen = 0;
  std::int64_t oldest = INT64_MAX;
  for (std::size_t i = 0; i < bucket->size(); ++i) {
    const Slot& slot = (*bucket)[i];
    const bool alive = counts(slot, now);
    if (alive && slot.what == what) {
      if (slot.claimant != 0) return Answer::busy;
      if (auto done = write(offset, i, Slot{what, now.time_since_epoch().count(), 0, 0}); !done) {
        return Failed(done.error());
      }
      return Answer::duplicate;
    }
    if (const std::int64_t time = alive ? slot.time_ms : INT64_MIN; time < oldest) {
      oldest = time;
      chosen = i;
    }
  }
  if (auto done = write(offset, chosen, Slot{what, now.time_since_epoch().count(), self_, 0}); !done) {
    return Failed(done.error());
  }
  return Answer::fresh;
}

auto Seen::confirm(const Fingerprint& what, Time now) -> Result<void> {
  const Locked locked{file_};
  if (!locked) return failed("locking what was seen");
  const std::int64_t offset = offset_of(what);
  const auto bucket = read(offset);
  if (!bucket) return Failed(bucket.error());
  std::size_t chosen = 0;
  std::int64_t oldest = INT64_MAX;
  for (std::size_t i = 0; i < bucket->size(); ++i) {
    const Slot& slot = (*bucket)[i];
    const bool valid = slot.check == check_of(slot);
    if (valid && slot.what == what) return write(offset, i, Slot{what, now.time_since_epoch().count(), 0, 0});
    if (const std::int64_t time = counts(slot, now) ? slot.time_ms : INT64_MIN; time < oldest) {
      oldest = time;
      chosen = i;
    }
  }
  // The claim had to give way to others, and what it was for has happened all the same.
  return write(offset, chosen, Slot{what, now.time_since_epoch().count(), 0, 0});
}

auto Seen::release(const Fingerprint& what) -> Result<void> {
  const Locked locked{file_};
  if (!locked) return failed("locking what was seen");
  const std::int64_t offset = offset_of(what);
  const auto bucket = read(offset);
  if (!bucket) return Failed(bucket.error());
  for (std::size_t i = 0; i < bucket->size(); ++i) {
    const Slot& slot = (*bucket)[i];
    if (slot.check == check_of(slot) && slot.what == what && slot.claimant == self_)
      return write(offset, i, Slot{});
  }
  return {};
}

}  // namespace simplevisor::sarra
