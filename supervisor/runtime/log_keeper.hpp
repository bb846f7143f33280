// supervisor/runtime/log_keeper.hpp
//
// Looks after rotated log files: compresses them, and removes the oldest when all together are too large.
//
// Which      NAME.log.2 and older become NAME.log.N.gz; NAME.log.1 stays as it is for those who follow. Above
//            `total_bytes` rotated files are removed, the oldest of all workers first; current ones never are.
// Kill       a file is compressed beside its place, synced, put into it by rename, and only then the former is removed: at
//            any moment one of the two is there and whole. What a killed keeper left half done is removed by the next.
// Threads    one of its own, of the lowest priority, asleep until a file was rotated. `renaming` is held by whoever
//            renames log files, for a few system calls.
// Errors     reported once, and tried again after the next rotation.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace simplevisor::runtime {

class LogKeeper {
 public:
  struct Options {
    bool compress = true;
    std::uint64_t total_bytes = 0;                     // 0: no limit
    std::function<void(const std::string&)> report{};  // one line; on the keeper's thread
  };

  // `dir`: the directory of the logs; stays open.
  LogKeeper(int dir, Options options) : dir_(dir), options_(std::move(options)) {}
  ~LogKeeper();  // gives up what it is at
  LogKeeper(const LogKeeper&) = delete;
  LogKeeper& operator=(const LogKeeper&) = delete;

  // 0, or an errno when the system has no thread to give. Begins with a look at what is there.
  int start();
  // A file was rotated. From any thread; does not wait.
  void wake();
  // Waits until everything that woke it is done.
  void settle();

  std::mutex renaming;

 private:
  void run();
  void tend();
  void compress_all();
  // 0 or an errno.
  int compress(const std::string& log, unsigned number);
  int put_in_place(const std::string& part, const std::string& log, std::uint64_t inode);
  void trim();
  void report(int error);

  int dir_;
  Options options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = true;
  bool busy_ = false;
  std::atomic<bool> ending_ = false;
  bool reported_ = false;
  std::thread thread_;
};

}  // namespace simplevisor::runtime
