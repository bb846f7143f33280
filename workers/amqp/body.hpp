// workers/amqp/body.hpp
//
// A message's body as its frames come in, never more of it than is wanted.
//
// Bounds     a body that is announced larger than `bytes_max` is not kept, but for its beginning. Memory grows with what
//            arrives, not with what was announced.
// Threads    a plain value.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace simplevisor::amqp {

class Body {
 public:
  static constexpr std::size_t kept_of_too_large = std::size_t{64} << 10;

  void start(std::uint64_t announced, std::size_t bytes_max) {
    announced_ = announced;
    got_ = 0;
    too_large_ = announced > bytes_max;
    keep_ = too_large_ ? std::min(kept_of_too_large, bytes_max) : bytes_max;
    bytes_.clear();
    bytes_.reserve(
        static_cast<std::size_t>(std::min<std::uint64_t>(announced, std::min(keep_, reserve_max))));
  }
  // False: more than was announced.
  [[nodiscard]] bool append(std::string_view part) {
    got_ += part.size();
    if (got_ > announced_) return false;
    bytes_ += part.substr(0, keep_ - std::min(keep_, bytes_.size()));
    return true;
  }
  [[nodiscard]] bool complete() const noexcept { return got_ == announced_; }
  [[nodiscard]] bool too_large() const noexcept { return too_large_; }
  [[nodiscard]] std::uint64_t announced() const noexcept { return announced_; }
  [[nodiscard]] std::string take() { return std::exchange(bytes_, {}); }

 private:
  static constexpr std::size_t reserve_max = std::size_t{1} << 20;

  std::uint64_t announced_ = 0;
  std::uint64_t got_ = 0;
  std::size_t keep_ = 0;
  bool too_large_ = false;
  std::string bytes_;
};

}  // namespace simplevisor::amqp
