// supervisor/control/worker_files.hpp
//
// What workers keep in files of their own, as far as the configuration says where: the directory queues they work on, and the
// status files they write.
//
// Found by   the program a worker runs (simplevisor-consumer, -transfer, -sarra) and its `with`: what is said on a command line
//            instead is not seen. Relative paths are taken as the worker takes them, from its `cwd` or ours; {instance} in the
//            path of a pool's status file is the number of each instance, which then is the node.
// Semantics  queues: workers/dirq/README.md. Status files: one JSON object; its members that are numbers are counters.
// Bounds     `queues_max` queues, `files_max` status files of `file_bytes_max`, `counters_max` counters a file; all of a
//            survey takes `budget`, and goes on with what is left behind it the next time. What was cut short is not `whole`.
// Errors     what cannot be read is absent, or not `readable`; a worker may not have made it yet.
// Threads    find_worker_files(): pure. WorkerSurvey: one thread; blocks for the disk, but not for a FIFO.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/config/model.hpp"

namespace simplevisor::control {

struct WorkerFiles {
  struct Use {
    std::string queue;      // absolute, lexically normal
    std::string node;       // the worker or pool
    std::string_view role;  // takes, adds, dead_letters
    friend auto operator<=>(const Use&, const Use&) = default;
  };
  struct StatusFile {
    std::string path;
    std::string node;
  };
  std::vector<Use> uses;  // sorted, without doubles
  std::vector<StatusFile> status_files;
};

[[nodiscard]] WorkerFiles find_worker_files(const config::Configuration& configuration);

struct QueueFigures {
  std::string path;
  bool readable = false;
  bool whole = true;  // false: there are at least so many
  std::uint64_t ready = 0;
  std::uint64_t locked = 0;
  std::optional<std::chrono::system_clock::time_point> oldest{};  // of all elements
};

// Counts the elements of a queue of either kind; no further once `go_on`, asked for each directory and every thousand
// elements, says no.
[[nodiscard]] QueueFigures count_queue(const std::string& path, const std::function<bool()>& go_on);

struct ReportedCounter {
  std::string node;
  std::string name;  // letters, digits and "_"
  std::int64_t value = 0;
};

// The counters in a status file, in its order. Empty when there are none to be had.
[[nodiscard]] std::vector<ReportedCounter> read_status_file(const WorkerFiles::StatusFile& file);

class WorkerSurvey {
 public:
  static constexpr std::size_t queues_max = 1'000;
  static constexpr std::size_t files_max = 10'000;
  static constexpr std::size_t file_bytes_max = 64 * 1024;
  static constexpr std::size_t counters_max = 50;
  static constexpr std::chrono::seconds kept{5};
  static constexpr std::chrono::milliseconds budget{250};

  struct Figures {
    std::vector<QueueFigures> queues;       // in the order of their paths
    std::vector<ReportedCounter> counters;  // in the order of the configuration
  };

  // nullptr: there is nothing to look for.
  explicit WorkerSurvey(const config::Configuration* configuration);

  [[nodiscard]] const WorkerFiles& files() const noexcept { return files_; }
  // As they are, or were not longer than `kept` ago.
  const Figures& figures(std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());

 private:
  WorkerFiles files_;
  Figures figures_;
  std::size_t next_queue_ = 0;
  std::optional<std::chrono::steady_clock::time_point> taken_;
};

}  // namespace simplevisor::control
