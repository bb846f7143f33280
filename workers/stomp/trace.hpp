// workers/stomp/trace.hpp
//
// Frames as they pass, told to somebody who looks for a mistake: command, headers, size of the body.
//
// Secrets    login and passcode are masked; of bodies the size alone is told, since they may hold anything.
// Bounds     a line of a frame is cut; how many there are is up to who asked for them.
#pragma once

#include <functional>
#include <string_view>

#include "workers/stomp/frame.hpp"

namespace simplevisor::stomp {

struct Trace {
  bool headers = false;
  std::function<void(std::string_view line)> tell = {};  // required
};

// `frames`: as they are written, whole ones.
void trace_sent(std::string_view where, std::string_view frames, const Trace& trace);
void trace_received(std::string_view where, const Frame& frame, const Trace& trace);

}  // namespace simplevisor::stomp
