// supervisor/runtime/journal/tape.hpp
//
// What the core was told, word by word: from it every decision can be reproduced (replay.hpp). One line of JSON for each
// time the core was run, written down by the recorder, in the files tape.jsonl and tape.jsonl.1 of the journal.
//
// Format     The first line is the head: {"tape":1,"seed","configuration","version","time","now"}. Then arrays:
//            ["hold",PATH,INSTANCE] and ["let_go",...] as they happen, and [NOW, EVENT...] for a run, with the events
//            that were posted since the last one: ["started",NODE,LIFE], ["start_failed",...], ["exited",NODE,LIFE,HOW],
//            ["extended",NODE,LIFE,UNTIL], ["stop"], ["hurry"], ["request",ID,KIND,SUPERVISOR,CHILD,NODE,LIFE,INSTANCE,HOLD,SPEC].
//            Times are nanoseconds of the monotonic clock. A run in which nothing can happen is left out.
// Cost       a few hundred nanoseconds an event, on the supervision thread, and no system call.
// Threads    the supervision thread's. The parser: pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "supervisor/core/events.hpp"

namespace simplevisor::runtime::journal {

struct TapeHead {
  std::uint64_t seed = 0;
  std::string configuration;  // what tells one from another
  std::string version;
  std::string time;      // on the wall, as in_text() has it
  std::int64_t now = 0;  // the same by the monotonic clock
};

struct TapeHold {
  std::string path;  // of what is declared, without the instance
  std::uint32_t instance = 0;
  bool begins = true;
};

struct TapeRun {
  core::TimePoint now;
  std::vector<core::Event> events;  // requests without their specifications
  std::vector<bool> specified;      // whether the request at this place had one
};

class Tape {
 public:
  using Write = std::function<void(std::string_view lines)>;
  Tape(Write write, const TapeHead& head);

  void start();  // the next run is the first, and is never left out
  void hold(std::string_view path, std::uint32_t instance, bool begins);
  void posted(const core::Event& event);
  // `due`: whether a deadline has passed.
  void run(core::TimePoint now, bool due);
  // Hands over what there is.
  void flush();

 private:
  Write write_;
  std::string lines_;
  std::string events_;  // posted since the last run
  bool starts_ = false;
};

// The last line of a tape that was full.
inline constexpr std::string_view tape_cut = R"(["cut"])";

using TapeLine = std::variant<std::monostate, TapeHead, TapeHold, TapeRun>;
// monostate for what is none.
[[nodiscard]] TapeLine parse_tape_line(std::string_view line);

}  // namespace simplevisor::runtime::journal
