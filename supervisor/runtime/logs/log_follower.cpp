#include "supervisor/runtime/logs/log_follower.hpp"

#include <unistd.h>

#include <algorithm>

namespace simplevisor::runtime::logs {

// The file that is to be read on, wherever it has been moved to.
std::optional<LogFollower::Found> LogFollower::find(Taken& taken) {
  LogSource current = open_source(path_, 0);
  if (!current && at_.file == FileId{}) return std::nullopt;
  if (at_.file == FileId{}) at_ = {current.id, 0};
  if (current && current.id == at_.file) return Found{std::move(current), 0};
  unsigned missing = 0;
  for (unsigned number = 1; number < sources_max && missing <= gap_max; ++number) {
    const FileId id = id_of(path_, number);
    missing = id == FileId{} ? missing + 1 : 0;
    if (id != at_.file) continue;
    LogSource source = open_source(path_, number);
    if (source && source.id == at_.file) return Found{std::move(source), number};
  }
  if (!current) return std::nullopt;  // between two renames
  taken.gap = true;
  at_ = {current.id, 0};
  return Found{std::move(current), 0};
}

std::size_t LogFollower::take_lines(std::string_view text, bool last, Taken& taken) {
  std::size_t used = 0;
  while (used < text.size()) {
    const std::string_view rest = text.substr(used);
    const std::size_t end = rest.find('\n');
    if (end != std::string_view::npos) {
      taken.lines.push_back(parse_line(rest.substr(0, std::min(end, line_bytes_shown_max))));
      used += end + 1;
      continue;
    }
    if (!last && rest.size() < line_bytes_shown_max) break;
    StoredLine part = parse_line(rest.substr(0, line_bytes_shown_max));
    part.partial = !last;
    used += std::min(rest.size(), line_bytes_shown_max);
    taken.lines.push_back(std::move(part));
  }
  return used;
}

LogFollower::Taken LogFollower::take(std::size_t bytes_max) {
  Taken taken;
  bytes_max = std::max(bytes_max, line_bytes_shown_max);
  std::size_t budget = bytes_max;
  while (const auto found = find(taken)) {
    const LogSource& source = found->source;
    if (source.bytes < at_.offset) {  // truncated
      at_.offset = 0;
      taken.gap = true;
    }
    std::string text(static_cast<std::size_t>(std::min<std::uint64_t>(budget, source.bytes - at_.offset)),
                     '\0');
    const ssize_t got = ::pread(source.file.get(), text.data(), text.size(), static_cast<off_t>(at_.offset));
    if (got < 0) return taken;
    text.resize(static_cast<std::size_t>(got));
    const bool to_the_end = at_.offset + text.size() >= source.bytes;
    // A file that was renamed by others is written on until the next one is taken up.
    const LogSource next = found->number > 0 ? open_source(path_, found->number - 1) : LogSource{};
    const bool done = to_the_end && next.bytes > 0;
    const std::size_t used = take_lines(text, done, taken);
    at_.offset += used;
    budget -= std::min(budget, used);
    if (!to_the_end) {
      taken.more = true;
      return taken;
    }
    if (!done) return taken;
    at_ = {next.id, 0};
    if (budget < line_bytes_shown_max) {
      taken.more = true;
      return taken;
    }
  }
  return taken;
}

}  // namespace simplevisor::runtime::logs
