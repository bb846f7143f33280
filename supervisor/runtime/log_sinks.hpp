// supervisor/runtime/log_sinks.hpp
//
// Where the supervisor's log goes: standard error, or a rotating file. Ours instead of spdlog's, because
// those wait for a stopped terminal, throw on a full disk, leave half lines, and cannot open their file anew.
//
// Errors     `LogFileSink::open` tells; afterwards a line that cannot be written is dropped and counted, and
//            the next one that can be is preceded by how many were lost.
// Threads    any: spdlog's base_sink locks.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "supervisor/runtime/storage_error.hpp"
#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::runtime {

using LossCount = std::shared_ptr<std::atomic<std::uint64_t>>;

// Whole lines, or none.
class LogLineSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LogLineSink(LossCount lost) : lost_in_all_(std::move(lost)) {}

 protected:
  // False: the line is lost.
  virtual bool write_line(std::string_view line) = 0;

 private:
  void sink_it_(const spdlog::details::log_msg& message) final;
  void flush_() final {}  // nothing is held back

  bool write(const spdlog::details::log_msg& message);

  LossCount lost_in_all_;
  std::uint64_t lost_ = 0;  // not yet told
};

// Waits for a slow reader, but not longer than `patience`; after that not at all until it reads again.
class StderrSink final : public LogLineSink {
 public:
  StderrSink(int fd, std::chrono::milliseconds patience, LossCount lost)
      : LogLineSink(std::move(lost)), fd_(fd), patience_(patience) {}

 private:
  bool write_line(std::string_view line) override;
  // How much of it could be written.
  std::size_t write_some(std::string_view bytes);

  int fd_;  // not ours to close
  std::chrono::milliseconds patience_;
  bool stuck_ = false;
  bool torn_ = false;  // the last line was cut: end it before the next
};

// PATH, and PATH.1 ... PATH.<files> when it has grown to `max_bytes` (0: never).
class LogFileSink final : public LogLineSink {
 public:
  static StorageResult<std::shared_ptr<LogFileSink>> open(const std::string& path, std::uint64_t max_bytes,
                                                          unsigned files, LossCount lost);

  // Before the next line.
  void reopen() { reopen_.store(true); }

 private:
  LogFileSink(std::string path, std::uint64_t max_bytes, unsigned files, LossCount lost)
      : LogLineSink(std::move(lost)), path_(std::move(path)), max_bytes_(max_bytes), files_(files) {}

  int open_file();  // 0 or an errno; then the former file, if any, stays in use
  void rotate();
  bool write_line(std::string_view line) override;

  std::string path_;
  std::uint64_t max_bytes_;
  unsigned files_;
  UniqueFd file_;
  std::uint64_t size_ = 0;
  bool rotates_ = false;
  std::atomic<bool> reopen_{false};
};

}  // namespace simplevisor::runtime
