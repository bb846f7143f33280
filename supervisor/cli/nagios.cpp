#include "supervisor/cli/nagios.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "supervisor/control/text.hpp"

namespace simplevisor::cli {
namespace {

using runtime::NodeStatus;
using runtime::NodeType;
using runtime::Verdict;

std::string_view word_for(NagiosExit exit) {
  switch (exit) {
    case NagiosExit::ok:
      return "OK";
    case NagiosExit::warning:
      return "WARNING";
    case NagiosExit::critical:
      return "CRITICAL";
    case NagiosExit::unknown:
      break;
  }
  return "UNKNOWN";
}

// "|" would begin the performance data.
std::string on_one_line(std::string_view text) {
  std::string clean = control::clean_utf8(text);
  for (char& c : clean) {
    if (c == '|') c = '/';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (clean.size() <= line_bytes_max) return clean;
  std::size_t end = line_bytes_max - 3;
  while (end > 0 && (static_cast<unsigned char>(clean[end]) & 0xC0) == 0x80) --end;  // whole characters
  return clean.substr(0, end) + "...";
}

std::string described(const NodeStatus& row) {
  std::string text = fmt::format("{} {}", row.path, row.state);
  if (!row.why.empty()) text += fmt::format(" ({})", row.why);
  if (!row.next.empty()) text += ", " + row.next;
  return on_one_line(text);
}

// Quoted always: a path may have any character; "=" and "'" are not for labels.
std::string label(std::string_view path, std::string_view figure) {
  std::string text = fmt::format("{} {}", path, figure);
  std::ranges::replace(text, '=', '_');
  std::ranges::replace(text, '\'', '_');
  return fmt::format("'{}'", text);
}

std::string perfdata(const Rows& rows, std::size_t unexpected, std::size_t ready, std::size_t wanted,
                     const NagiosRanges& ranges) {
  const auto text_of = [](const std::optional<NagiosRange>& range) { return range ? range->text() : ""; };
  std::string text =
      fmt::format("unexpected={};{};{};0;{} ready={};;;0; wanted={};;;0;", unexpected,
                  text_of(ranges.warning), text_of(ranges.critical), rows.size(), ready, wanted);
  for (const NodeStatus& row : rows) {
    if (row.type == NodeType::worker) continue;
    const std::string one =
        fmt::format(" {}={};;;0;{}", label(row.path, "restarts"), row.restarts, row.restarts_limit);
    if (text.size() + one.size() > perfdata_bytes_max) break;
    text += one;
  }
  return text;
}

}  // namespace

NagiosReport nagios_report(const Rows& rows, const NagiosRanges& ranges) {
  std::vector<const NodeStatus*> unexpected;
  std::size_t failed = 0;
  std::size_t ready = 0;
  std::size_t wanted = 0;
  for (const NodeStatus& row : rows) {
    if (row.verdict != Verdict::good) unexpected.push_back(&row);
    if (row.verdict == Verdict::failed) ++failed;
    if (row.type != NodeType::worker) continue;
    ready += row.ready;
    wanted += row.wanted;
  }
  // What failed comes first: only the first lines are read.
  std::ranges::stable_partition(unexpected,
                                [](const NodeStatus* row) { return row->verdict == Verdict::failed; });

  const auto figure = static_cast<double>(unexpected.size());
  NagiosReport report;
  if (ranges.critical ? ranges.critical->alerts(figure) : failed > 0)
    report.exit = NagiosExit::critical;
  else if (ranges.warning ? ranges.warning->alerts(figure) : !unexpected.empty())
    report.exit = NagiosExit::warning;
  else
    report.exit = NagiosExit::ok;

  report.text = fmt::format("SIMPLEVISOR {}: {} of {} workers ready", word_for(report.exit), ready, wanted);
  if (!unexpected.empty()) {
    report.text += fmt::format(", {} of {} nodes not as expected: {}", unexpected.size(), rows.size(),
                               described(*unexpected.front()));
  }
  report.text += fmt::format(" | {}\n", perfdata(rows, unexpected.size(), ready, wanted, ranges));
  if (unexpected.size() < 2) return report;
  for (std::size_t n = 0; n < std::min(unexpected.size(), lines_max); ++n)
    report.text += described(*unexpected[n]) + "\n";
  if (unexpected.size() > lines_max)
    report.text += fmt::format("and {} more\n", unexpected.size() - lines_max);
  return report;
}

NagiosReport nagios_failure(const Failure& failure) {
  using control::ClientErrc;
  const bool nobody_answers = failure.unreached && (failure.unreached->code == ClientErrc::not_running ||
                                                    failure.unreached->code == ClientErrc::timed_out ||
                                                    failure.unreached->code == ClientErrc::lost);
  NagiosReport report;
  report.exit = nobody_answers ? NagiosExit::critical : NagiosExit::unknown;
  report.text = fmt::format("SIMPLEVISOR {}: {}\n", word_for(report.exit),
                            on_one_line(failure.message.substr(0, failure.message.find('\n'))));
  return report;
}

}  // namespace simplevisor::cli
