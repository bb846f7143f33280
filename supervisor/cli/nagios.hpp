// supervisor/cli/nagios.hpp
//
// The condition of nodes as a Nagios plugin tells it: `check --nagios`.
//
// Semantics  Monitoring Plugins Development Guidelines: exit codes, the first line, performance data behind "|", further lines
//            below. The figure that ranges apply to is the number of nodes that are not as expected. A level without a
//            range has its own rule: CRITICAL when a node failed or is missing, WARNING when one is not as expected.
// Bounds     `perfdata_bytes_max` of performance data, supervisors in tree order, so that the same ones have a place in
//            graphs every time; `lines_max` lines below; no line longer than `line_bytes_max`.
// Text       what workers say of themselves is on one line, without "|" and control characters.
// Threads    pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "supervisor/cli/nagios_range.hpp"
#include "supervisor/cli/node_text.hpp"
#include "supervisor/cli/terminal.hpp"

namespace simplevisor::cli {

enum class NagiosExit : std::uint8_t { ok = 0, warning = 1, critical = 2, unknown = 3 };

constexpr int code(NagiosExit exit) {
  return static_cast<int>(exit);
}

struct NagiosReport {
  NagiosExit exit = NagiosExit::unknown;
  std::string text;  // all lines, each ended
};

struct NagiosRanges {
  std::optional<NagiosRange> warning;
  std::optional<NagiosRange> critical;
};

inline constexpr std::size_t perfdata_bytes_max = 4096;
inline constexpr std::size_t lines_max = 20;
inline constexpr std::size_t line_bytes_max = 200;

[[nodiscard]] NagiosReport nagios_report(const Rows& rows, const NagiosRanges& ranges);

// Why there is no condition to tell. That nobody answers is CRITICAL, as of any service that is down; what cannot be
// found out from here (no permission, no such node, a mistake) is UNKNOWN.
[[nodiscard]] NagiosReport nagios_failure(const Failure& failure);

}  // namespace simplevisor::cli
