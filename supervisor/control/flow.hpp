// supervisor/control/flow.hpp
//
// What moves through the tree, for those who draw it: directory queues with their depth, the brokers and the workers at either
// end, and what the workers counted.
//
// Found by   queues, who uses them, and counters as worker_files.hpp says; brokers by the `with` of simplevisor-transfer and -sarra.
// Secrets    of a broker's address what names or admits a user is left out.
// Bounds     those of WorkerSurvey; `ends_max` ends at brokers.
// Threads    find_broker_ends(), flow_json(): pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/config/model.hpp"
#include "supervisor/control/worker_files.hpp"

namespace simplevisor::control {

struct BrokerEnd {
  std::string broker;  // amqp://broker-a:5672
  std::string
      destination;        // at the broker: a queue, topic or exchange; "" when the messages themselves say it
  std::string node;       // the worker or pool
  std::string_view role;  // takes, adds
  friend auto operator<=>(const BrokerEnd&, const BrokerEnd&) = default;
};

inline constexpr std::size_t ends_max = 10'000;

// Sorted, without doubles.
[[nodiscard]] std::vector<BrokerEnd> find_broker_ends(const config::Configuration& configuration);

struct FlowMoment {
  const WorkerFiles& files;
  const WorkerSurvey::Figures& figures;
  const std::vector<BrokerEnd>& brokers;
  std::chrono::system_clock::time_point now{};
};

// {"queues":[{"path","readable","whole","ready","locked","oldest_ms"}],"uses":[{"queue","node","role"}],
//  "brokers":[{"broker","destination","node","role"}],"counters":[{"node","name","value"}]}, as far as it is about nodes that
// `is_shown`.
[[nodiscard]] std::string flow_json(const FlowMoment& moment,
                                    const std::function<bool(std::string_view node)>& is_shown);

}  // namespace simplevisor::control
