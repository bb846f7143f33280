// supervisor/runtime/holds.hpp
//
// What administrators have stopped and want stopped: by whom, why, and until when.
//
// Semantics  a held node stays down through restarts of its siblings and supervisors, and of the supervisor's process, until
//            it is started, or its time is over. The tree knows who is held; this knows the rest.
// Durable    STATE/holds.json, written (fsync, rename) on a thread of its own after each change, one after the other: a wish
//            is obeyed at once, and outlives a power cut a moment later. A file that cannot be written is logged.
// Clock      ends are wall-clock times, for they outlive the machine's clock of uptime.
// Threads    the supervision thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/runtime/state_dir.hpp"

namespace simplevisor::runtime {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
[[nodiscard]] WallTime wall_clock();

struct Hold {
  std::string by{};      // "uid 0"; "" for the program that embeds us
  std::string reason{};  // "" for none
  WallTime since{};
  std::optional<WallTime> until{};  // none: until it is started
};

// "held by uid 0 for 2h more: broker maintenance"; "stopped by administrator" when no more is known.
[[nodiscard]] std::string in_words(const Hold& hold, WallTime now);

[[nodiscard]] bool lasts_as_long(const Hold& hold, const Hold& other);

// {"holds":{"root/a":{"by","reason","since_ms","until_ms"},...}}
[[nodiscard]] std::string holds_json(const std::map<std::string, Hold>& holds);
// Nothing for what is no such file: it is not worth failing a start.
[[nodiscard]] std::optional<std::map<std::string, Hold>> parse_holds(std::string_view text);

class Holds {
 public:
  static constexpr std::string_view file_name = "holds.json";
  static constexpr std::size_t file_bytes_max = std::size_t{16} << 20;

  // Reads what was held. `over`: this node's time is over, it is held no more.
  Holds(boost::asio::io_context& io, StateDir& state_dir, std::function<void(const std::string& path)> over);
  ~Holds();  // writes what is left to write
  Holds(const Holds&) = delete;
  Holds& operator=(const Holds&) = delete;

  void add(const std::string& path, Hold hold);
  void remove(const std::string& path);  // no matter whether it was held
  // Those whose paths `is_there` does not know are forgotten: the configuration has changed.
  void keep_only(const std::function<bool(const std::string& path)>& is_there);

  [[nodiscard]] const std::map<std::string, Hold>& all() const { return holds_; }
  [[nodiscard]] const Hold* find(const std::string& path) const;

 private:
  void save();  // once for all changes of a turn of the loop
  void write();
  void arm();

  StateDir& state_dir_;
  std::function<void(const std::string&)> over_;
  std::map<std::string, Hold> holds_;
  boost::asio::steady_timer timer_;
  bool changed_ = false;                            // and not on its way to the disk
  std::unique_ptr<boost::asio::thread_pool> disk_;  // from the first change on
};

}  // namespace simplevisor::runtime
