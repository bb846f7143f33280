// supervisor/control/insight.hpp
//
// What an administrator asks when something is wrong: how a worker's lives ended, why it is as it is, what comes next, and
// who will be hit if it goes on.
//
// Semantics  the outlook follows rules 13, 16 to 19, 25 and 37 to 41 of docs/otp-semantics.md.
// Threads    any: reads values, the recorder, and the worker's log file. Not the supervision thread's work.
#pragma once

#include <string>
#include <vector>

#include "supervisor/runtime/journal/recorder.hpp"
#include "supervisor/runtime/service.hpp"

namespace simplevisor::control {

// One node with those above it.
struct Lineage {
  std::vector<runtime::NodeStatus> rows;  // from the root down to the node; never empty
  std::string log_path;                   // of its output; "" for what is no worker
};

// What happens, step by step up to the root, if the node goes on failing. Each is a sentence.
[[nodiscard]] std::vector<std::string> outlook(const std::vector<runtime::NodeStatus>& rows);

// {"path","total","ends":[{"time","cause","status" or "signal","lived_ms","action"},...]}, the youngest first.
// `recorder` may be null: then there is none.
[[nodiscard]] std::string history_json(const std::string& path, const runtime::journal::Recorder* recorder);

// {"node":{...},"above":[...],"ends":[...],"decisions":[...],"output":[...],"outlook":[...]}
[[nodiscard]] std::string why_json(const Lineage& lineage, const runtime::journal::Recorder* recorder);

// Whether an event of the journal, as its line tells it, is about a node in the scope.
[[nodiscard]] bool concerns(std::string_view line, const runtime::Scope& within);
// {"events":[...],"first","last","gap"}
[[nodiscard]] std::string events_json(const runtime::journal::Chunk& chunk);

}  // namespace simplevisor::control
