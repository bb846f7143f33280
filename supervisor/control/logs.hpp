// supervisor/control/logs.hpp
//
// What workers have printed: the last lines of one or many, in the order of their times, and what comes then.
//
// Order      lines that say when they were written are merged by that; one that does not stays behind the one before it in
//            its log, and a log without any times stands where its file was last changed.
// Bounds     `logs_workers_max` workers, `logs_bytes_max` of lines in an answer (shared out among them), and
//            `logs_scan_bytes_max` of files looked at; what was left out is said in `notes`.
// Threads    any that may read files: not the supervision thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/control/feed.hpp"
#include "supervisor/runtime/logs/line_time.hpp"
#include "supervisor/runtime/service.hpp"

namespace simplevisor::control {

inline constexpr std::size_t logs_workers_max = 1000;
inline constexpr std::size_t logs_lines_max = 100'000;  // of each worker
inline constexpr std::size_t logs_lines_default = 10;
inline constexpr std::size_t logs_bytes_max = std::size_t{4} << 20;
inline constexpr std::size_t logs_follow_bytes_max = std::size_t{1}
                                                     << 20;  // of what is there before following
inline constexpr std::size_t logs_scan_bytes_max = std::size_t{256} << 20;

struct LogsQuery {
  std::optional<std::size_t> lines{};  // of each worker; none: the usual number, or with `since` all
  std::optional<runtime::logs::LogTime> since{};
};

// The paths of the workers among `rows`.
[[nodiscard]] std::vector<std::string> workers_of(const std::vector<runtime::NodeStatus>& rows);

// {"lines":[{"path","text"[,"time"][,"stream"][,"partial"]},...],"notes":[...]}, the oldest first.
[[nodiscard]] std::string logs_json(const std::vector<std::string>& workers, const LogsQuery& query,
                                    const runtime::Service& service);

// The same lines, then `live`, then those that come. A message without a name is a line, "note" is {"text"}.
[[nodiscard]] std::unique_ptr<Feed> follow_logs(const std::vector<std::string>& workers,
                                                const LogsQuery& query, const runtime::Service& service);

}  // namespace simplevisor::control
