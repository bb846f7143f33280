// supervisor/runtime/capture_table.hpp
//
// What the capture thread and the others share: the captured workers, and the wishes that wait for the
// thread.
//
// Threads    `workers` and `commands` under `mutex`, which is never held while a disk is waited for. A worker
//            stays at its address until the capture thread removes it, so that thread may use it without the
//            mutex, all but `closing`. FIFOs are made and removed under `names`, which comes before `mutex`. A new worker is handed over by epoll itself: no wake-up until it
//            prints.
// Memory     a node of the map (72 bytes), its path, and a bucket.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "supervisor/runtime/line_mode.hpp"
#include "supervisor/runtime/log_file_cache.hpp"
#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::runtime {

struct Captured {
  UniqueFd fifo;
  std::unique_ptr<LineMode> lines{};  // of a worker whose output goes line by line
  LogFileCache::Ticket log = LogFileCache::none;
  bool closing = false;  // under the mutex: gone for good, to be removed once its FIFO is empty
  bool stalled = false;  // its log cannot be written; not watched, tried again from time to time
};

struct PathHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view path) const noexcept { return std::hash<std::string_view>{}(path); }
};

using CapturedWorkers = std::unordered_map<std::string, Captured, PathHash, std::equal_to<>>;
using CapturedWorker = CapturedWorkers::value_type;  // path and state

struct CaptureCommand {
  enum class Kind : std::uint8_t { close, drained, sync, reopen, tell_losses, stop, abandon };
  Kind kind = Kind::sync;
  std::string node;  // of `close` and `drained`
  std::function<void(bool)> done{};
};

class CaptureTable {
 public:
  // 0, or the errno of what could not be made.
  int make();

  // Wakes the capture thread for it.
  void command(CaptureCommand command);
  std::vector<CaptureCommand> take_commands();

  // Whether the capture thread shall hear of what this worker prints. 0 or an errno. Line by line it hears of each write;
  // turning it on again makes it hear of what is there already.
  int add_watch(CapturedWorker& worker);
  void watch(CapturedWorker& worker, bool on);

  // What an event of `epoll` is about. Commands wait where there is no worker.
  struct About {
    CapturedWorker* worker = nullptr;
    bool err = false;  // its second FIFO
  };
  [[nodiscard]] static About about(const epoll_event& event);

  // Calls those who want to know that something has come into some log. Costs a load when there are none.
  using Listener = std::weak_ptr<const std::function<void()>>;
  void listen(Listener listener);
  void tell_news();

  void remove_fifos(const std::string& node, const Captured& state) const;

  std::mutex names;
  std::mutex mutex;
  CapturedWorkers workers;
  UniqueFd epoll;
  UniqueFd fifo_dir;  // STATE/fifo
  UniqueFd log_dir;   // STATE/log

 private:
  std::vector<CaptureCommand> commands_;
  std::mutex news_mutex_;
  std::vector<Listener> listeners_;
  std::atomic<bool> heard_ = false;  // whether there are any
  UniqueFd wake_;
};

}  // namespace simplevisor::runtime
