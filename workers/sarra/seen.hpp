// workers/sarra/seen.hpp
//
// What was announced lately, known to all instances of a pool: one file, which all of them open.
//
// Two steps  claim() before the work, confirm() when its result is safe, before the announcement is acknowledged. A single
//            step would lose what an instance that is killed in between had in hand. Whoever meets another's claim is told
//            `busy` and asks again; a claim that is neither confirmed nor released ends after `claim_max`.
// Forgets    after `ttl` since the last sighting; earlier when more than the file's entries are seen: then the oldest of a
//            bucket gives way. What was forgotten, or lost with the power, makes a duplicate, never a loss.
// File       a header of 64 bytes, and buckets of 16 slots of 32 bytes: fingerprint (128 bits of SHA-256), time,
//            claimant, check sum. A slot is one aligned write; one that does not check is free. A file that is none of ours
//            is emptied. Its size is part of its name, so that it can be changed while others still run.
// Lock       flock(2) around each operation, which ends with its holder: the directory must be a local one.
// Errors     the system's, as one line. The caller goes on as if everything were new.
// Time       handed in, of the wall clock, since the file outlives us. What lies in the future is believed only for `ttl`.
// Threads    one at a time; processes any.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace simplevisor::sarra {

class Seen {
 public:
  using Time = std::chrono::sys_time<std::chrono::milliseconds>;
  using Fingerprint = std::array<unsigned char, 16>;
  template <class T>
  using Result = std::expected<T, std::string>;
  enum class Answer : std::uint8_t { fresh, duplicate, busy };

  static constexpr std::size_t slots_of_bucket = 16;

  struct Options {
    std::chrono::milliseconds ttl{300'000};
    std::size_t entries = 262'144;  // rounded up to whole buckets
    std::chrono::milliseconds claim_max{30'000};
  };

  static Result<Seen> open(const std::string& directory, const Options& options);
  Seen(Seen&& other) noexcept;
  Seen& operator=(Seen&&) = delete;
  Seen(const Seen&) = delete;
  Seen& operator=(const Seen&) = delete;
  ~Seen();

  [[nodiscard]] static Fingerprint fingerprint(std::string_view key, std::string_view path);

  // fresh: it is ours now. duplicate: and its time is renewed.
  Result<Answer> claim(const Fingerprint& what, Time now);
  Result<void> confirm(const Fingerprint& what, Time now);
  Result<void> release(const Fingerprint& what);  // nothing happens if it is not our claim

 private:
  struct Slot {
    Fingerprint what{};
    std::int64_t time_ms = 0;
    std::uint32_t claimant = 0;  // 0: confirmed
    std::uint32_t check = 0;
  };
  using Bucket = std::array<Slot, slots_of_bucket>;
  class Locked;

  Seen(int file, std::size_t buckets, std::uint32_t self, const Options& options);
  [[nodiscard]] static std::uint32_t check_of(const Slot& slot);
  [[nodiscard]] std::int64_t offset_of(const Fingerprint& what) const;
  Result<Bucket> read(std::int64_t offset) const;
  Result<void> write(std::int64_t bucket_offset, std::size_t index, Slot slot) const;
  [[nodiscard]] bool counts(const Slot& slot, Time now) const;

  int file_ = -1;
  std::size_t buckets_ = 0;
  std::uint32_t self_ = 0;
  Options options_;
};

}  // namespace simplevisor::sarra
