// supervisor/process/give_way.hpp
//
// For threads whose work can wait a little, so that a worker that dies or is started, and the loop that sees to it, need not
// wait for them.
//
// Semantics  nice 19, and slices of 0.1 ms where the kernel knows them (6.12): whoever wakes up meanwhile runs after that
//            time instead of at the next tick. Not SCHED_IDLE: an unprivileged thread could not leave it, and one that holds
//            a lock must get its turn on a busy machine too.
// Errors     none: a thread that is not allowed to is as fast as before.
// Threads    is about the calling one; threads and processes it makes inherit it.
#pragma once

namespace simplevisor::process {

void give_way();

}  // namespace simplevisor::process
