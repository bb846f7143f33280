#include "supervisor/runtime/words.hpp"

#include <fmt/format.h>

namespace simplevisor::runtime {

std::string in_words(std::chrono::milliseconds duration) {
  using namespace std::chrono_literals;
  const auto count = duration.count();
  if (duration < 1s) return fmt::format("{} ms", count);
  if (duration < 10s && count % 1000 >= 100) return fmt::format("{}.{} s", count / 1000, count % 1000 / 100);
  if (duration < 120s) return fmt::format("{} s", count / 1000);
  if (duration < 120min) return fmt::format("{} min", count / 60'000);
  if (duration < 48h) return fmt::format("{} h", count / 3'600'000);
  return fmt::format("{} d", count / 86'400'000);
}

}  // namespace simplevisor::runtime
