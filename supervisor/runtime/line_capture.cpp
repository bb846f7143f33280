#include "supervisor/runtime/line_capture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "supervisor/runtime/datagram_sinks.hpp"
#include "supervisor/runtime/file_sink.hpp"
#include "supervisor/runtime/words.hpp"

namespace simplevisor::runtime {
namespace {

using std::chrono::milliseconds;

logs::LogTime now_of_the_day() {
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

LineOrigin origin_of(const CapturedWorker& worker, logs::Stream stream) {
  return {.path = worker.first,
          .life = worker.second.lines->life.load(std::memory_order_relaxed),
          .stream = stream,
          .time = now_of_the_day()};
}

}  // namespace

LineCapture::LineCapture(CaptureTable& table, Intake& intake, const SinkPlaces& places)
    : table_(table),
      intake_(intake),
      pump_(intake),
      journal_(make_journal_sink(places.journal)),
      syslog_(make_syslog_sink(places.syslog)) {}

Poured LineCapture::pour(CapturedWorker& worker, bool err, LogFile* log, std::size_t bytes_max,
                         Unfinished unfinished) {
  LineMode& mode = *worker.second.lines;
  const int fifo = err ? mode.err.get() : worker.second.fifo.get();
  std::optional<FileSink> file;
  if (log) file.emplace(*log, mode.policy.format, buffer_);
  LineSink& sink = file ? *file : mode.policy.to == config::LogTarget::journald ? *journal_ : *syslog_;
  Poured poured = write_flood_note(worker, log, Clock::now());
  LinePump::Round round;
  while (poured.error == 0 && poured.bytes < bytes_max) {
    const LineOrigin origin = origin_of(worker, err ? logs::Stream::err : mode.policy.stream);
    round = pump_.pour(fifo, origin, unfinished, mode.policy.flood.any() ? &mode.gate : nullptr, sink);
    poured.bytes += round.bytes;
    poured.error = round.error;
    if (round.rotation_error != 0) poured.rotation_error = round.rotation_error;
    // What was dropped meanwhile is to be told before anything else is written.
    if (round.empty || round.rest || intake_.interrupted()) break;
  }
  poured.empty = round.empty || round.rest;
  if (poured.error == 0) {
    // An edge that was used up, with more behind it.
    if (!poured.empty) table_.watch(worker, true);
    remember_rest(worker, err, round, poured.bytes > 0);
  }
  if (mode.policy.flood.any()) remember_flood(worker);
  return poured;
}

int LineCapture::note(CapturedWorker& worker, LogFile* log, std::string_view text) {
  const LineMode& mode = *worker.second.lines;
  const std::string whole = fmt::format("simplevisor: {}", text);
  const std::array<WorkerLine, 1> lines{WorkerLine{whole}};
  const LineOrigin origin = origin_of(worker, logs::Stream::err);
  if (log) return FileSink{*log, mode.policy.format, buffer_}.write(lines, origin).error;
  LineSink& sink = mode.policy.to == config::LogTarget::journald ? *journal_ : *syslog_;
  return sink.write(lines, origin).error;
}

Poured LineCapture::write_flood_note(CapturedWorker& worker, LogFile* log, Clock::time_point now) {
  Poured poured;
  LineMode& mode = *worker.second.lines;
  const FloodGate before = mode.gate;
  if (const auto dropped = mode.gate.take_dropped(now)) {
    poured.error = note(worker, log,
                        fmt::format("{} lines ({} bytes) dropped in {}", dropped->lines, dropped->bytes,
                                    in_words(std::max(dropped->during, milliseconds{1}))));
    if (poured.error != 0) mode.gate = before;
  }
  return poured;
}

LineCapture::Pending* LineCapture::find(const CapturedWorker& worker, bool err, bool flood) {
  const auto found = std::ranges::find_if(pending_, [&](const Pending& entry) {
    return entry.worker == &worker && entry.err == err && entry.flood == flood;
  });
  return found == pending_.end() ? nullptr : &*found;
}

void LineCapture::remember_rest(CapturedWorker& worker, bool err, const LinePump::Round& last, bool moved) {
  Pending* entry = find(worker, err, false);
  if (!last.rest) {
    if (entry) pending_.erase(pending_.begin() + (entry - pending_.data()));
    return;
  }
  const Clock::time_point now = Clock::now();
  if (!entry) {
    pending_.push_back({.worker = &worker, .err = err});
    entry = &pending_.back();
    moved = true;
  }
  if (moved) {
    entry->since = now;
    entry->pause = milliseconds{1};
  } else if (now >= entry->at) {
    entry->pause *= 2;
  }
  entry->at = std::min(now + entry->pause, entry->since + unfinished_max);
}

void LineCapture::remember_flood(CapturedWorker& worker) {
  const auto due = worker.second.lines->gate.due();
  Pending* const entry = find(worker, false, true);
  if (!due && entry) pending_.erase(pending_.begin() + (entry - pending_.data()));
  if (due && !entry) pending_.push_back({.worker = &worker, .flood = true, .at = *due});
  if (due && entry) entry->at = *due;
}

std::optional<LineCapture::Clock::time_point> LineCapture::due() const {
  if (pending_.empty()) return std::nullopt;
  return std::ranges::min_element(pending_, {}, &Pending::at)->at;
}

void LineCapture::serve(const Turn& turn) {
  if (pending_.empty()) return;
  const Clock::time_point now = Clock::now();
  std::vector<Pending> ripe;
  std::ranges::copy_if(pending_, std::back_inserter(ripe),
                       [&](const Pending& entry) { return entry.at <= now; });
  for (const Pending& entry : ripe) {
    if (entry.worker->second.stalled) {  // tried again by itself
      std::erase_if(pending_, [&](const Pending& other) { return other.worker == entry.worker; });
      continue;
    }
    const bool too_long = !entry.flood && now - entry.since >= unfinished_max;
    turn(*entry.worker, entry.err, too_long ? Unfinished::goes_on : Unfinished::stays);
  }
}

void LineCapture::forget(const CapturedWorker& worker) {
  std::erase_if(pending_, [&](const Pending& entry) { return entry.worker == &worker; });
}

}  // namespace simplevisor::runtime
