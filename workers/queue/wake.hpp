// workers/queue/wake.hpp
//
// Says when something may have come into a queue, through inotify on its directory and on its newest
// intermediate directories, where new elements are published.
//
// Use        arm() when there is nothing to do: what was announced since the last time is looked at first, so
//            that an element that came between a last look and the arming is not missed. Nothing is read
//            while work goes on.
// Reach      elements only: a lock that is given back, or something added to an older directory or from
//            another host, announces nothing. The owner polls for these.
// Lost       a queue whose directory goes is looked for whenever arm() is called, and watched again once it is there.
// Errors     a watch that cannot be had (limits, permissions) is reported once; polling goes on.
// Threads    those of its executor; the callback runs on it.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace simplevisor::queue {

class Wake {
 public:
  using OnWoken = std::function<void(std::size_t queue)>;

  Wake(const boost::asio::any_io_executor& executor, std::vector<std::string> queues, OnWoken on_woken);

  // Calls back, at once or later, when something may have come; then it has to be armed again.
  void arm();

 private:
  static constexpr std::size_t directories_watched = 2;  // of each queue, beside its top

  struct Watch {
    std::size_t queue = 0;
    std::string directory;  // "" for the top
  };

  void find_lost();
  void forget(std::size_t queue);
  void watch_newest(std::size_t queue);
  bool add(std::size_t queue, const std::string& directory);
  std::vector<bool> read_announced();
  void complain(const std::string& path);

  boost::asio::posix::stream_descriptor inotify_;
  std::vector<std::string> queues_;
  OnWoken on_woken_;
  std::map<int, Watch> watches_;
  std::set<std::size_t> lost_;  // queues whose top has no watch
  bool armed_ = false;
  bool complained_ = false;
};

}  // namespace simplevisor::queue
