// supervisor/runtime/journal/recorder.hpp
//
// Keeps what happened: takes events from the supervision thread, numbers them, shows them to whoever asks, and writes them
// down, on a thread of its own.
//
// Cost       record() appends to a vector; nudge() wakes the thread at most once in `gather`. While nothing
//            happens nothing wakes.
// Visible    an event is seen by after() and history() at most `gather` (and the time it takes) after it was
//            recorded, or after sync().
// Bounds     `ring_bytes_max` of events in memory, the oldest leave first; `pending_max` recorded and not yet taken over,
//            what comes on top is counted and left out; History::ends_max a worker; JournalPlace on disk.
// Errors     open(): the directory. Later nothing fails: a file that cannot be written is reported once, and once more when it can.
// Threads    record(), tape(), nudge(): the supervision thread. `news` and `report` are called on the journal thread, must not
//            block or call back. The rest: any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/runtime/journal/event.hpp"
#include "supervisor/runtime/journal/history.hpp"
#include "supervisor/runtime/journal/journal_file.hpp"
#include "supervisor/runtime/storage_error.hpp"

namespace simplevisor::runtime::journal {

// Events as lines of JSON, in order, without gaps among them.
struct Chunk {
  std::vector<std::string> lines;  // without ends of line
  EventId first = 0;               // id of the first; 0: there are none
  EventId last = 0;
  bool gap = false;  // events between the one asked for and `first` are not in memory any more
};

class Recorder {
 public:
  struct Options {
    JournalPlace place;
    std::size_t ring_bytes_max = std::size_t{4} << 20;
    std::size_t pending_max = 100'000;
    std::chrono::milliseconds gather{100};
    std::function<void(const std::string&)> report{};  // one line: trouble with the file, or its end
  };
  static StorageResult<std::unique_ptr<Recorder>> open(Options options);
  // Takes over and writes what was recorded.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void record(Event event);
  // Lines of a tape (tape.hpp), written down with the events that follow them.
  void tape(std::string_view lines);
  // Something may have been recorded, and whatever was urgent has been done.
  void nudge();

  // Waits until everything recorded so far is visible; false: not within `limit`.
  bool sync(std::chrono::milliseconds limit) const;

  // What came after `id`, oldest first, at most `bytes_max` of it but at least one.
  [[nodiscard]] Chunk after(EventId id, std::size_t bytes_max) const;
  [[nodiscard]] EventId last() const;
  // The last `count` events that bear on `path`, oldest first: its own, decisions about it, and of the supervisors
  // `above` it whatever is not about another of their children alone.
  [[nodiscard]] std::vector<Event> about(const std::string& path, const std::vector<std::string>& above,
                                         std::size_t count) const;
  [[nodiscard]] std::optional<History> history(const std::string& path) const;
  [[nodiscard]] std::uint64_t left_out() const;  // for want of room

  // `news` is called when there is something new, for as long as the token is kept.
  using Token = std::shared_ptr<const std::function<void()>>;
  [[nodiscard]] Token when_news(std::function<void()> news);

 private:
  class Impl;
  explicit Recorder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace simplevisor::runtime::journal
