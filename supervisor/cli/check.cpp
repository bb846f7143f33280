#include <fmt/format.h>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/nagios.hpp"
#include "supervisor/control/json.hpp"

namespace simplevisor::cli {
namespace {

std::expected<NagiosRanges, Failure> ranges_of(const CommandLine& line) {
  NagiosRanges ranges;
  const auto take = [](const std::string& text, std::string_view option,
                       std::optional<NagiosRange>& into) -> std::expected<void, Failure> {
    if (text.empty()) return {};
    auto range = NagiosRange::parse(text);
    if (!range)
      return std::unexpected(Failure{Exit::usage, "usage", fmt::format("{}: {}", option, range.error())});
    into = *std::move(range);
    return {};
  };
  if (auto taken = take(line.warning, "--warning", ranges.warning); !taken)
    return std::unexpected(taken.error());
  if (auto taken = take(line.critical, "--critical", ranges.critical); !taken)
    return std::unexpected(taken.error());
  return ranges;
}

int check_for_nagios(const Context& context) {
  const CommandLine& line = context.line;
  const auto tell = [&](const NagiosReport& report) {
    context.terminal.out << report.text << std::flush;
    return code(report.exit);
  };
  const auto ranges = ranges_of(line);
  if (!ranges) return tell(nagios_failure(ranges.error()));
  const auto asker = asker_for(context);
  if (!asker) return tell(nagios_failure(asker.error()));
  const auto found = asker->nodes("check", line.path);
  if (!found) return tell(nagios_failure(found.error()));
  return tell(nagios_report(found->rows, *ranges));
}

}  // namespace

int check(Context& context) {
  const CommandLine& line = context.line;
  if (line.nagios) return check_for_nagios(context);
  const auto failed = [&](const Failure& failure) {
    const int general = report(failure, context.terminal, line.json);
    return failure.unreached ? code(CheckExit::unreachable) : general;
  };
  const auto asker = asker_for(context);
  if (!asker) return failed(asker.error());
  const auto found = asker->nodes("check", line.path);
  if (!found) return failed(found.error());
  if (line.json) {
    context.terminal.out << found->json << '\n' << std::flush;
  } else {
    context.terminal.out << check_text(found->rows, context.terminal.colour) << std::flush;
  }
  return code(check_exit(control::worst(found->rows)));
}

}  // namespace simplevisor::cli
