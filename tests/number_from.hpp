// tests/number_from.hpp
//
// How much of something a test does: a number from the environment for whoever wants the long one, or the same one again,
// and one that a build can wait for otherwise.
#pragma once

#include <cstdlib>
#include <string>

namespace simplevisor::test {

inline unsigned long number_from(const char* variable, unsigned long otherwise) {
  const char* const text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return text == nullptr ? otherwise : std::stoul(text);
}

}  // namespace simplevisor::test
