// workers/dirq/name.hpp
//
// The name of an element: DDDDDDDD/EEEEEEEEEEEEEE, 8 and 14 lower-case hexadecimal digits, 23 bytes in all.
//
// Semantics  the directory part is the second it was opened for; the element part is 8 digits of seconds, 5
//            of microseconds and one random digit, so names sort in time order (for one writer; no writer's
//            order below one second may be relied upon).
// Form       held as two numbers: a name that is not of the form above cannot be built, so no path is ever
//            made from unchecked text, and byte order of the text is order of the numbers.
// Threads    a plain value.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace simplevisor::dirq {

struct ElementName {
  static constexpr std::size_t length = 23;
  static constexpr std::uint64_t element_limit = std::uint64_t{1} << 56U;

  std::uint32_t directory = 0;
  std::uint64_t element = 0;  // < element_limit

  // Nothing unless `text` has exactly the form above; upper-case digits do not.
  static std::optional<ElementName> parse(std::string_view text) noexcept;

  [[nodiscard]] std::string str() const;

  // The moment written into the element part.
  [[nodiscard]] std::chrono::system_clock::time_point time() const noexcept;

  friend auto operator<=>(const ElementName&, const ElementName&) = default;
};

// The parts as file names. NUL-terminated and on the stack: these are built for every system call.
using DirectoryText = std::array<char, 9>;
using ElementText = std::array<char, 19>;  // room for a suffix of four

DirectoryText directory_text(std::uint32_t directory) noexcept;
ElementText element_text(std::uint64_t element,
                         std::string_view suffix = {}) noexcept;  // suffix: at most 4 bytes

std::optional<std::uint32_t> parse_directory(std::string_view text) noexcept;
std::optional<std::uint64_t> parse_element(std::string_view text) noexcept;

// Draws names: the clock and one digit that stays the same for the life of a queue object.
std::uint64_t element_at(std::int64_t seconds, std::uint32_t microseconds, unsigned rndhex) noexcept;
std::uint32_t directory_at(std::int64_t seconds, std::int64_t granularity) noexcept;

}  // namespace simplevisor::dirq
