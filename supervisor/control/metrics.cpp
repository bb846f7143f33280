#include "supervisor/control/metrics.hpp"

#include <algorithm>
#include <array>

#include "supervisor/control/json.hpp"

namespace simplevisor::control {
namespace {

using runtime::NodeMeasures;
using runtime::NodeStatus;
using runtime::NodeType;
using runtime::Verdict;

using enum MetricType;

class Writer {
 public:
  Writer(const MetricsMoment& moment, MetricsFormat format, std::size_t bytes_max)
      : moment_(moment), measures_(moment.measures), out_(format, bytes_max) {}

  std::string write() && {
    supervisor();
    tree();
    workers();
    supervisors();
    queues();
    reported();
    out_.always();
    process();
    out_.family("simplevisor_metrics_left_out", gauge,
                "Lines of this answer that were left out for its size.");
    out_.sample({}, out_.left_out());
    return std::move(out_).finish();
  }

 private:
  static std::uint64_t flag(bool value) { return value ? 1 : 0; }

  template <class F>
  void each_node(F what) {
    for (std::size_t n = 0; n < measures_.rows.size(); ++n) what(measures_.rows[n], measures_.nodes[n]);
  }
  template <class F>
  void each_worker(F what) {
    each_node([&](const NodeStatus& row, const NodeMeasures& node) {
      if (row.type == NodeType::worker) what(row, node);
    });
  }
  template <class F>
  void each_supervisor(F what) {
    each_node([&](const NodeStatus& row, const NodeMeasures& node) {
      if (row.type != NodeType::worker) what(row, node);
    });
  }

  // ---- the supervisor ------------------------------------------------------------------------------------

  void supervisor() {
    const runtime::ServiceInfo& info = measures_.info;
    out_.family("simplevisor_build", MetricType::info,
                "The supervisor: its version and the name of its tree.");
    out_.sample({{"version", info.version}, {"name", info.name}}, std::uint64_t{1});
    out_.family("simplevisor_uptime_seconds", gauge, "Since the supervisor began to supervise.", "seconds");
    out_.sample({}, seconds(info.uptime));
    out_.family("simplevisor_phase", stateset, "What the supervisor as a whole is at.");
    for (const std::string_view phase : {"starting", "running", "stopping"})
      out_.sample({{"simplevisor_phase", phase}}, flag(info.phase == phase));

    out_.family(
        "simplevisor_restart_latency_seconds", histogram,
        "From the end of a worker that nobody asked for to its next start, where neither back-off, grace nor "
        "administrator delayed it.",
        "seconds");
    out_.sample({}, measures_.restart_latency);
    out_.family("simplevisor_loop_lag_seconds", histogram,
                "How late the supervision loop came to its timers, and to questions for metrics.", "seconds");
    out_.sample({}, measures_.lag);
    out_.family("simplevisor_loop_lag_last_seconds", gauge,
                "How long the question for these metrics waited for the supervision loop.", "seconds");
    out_.sample({}, seconds(measures_.waited));
    if (!moment_.recorder) return;
    out_.family("simplevisor_events", counter, "Events of the tree, since its state directory was made.");
    out_.sample({}, moment_.recorder->last());
    out_.family("simplevisor_events_left_out", counter, "Events that were not recorded for want of room.");
    out_.sample({}, moment_.recorder->left_out());
  }

  void process() {
    const OwnProcess& p = moment_.process;
    if (p.cpu) {
      out_.family("simplevisor_process_cpu_seconds", counter,
                  "User and system time of the supervisor's process.", "seconds");
      out_.sample({}, seconds(*p.cpu));
    }
    if (p.started) {
      out_.family("simplevisor_process_start_time_seconds", gauge,
                  "When the supervisor's process began, Unix time.", "seconds");
      out_.sample({}, seconds(p.started->time_since_epoch()));
    }
    const auto number = [&](const auto& value, std::string_view name, std::string_view help,
                            std::string_view unit) {
      if (!value) return;
      out_.family(name, gauge, help, unit);
      out_.sample({}, *value);
    };
    number(p.resident_bytes, "simplevisor_process_resident_memory_bytes",
           "Memory of the supervisor's process.", "bytes");
    number(p.virtual_bytes, "simplevisor_process_virtual_memory_bytes",
           "Address space of the supervisor's process.", "bytes");
    number(p.threads, "simplevisor_process_threads", "Threads of the supervisor's process.", "");
    number(p.descriptors, "simplevisor_process_open_fds", "Descriptors the supervisor's process has open.",
           "");
    number(p.descriptors_max, "simplevisor_process_max_fds", "Descriptors it may have open.", "");
  }

  // ---- nodes ---------------------------------------------------------------------------------------------

  void tree() {
    out_.family("simplevisor_nodes", gauge, "Nodes of the tree by what `simplevisor check` makes of them.");
    for (const Verdict verdict : {Verdict::good, Verdict::healing, Verdict::failed}) {
      const auto count = std::ranges::count(measures_.rows, verdict, &NodeStatus::verdict);
      out_.sample({{"verdict", name_of(verdict)}}, static_cast<std::uint64_t>(count));
    }
    out_.family("simplevisor_node_up", gauge, "1 when the node is running (a worker: ready), else 0.");
    each_node([&](const NodeStatus& row, const NodeMeasures&) {
      out_.sample({{"node", row.path}, {"type", name_of(row.type)}}, flag(row.state == "running"));
    });
    out_.family("simplevisor_node_verdict", gauge, "0 as expected, 1 healing, 2 failed or missing.");
    each_node([&](const NodeStatus& row, const NodeMeasures&) {
      out_.sample({{"node", row.path}}, static_cast<std::uint64_t>(row.verdict));
    });
    out_.family("simplevisor_node_state", gauge,
                "1 for the state that the node is in; other states are absent.");
    each_node([&](const NodeStatus& row, const NodeMeasures&) {
      out_.sample({{"node", row.path}, {"state", row.state}}, std::uint64_t{1});
    });
    out_.family("simplevisor_node_ready", gauge, "Workers below the node, or itself, that are ready.");
    each_node([&](const NodeStatus& row, const NodeMeasures&) {
      out_.sample({{"node", row.path}}, std::uint64_t{row.ready});
    });
    out_.family("simplevisor_node_wanted", gauge, "Workers below the node, or itself, that should be ready.");
    each_node([&](const NodeStatus& row, const NodeMeasures&) {
      out_.sample({{"node", row.path}}, std::uint64_t{row.wanted});
    });
  }

  void workers() {
    out_.family("simplevisor_worker_start_time_seconds", gauge,
                "When the process that runs was started, Unix time; absent when there is none.", "seconds");
    each_worker([&](const NodeStatus& row, const NodeMeasures& node) {
      if (node.started) out_.sample({{"node", row.path}}, seconds(node.started->time_since_epoch()));
    });
    out_.family("simplevisor_worker_restarts", counter, "Starts of the worker's process after the first.");
    each_worker([&](const NodeStatus& row, const NodeMeasures& node) {
      out_.sample({{"node", row.path}}, std::uint64_t{node.starts > 0 ? node.starts - 1 : 0});
    });
    out_.family("simplevisor_worker_exits", counter,
                "Ends of the worker's process by cause; a cause appears with its first end.");
    each_worker([&](const NodeStatus& row, const NodeMeasures& node) {
      for (std::size_t cause = 0; cause < node.ends.size(); ++cause) {
        if (node.ends[cause] == 0) continue;
        out_.sample({{"node", row.path},
                     {"cause", runtime::journal::name_of(static_cast<runtime::journal::Cause>(cause))}},
                    std::uint64_t{node.ends[cause]});
      }
    });
  }

  void supervisors() {
    const auto number = [&](std::string_view name, MetricType type, std::string_view help, auto figure) {
      out_.family(name, type, help);
      each_supervisor([&](const NodeStatus& row, const NodeMeasures& node) {
        out_.sample({{"node", row.path}}, std::uint64_t{figure(row, node)});
      });
    };
    number("simplevisor_supervisor_budget_used", gauge,
           "Restarts within the window of the supervisor or pool.",
           [](const NodeStatus& row, const NodeMeasures&) { return row.restarts; });
    number("simplevisor_supervisor_budget_limit", gauge, "Restarts it allows within the window.",
           [](const NodeStatus& row, const NodeMeasures&) { return row.restarts_limit; });
    out_.family("simplevisor_supervisor_budget_window_seconds", gauge, "The window.", "seconds");
    each_supervisor([&](const NodeStatus& row, const NodeMeasures&) {
      out_.sample({{"node", row.path}}, seconds(row.restarts_window));
    });
    number("simplevisor_supervisor_starts", counter, "How often the supervisor or pool was started.",
           [](const NodeStatus&, const NodeMeasures& node) { return node.supervisor.starts; });
    number("simplevisor_supervisor_give_ups", counter, "How often it gave up, its budget being used.",
           [](const NodeStatus&, const NodeMeasures& node) { return node.supervisor.gave_up; });
    number("simplevisor_supervisor_cool_downs", counter, "How often it began to cool down instead.",
           [](const NodeStatus&, const NodeMeasures& node) { return node.supervisor.cooled_down; });
  }

  // ---- what workers keep in files ------------------------------------------------------------------------

  void queues() {
    const auto& queues = moment_.figures.queues;
    if (queues.empty()) return;
    const auto number = [&](std::string_view name, std::string_view help, auto figure) {
      out_.family(name, gauge, help);
      for (const QueueFigures& queue : queues) {
        if (queue.readable) out_.sample({{"queue", queue.path}}, std::uint64_t{figure(queue)});
      }
    };
    out_.family("simplevisor_queue_user", MetricType::info,
                "Which node uses which directory queue, and how.");
    for (const WorkerFiles::Use& use : moment_.files.uses)
      out_.sample({{"queue", use.queue}, {"node", use.node}, {"role", use.role}}, std::uint64_t{1});
    out_.family("simplevisor_queue_readable", gauge, "0 when the queue cannot be read, or is not there yet.");
    for (const QueueFigures& queue : queues) out_.sample({{"queue", queue.path}}, flag(queue.readable));
    number("simplevisor_queue_whole", "0 when counting was cut short: there are at least so many.",
           [](const QueueFigures& queue) { return flag(queue.whole); });
    number("simplevisor_queue_ready", "Elements that wait to be taken.",
           [](const QueueFigures& queue) { return queue.ready; });
    number("simplevisor_queue_locked", "Elements that somebody is at.",
           [](const QueueFigures& queue) { return queue.locked; });
    out_.family("simplevisor_queue_oldest_age_seconds", gauge,
                "Age of the oldest element, by its name; absent when there is none.", "seconds");
    for (const QueueFigures& queue : queues) {
      if (queue.oldest)
        out_.sample({{"queue", queue.path}}, std::max(0.0, seconds(moment_.now - *queue.oldest)));
    }
  }

  void reported() {
    if (moment_.figures.counters.empty()) return;
    out_.family("simplevisor_worker_reported", unknown,
                "Numbers in the worker's status file, by their name there.");
    for (const ReportedCounter& counter : moment_.figures.counters)
      out_.sample({{"node", counter.node}, {"counter", counter.name}}, counter.value);
  }

  const MetricsMoment& moment_;
  const runtime::Measures& measures_;
  Exposition out_;
};

}  // namespace

std::string metrics_text(const MetricsMoment& moment, MetricsFormat format, std::size_t bytes_max) {
  return Writer(moment, format, bytes_max).write();
}

MetricsSource::MetricsSource(const runtime::Service& service)
    : service_(service), survey_(service.configuration()) {
  if (const config::Configuration* const configuration = service.configuration())
    brokers_ = find_broker_ends(*configuration);
}

std::string MetricsSource::flow(const std::function<bool(std::string_view)>& is_shown) {
  return flow_json({.files = survey_.files(),
                    .figures = survey_.figures(),
                    .brokers = brokers_,
                    .now = std::chrono::system_clock::now()},
                   is_shown);
}

std::string MetricsSource::text(const runtime::Measures& measures, MetricsFormat format) {
  return metrics_text({.measures = measures,
                       .recorder = service_.journal(),
                       .process = own_process(),
                       .files = survey_.files(),
                       .figures = survey_.figures(),
                       .now = std::chrono::system_clock::now()},
                      format);
}

}  // namespace simplevisor::control
