// workers/consumer/steps.hpp
//
// The moments between two system calls at which being killed leaves different things behind. A hook is told
// each of them; the program sets none, a test sets one that ends the process there.
#pragma once

#include <cstdint>
#include <functional>

namespace simplevisor::consumer {

enum class Step : std::uint8_t {
  locked,          // an element was locked
  offered,         // it was given to the handler
  answered,        // the handler has answered, nothing was done about it yet
  removed,         // done: the element is gone, its record of attempts perhaps not
  remembered,      // failed: the attempt is on record
  moved,           // dead: it is in the dead-letter queue, without its reason
  reason_written,  // dead: its record of attempts is still there
  given_back,      // unlocked
};

inline constexpr int steps_count = 8;

using StepHook = std::function<void(Step)>;

}  // namespace simplevisor::consumer
