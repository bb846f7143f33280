// supervisor/runtime/words.hpp
//
// Times as people say them: "250 ms", "4.2 s", "90 s", "12 min", "3 h", "5 d".
//
// Threads    pure functions.
#pragma once

#include <chrono>
#include <string>

namespace simplevisor::runtime {

[[nodiscard]] std::string in_words(std::chrono::milliseconds duration);

}  // namespace simplevisor::runtime
