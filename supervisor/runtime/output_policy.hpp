// supervisor/runtime/output_policy.hpp
//
// What becomes of a worker's captured output, and where the services are that may take it.
#pragma once

#include <string>

#include "supervisor/config/model.hpp"
#include "supervisor/runtime/flood_gate.hpp"
#include "supervisor/runtime/logs/stored_line.hpp"

namespace simplevisor::runtime {

struct OutputPolicy {
  config::LogFormat format = config::LogFormat::raw;
  config::LogTarget to = config::LogTarget::files;
  FloodLimit flood{};
  bool separate = false;                    // standard output and error have a FIFO each; only line by line
  bool errors_in_json = false;              // standard error ends as JSON in a log of ours
  logs::Stream stream = logs::Stream::out;  // of the first FIFO

  // Otherwise bytes are moved unseen.
  [[nodiscard]] bool by_line() const {
    return format != config::LogFormat::raw || to != config::LogTarget::files;
  }
};

// What a configuration says of one worker.
[[nodiscard]] OutputPolicy policy_of(const config::Setup& setup, const config::CaptureSettings& settings);

struct SinkPlaces {
  std::string journal = "/run/systemd/journal/socket";
  std::string syslog = "/dev/log";
};

}  // namespace simplevisor::runtime
