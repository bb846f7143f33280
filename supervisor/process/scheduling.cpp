#include "supervisor/process/scheduling.hpp"

#include <sched.h>

namespace simplevisor::process {

void be_ordinary() noexcept {
  sched_param parameters{};
  if (::sched_getscheduler(0) != SCHED_FIFO || ::sched_getparam(0, &parameters) != 0) return;
  if (parameters.sched_priority != thread_priority) return;
  parameters.sched_priority = 0;
  ::sched_setscheduler(0, SCHED_OTHER, &parameters);
}

}  // namespace simplevisor::process
