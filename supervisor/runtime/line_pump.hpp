// supervisor/runtime/line_pump.hpp
//
// Takes whole lines out of a FIFO and gives them to a sink.
//
// How        the FIFO is looked into with tee(2), the lines are written, and only then taken out of it. Nothing is held in
//            a buffer of ours: a kill -9 loses nothing, and at most makes the next supervisor write one batch again
//            (64 KiB of one stream of one worker, the last thing that was written).
// Lines      an unfinished one stays in the FIFO (`rest`) until it is finished, or longer than `line_piece_bytes_max`, or
//            nothing more fits into the FIFO, or the caller wants it: then its part goes out as `partial`.
// Errors     of the sink: what was not written stays in the FIFO. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "supervisor/runtime/flood_gate.hpp"
#include "supervisor/runtime/intake.hpp"
#include "supervisor/runtime/line_sink.hpp"

namespace simplevisor::runtime {

// Longer lines are split, between two characters.
inline constexpr std::size_t line_piece_bytes_max = std::size_t{32} << 10;

// What becomes of a line that has no end yet.
enum class Unfinished : std::uint8_t {
  stays,      // in the FIFO
  goes_on,    // is written as a part
  was_whole,  // is written as a line: nothing will follow it
};

class LinePump {
 public:
  explicit LinePump(Intake& intake) : intake_(&intake) {}

  struct Round {
    std::size_t bytes = 0;  // taken out of the FIFO
    bool empty = false;     // nothing is left in it, as far as was seen
    bool rest = false;      // an unfinished line is left in it, and nothing else
    int error = 0;
    int rotation_error = 0;
  };
  Round pour(int fifo, const LineOrigin& origin, Unfinished unfinished, FloodGate* gate, LineSink& sink);

 private:
  void split(std::string_view seen, bool take_rest, bool rest_goes_on);
  void cut(std::string_view line, std::size_t from, bool goes_on);
  // How many bytes the first `lines` of those that were admitted, and the dropped ones among them, are.
  [[nodiscard]] std::size_t bytes_of(std::size_t lines) const;

  Intake* intake_;
  // Of the batch at hand.
  std::vector<WorkerLine> lines_;
  std::vector<std::size_t> ends_;  // of each, in the FIFO
  std::vector<WorkerLine> admitted_;
  std::vector<std::size_t> admitted_at_;  // which of the lines
};

}  // namespace simplevisor::runtime
