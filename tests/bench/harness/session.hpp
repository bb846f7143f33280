// tests/bench/harness/session.hpp
//
// One system under test with one set of workers, from its start until nothing of it is left. At most one
// session lives at a time.
//
// Ownership  its folder (configuration, state, FIFO), and every process that descends from the harness
//            meanwhile: the destructor kills what did not end in time.
// Errors     lost: workers without a beacon in time; ended: the system went away, with the last lines it
//            wrote.
// Time       instants of workers are their own (read before the beacon is written), so reading late changes
//            nothing.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/bench/harness/beacon_fifo.hpp"
#include "tests/bench/harness/proc.hpp"
#include "tests/bench/harness/system.hpp"

namespace simplevisor::bench {

class Session {
 public:
  struct Setting {
    std::filesystem::path worker;  // the worker program
    unsigned workers = 0;
    std::string mode = "s";
  };

  // Prepares everything, starts nothing.
  static Result<std::unique_ptr<Session>> prepare(const System& system, const Setting& setting);

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  Result<void> launch();
  [[nodiscard]] Clock::time_point launched() const { return launched_; }

  // launch(), and the first beacon of every worker.
  struct Started {
    Clock::time_point first;
    Clock::time_point last;
  };
  Result<Started> launch_and_await();

  // The next `count` beacons, in no order. Reads rarely when there are many, to leave the processors to the
  // system.
  Result<std::vector<Beacon>> await(std::size_t count);

  // As many beacons as come until `until`; those from `since` on are counted.
  Result<std::size_t> count_beacons(Clock::time_point since, Clock::time_point until);

  // Kills a worker; the time from then to the beacon of its replacement.
  Result<std::chrono::nanoseconds> kill_and_await(pid_t victim);

  // Kills all workers that live; the time from the first kill to the last replacement's beacon.
  Result<std::chrono::nanoseconds> kill_all_and_await();

  struct Stopped {
    std::chrono::nanoseconds workers;  // from the signal until the last worker was gone
    std::chrono::nanoseconds all;      // ... until the supervisor was, too
  };
  Result<Stopped> stop();

  // Lets the system come to rest after a start.
  Result<void> settle();
  Result<void> idle(std::chrono::milliseconds time);

  [[nodiscard]] std::vector<pid_t> workers() const;

  // The processes of the system that are not workers.
  [[nodiscard]] std::vector<pid_t> overhead() const;

 private:
  Session(const System& system, const Setting& setting, std::filesystem::path folder, BeaconFifo fifo,
          Job job, std::vector<std::string> argv);

  Result<void> check_alive();
  std::unexpected<Error> lost(std::size_t wanted, std::size_t got) const;
  void note(const Beacon& beacon) { lives_[beacon.id] = beacon.pid; }
  [[nodiscard]] std::string last_words() const;

  const System& system_;
  Setting setting_;
  std::filesystem::path folder_;
  BeaconFifo fifo_;
  Job job_;
  std::vector<std::string> argv_;
  Clock::time_point launched_{};
  pid_t root_ = 0;
  std::unordered_map<std::int32_t, pid_t> lives_;  // by id
};

}  // namespace simplevisor::bench
