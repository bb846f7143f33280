#include "supervisor/runtime/logs/log_range.hpp"

#include <algorithm>
#include <deque>
#include <iterator>

#include "supervisor/runtime/logs/backward_lines.hpp"
#include "supervisor/runtime/logs/compressed_lines.hpp"

namespace simplevisor::runtime::logs {
namespace {

// What a line costs in memory beside its text.
constexpr std::size_t line_overhead = sizeof(StoredLine) + 16;

std::size_t cost_of(const StoredLine& line) {
  return line.text.size() + line_overhead;
}

// Collects lines from the youngest to the oldest.
class Collector {
 public:
  Collector(const RangeQuery& query, LogRange& range) : query_(query), range_(range) {}

  // False: that is all, by one bound or another.
  bool take(StoredLine line) {
    if (query_.since && line.time) {
      timed_ = true;
      if (*line.time < *query_.since) {
        // Those after it that do not say when they were written belong to it.
        youngest_first_.resize(youngest_first_.size() - undecided_);
        undecided_ = 0;
        return false;
      }
      undecided_ = 0;
    } else if (query_.since) {
      ++undecided_;
    }
    if (youngest_first_.size() == query_.lines) return false;
    const std::size_t cost = cost_of(line);
    if (bytes_ + cost > query_.bytes_max && !youngest_first_.empty()) {
      range_.cut = true;
      return false;
    }
    bytes_ += cost;
    youngest_first_.push_back(std::move(line));
    return true;
  }

  [[nodiscard]] bool wants_more() const { return youngest_first_.size() < query_.lines; }
  [[nodiscard]] std::size_t lines_left() const { return query_.lines - youngest_first_.size(); }
  [[nodiscard]] std::size_t bytes_left() const {
    return query_.bytes_max - std::min(query_.bytes_max, bytes_);
  }

  void finish() {
    range_.untimed = query_.since && !timed_ && !youngest_first_.empty();
    range_.lines.assign(std::make_move_iterator(youngest_first_.rbegin()),
                        std::make_move_iterator(youngest_first_.rend()));
  }

 private:
  const RangeQuery& query_;
  LogRange& range_;
  std::vector<StoredLine> youngest_first_;
  std::size_t undecided_ = 0;  // of the oldest taken: lines without a time
  std::size_t bytes_ = 0;
  bool timed_ = false;
};

// Each returns false when the search is over.
bool collect_plain(const LogSource& source, bool current, const RangeQuery& query, Collector& collector,
                   LogRange& range) {
  const bool old = query.since && source.changed < *query.since;
  BackwardLines lines{source.file.get(), source.bytes};
  bool more = true;
  if (current) range.end = {source.id, source.bytes};
  for (bool first = true; more; first = false) {
    auto line = lines.next();
    if (!line) break;
    if (first && current && lines.unfinished()) {
      range.end.offset = lines.position();
      if (query.finished_only) continue;
    }
    if (old) return false;
    more = collector.take(parse_line(*line));
    if (more && range.scanned + lines.scanned() > query.scan_bytes_max) {
      range.cut = true;
      more = false;
    }
  }
  range.scanned += lines.scanned();
  return more;
}

bool collect_compressed(const LogSource& source, const RangeQuery& query, Collector& collector,
                        LogRange& range) {
  std::deque<StoredLine> last;
  std::size_t bytes = 0;
  std::uint64_t scanned = 0;
  range.scanned += for_each_line(source.file.get(), [&](std::string& text) {
    scanned += text.size() + 1;
    last.push_back(parse_line(text));
    bytes += cost_of(last.back());
    // One more than wanted, so that the collector sees that there is more.
    while (last.size() > 1 && (last.size() > collector.lines_left() + 1 ||
                               bytes > collector.bytes_left() + line_bytes_shown_max)) {
      bytes -= cost_of(last.front());
      last.pop_front();
    }
    range.cut = range.scanned + scanned > query.scan_bytes_max;
    return !range.cut;
  });
  // What was not read to its end does not join on to what is younger.
  if (range.cut) return false;
  for (auto line = last.rbegin(); line != last.rend(); ++line) {
    if (!collector.take(std::move(*line))) return false;
  }
  return true;
}

}  // namespace

LogRange last_of(const std::string& log_path, const RangeQuery& query) {
  LogRange range;
  Collector collector{query, range};
  FileId before{};
  unsigned missing = 0;
  for (unsigned number = 0; number < sources_max && missing <= gap_max; ++number) {
    const LogSource source = open_source(log_path, number);
    if (!source) {
      missing += number > 0 ? 1 : 0;
      continue;
    }
    missing = 0;
    if (source.id == before) continue;  // rotated while we looked: this is the one that we have read
    before = source.id;
    range.changed = std::max(range.changed, source.changed);
    if (query.since && source.changed < *query.since && number > 0) break;  // and so are those before it
    const bool more = source.compressed ? collect_compressed(source, query, collector, range)
                                        : collect_plain(source, number == 0, query, collector, range);
    if (!more || !collector.wants_more()) break;
  }
  collector.finish();
  return range;
}

}  // namespace simplevisor::runtime::logs
