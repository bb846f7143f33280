#include "supervisor/runtime/line_pump.hpp"

#include <algorithm>
#include <chrono>

namespace simplevisor::runtime {
namespace {

// Where a line that is too long is cut: not within a character, if it is made of characters.
std::size_t piece_of(std::string_view line) {
  std::size_t end = line_piece_bytes_max;
  for (int back = 0; back < 3 && (static_cast<unsigned char>(line[end]) & 0xc0u) == 0x80u; ++back) --end;
  return (static_cast<unsigned char>(line[end]) & 0xc0u) == 0x80u ? line_piece_bytes_max : end;
}

}  // namespace

void LinePump::cut(std::string_view line, std::size_t from, bool goes_on) {
  while (line.size() > line_piece_bytes_max) {
    const std::size_t piece = piece_of(line);
    lines_.push_back({line.substr(0, piece), true});
    from += piece;
    ends_.push_back(from);
    line.remove_prefix(piece);
  }
  lines_.push_back({line, goes_on});
  ends_.push_back(from + line.size());
}

void LinePump::split(std::string_view seen, bool take_rest, bool rest_goes_on) {
  lines_.clear();
  ends_.clear();
  std::size_t at = 0;
  while (at < seen.size()) {
    const std::size_t end = seen.find('\n', at);
    if (end == std::string_view::npos) break;
    cut(seen.substr(at, end - at), at, false);
    at = end + 1;
    ends_.back() = at;
  }
  const std::string_view rest = seen.substr(at);
  if (!rest.empty() && (take_rest || rest.size() > line_piece_bytes_max)) cut(rest, at, rest_goes_on);
}

std::size_t LinePump::bytes_of(std::size_t lines) const {
  if (lines == admitted_.size()) return ends_.empty() ? 0 : ends_.back();
  const std::size_t next = admitted_at_[lines];
  return next == 0 ? 0 : ends_[next - 1];
}

LinePump::Round LinePump::pour(int fifo, const LineOrigin& origin, Unfinished unfinished, FloodGate* gate,
                               LineSink& sink) {
  Round round;
  const std::size_t waiting = bytes_waiting(fifo);
  const auto seen = intake_->look(fifo);
  if (!seen) {
    round.error = seen.error();
    return round;
  }
  if (seen->empty()) {
    round.empty = true;
    return round;
  }
  // A worker that has no room to finish its line would wait for ever; and what is longer than can be seen never ends.
  const bool take_rest =
      unfinished != Unfinished::stays || (!seen->contains('\n') && (waiting > seen->size() || is_full(fifo)));
  split(*seen, take_rest, unfinished != Unfinished::was_whole);
  if (lines_.empty()) {
    round.rest = true;
    return round;
  }
  admitted_.clear();
  admitted_at_.clear();
  const auto now = std::chrono::steady_clock::now();
  const FloodGate before = gate ? *gate : FloodGate{{}};
  for (std::size_t n = 0; n < lines_.size(); ++n) {
    if (gate && !gate->admit(lines_[n].text.size() + 1, now)) continue;
    admitted_.push_back(lines_[n]);
    admitted_at_.push_back(n);
  }
  const auto written = admitted_.empty() ? LineSink::Written{} : sink.write(admitted_, origin);
  round.error = written.error;
  round.rotation_error = written.rotation_error;
  round.bytes = bytes_of(written.lines);
  if (gate && round.error != 0) {
    // Those that stay in the FIFO were not counted yet.
    *gate = before;
    for (std::size_t n = 0; n < lines_.size() && ends_[n] <= round.bytes; ++n)
      gate->admit(lines_[n].text.size() + 1, now);
  }
  if (const int error = intake_->take(fifo, round.bytes); round.error == 0) round.error = error;
  const std::size_t left = bytes_waiting(fifo);
  round.empty = left == 0;
  round.rest = round.error == 0 && left > 0 && left == seen->size() - round.bytes;
  return round;
}

}  // namespace simplevisor::runtime
