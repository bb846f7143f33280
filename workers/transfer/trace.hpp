// workers/transfer/trace.hpp
//
// With `debug`: the life of each message, a report for each step. Its number is of this run.
#pragma once

#include <string_view>

#include "workers/transfer/machine.hpp"

namespace simplevisor::transfer {

void trace(const Event& event);  // nothing for what is not about a message
void trace(Ticket ticket, std::string_view what);

}  // namespace simplevisor::transfer
