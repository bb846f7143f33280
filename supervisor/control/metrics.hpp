// supervisor/control/metrics.hpp
//
// Everything a monitoring system may want to watch, as text (exposition.hpp): the tree, each node, restarts and their latency,
// the supervisor itself, and what workers keep in files of their own.
//
// Names      docs/monitoring/README.md has each metric and what it means. Nodes are the label `node`, their path.
// Order      that of the tree; queues by path. The same tree gives the same lines in the same order.
// Bounds     `bytes_max` of text; what does not fit is counted by simplevisor_metrics_left_out.
// Threads    metrics_text(): pure. MetricsSource: the control server's thread; reads files there.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/control/exposition.hpp"
#include "supervisor/control/flow.hpp"
#include "supervisor/control/own_process.hpp"
#include "supervisor/control/worker_files.hpp"
#include "supervisor/runtime/journal/recorder.hpp"
#include "supervisor/runtime/service.hpp"

namespace simplevisor::control {

// All of it at one moment.
struct MetricsMoment {
  const runtime::Measures& measures;
  const runtime::journal::Recorder* recorder = nullptr;
  OwnProcess process{};
  const WorkerFiles& files;
  const WorkerSurvey::Figures& figures;
  std::chrono::system_clock::time_point now{};
};

inline constexpr std::size_t metrics_bytes_max = std::size_t{32} << 20;

[[nodiscard]] std::string metrics_text(const MetricsMoment& moment, MetricsFormat format,
                                       std::size_t bytes_max = metrics_bytes_max);

class MetricsSource {
 public:
  explicit MetricsSource(const runtime::Service& service);

  std::string text(const runtime::Measures& measures, MetricsFormat format);
  // flow.hpp, from the same reading of the same files.
  std::string flow(const std::function<bool(std::string_view node)>& is_shown);

 private:
  const runtime::Service& service_;
  WorkerSurvey survey_;
  std::vector<BrokerEnd> brokers_;
};

}  // namespace simplevisor::control
