// workers/sarra/time.hpp
//
// Times as announcements write them: YYYYMMDDTHHMMSS, with a fraction or without, always UTC.
//
// Reading    the T may be absent (v02). The fraction may have any number of digits, and below 0.1 ms the exponent form with
//            its first digit cut off that sr3 writes: ".23977661e-05". What the fraction is worth is guessed then; it is
//            no reason to lose a message.
// Writing    nine digits of fraction, none for a whole second.
// Errors     nothing: it is no time, or before 1970 or after 2261.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace simplevisor::sarra {

using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

[[nodiscard]] std::optional<Time> parse_time(std::string_view text);
[[nodiscard]] std::string format_time(Time time);

// The T put in, or left out: the text is changed no further.
[[nodiscard]] std::string with_t(std::string_view text);
[[nodiscard]] std::string without_t(std::string_view text);

}  // namespace simplevisor::sarra
