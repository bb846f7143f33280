#include "tests/bench/harness/session.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>

#include "tests/bench/harness/run_program.hpp"

namespace simplevisor::bench {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds reading_pause{4};     // while many beacons come
constexpr std::chrono::microseconds patience_each{4000};  // more of it for each worker (supervisord's pace)
constexpr std::size_t lost_names_max = 8;
constexpr std::size_t last_words_bytes_max = 300;

Clock::time_point sent_at(const Beacon& beacon) {
  return Clock::time_point(std::chrono::nanoseconds(beacon.sent_ns));
}

// Memory where there is some: what systems keep on disk while they run (s6 and runit a folder per service) would otherwise
// measure the disk and whoever else uses it.
std::string folder_for_temporaries() {
  if (const char* wanted = std::getenv("TMPDIR")) return wanted;
  const std::string memory = "/dev/shm";
  struct statvfs about{};
  const bool usable = ::statvfs(memory.c_str(), &about) == 0 && (about.f_flag & ST_NOEXEC) == 0 &&
                      ::access(memory.c_str(), W_OK | X_OK) == 0;
  return usable ? memory : "/tmp";
}

Result<fs::path> private_folder() {
  std::string pattern = folder_for_temporaries() + "/simplevisor-bench-XXXXXX";
  if (pattern.find_first_of(":\" ") != std::string::npos) {
    return fail(Errc::system_call,
                "the temporary folder's name must not hold a colon, quote or blank: " + pattern);
  }
  if (::mkdtemp(pattern.data()) == nullptr) return fail_errno("mkdtemp " + pattern);
  return fs::path(pattern);
}

void remove_folder(const fs::path& folder) {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

}  // namespace

Session::Session(const System& system, const Setting& setting, fs::path folder, BeaconFifo fifo, Job job,
                 std::vector<std::string> argv)
    : system_(system),
      setting_(setting),
      folder_(std::move(folder)),
      fifo_(std::move(fifo)),
      job_(std::move(job)),
      argv_(std::move(argv)) {}

Result<std::unique_ptr<Session>> Session::prepare(const System& system, const Setting& setting) {
  if (setting.workers > system.workers_max) {
    return fail(Errc::unavailable,
                fmt::format("{} runs {} workers at most", system.name, system.workers_max));
  }
  auto folder = private_folder();
  if (!folder) return std::unexpected(folder.error());
  const Job job{setting.workers, setting.mode, setting.worker, *folder / "system",
                (*folder / "beacons").string()};
  std::error_code ignored;
  fs::create_directory(job.directory, ignored);

  auto fifo = BeaconFifo::create(job.fifo);
  auto argv = fifo ? system.prepare(job) : Result<std::vector<std::string>>(std::unexpected(fifo.error()));
  if (!argv) {
    remove_folder(*folder);
    return std::unexpected(argv.error());
  }
  return std::unique_ptr<Session>(
      new Session(system, setting, *std::move(folder), *std::move(fifo), job, *std::move(argv)));
}

Session::~Session() {
  if (root_ != 0) kill_all();
  remove_folder(folder_);
}

Result<void> Session::launch() {
  launched_ = Clock::now();
  const auto pid = start_program(argv_, job_.directory.string(), (folder_ / "log").string());
  if (!pid) return std::unexpected(pid.error());
  root_ = *pid;
  return {};
}

Result<Session::Started> Session::launch_and_await() {
  if (auto started = launch(); !started) return std::unexpected(started.error());
  const auto beacons = await(setting_.workers);
  if (!beacons) return std::unexpected(beacons.error());
  const auto [first, last] = std::ranges::minmax(*beacons, {}, &Beacon::sent_ns);
  return Started{sent_at(first), sent_at(last)};
}

Result<std::vector<Beacon>> Session::await(std::size_t count) {
  const auto until = Clock::now() + system_.patience + patience_each * static_cast<long>(count);
  std::vector<Beacon> beacons;
  for (;;) {
    if (auto read = fifo_.read_into(beacons); !read) return std::unexpected(read.error());
    if (beacons.size() >= count) break;
    if (auto alive = check_alive(); !alive) return std::unexpected(alive.error());
    if (Clock::now() >= until) {
      for (const Beacon& beacon : beacons) note(beacon);
      return lost(count, beacons.size());
    }
    if (count > 1) {
      const timespec pause{0, std::chrono::nanoseconds(reading_pause).count()};
      ::nanosleep(&pause, nullptr);
    } else {
      fifo_.wait(std::min(until, Clock::now() + 50ms));
    }
  }
  for (const Beacon& beacon : beacons) note(beacon);
  return beacons;
}

Result<std::size_t> Session::count_beacons(Clock::time_point since, Clock::time_point until) {
  std::size_t count = 0;
  std::vector<Beacon> beacons;
  for (bool last = false; !last;) {
    last = Clock::now() >= until;
    if (auto read = fifo_.read_into(beacons); !read) return std::unexpected(read.error());
    count += static_cast<std::size_t>(std::ranges::count_if(
        beacons, [&](const Beacon& beacon) { return sent_at(beacon) >= since && sent_at(beacon) < until; }));
    beacons.clear();
    if (auto alive = check_alive(); !alive) return std::unexpected(alive.error());
    const timespec pause{0, std::chrono::nanoseconds(reading_pause).count()};
    if (!last) ::nanosleep(&pause, nullptr);
  }
  return count;
}

Result<std::chrono::nanoseconds> Session::kill_and_await(pid_t victim) {
  const auto begin = Clock::now();
  if (::kill(victim, SIGKILL) != 0) return fail_errno(fmt::format("kill {}", victim));
  const auto beacons = await(1);
  if (!beacons) return std::unexpected(beacons.error());
  // A pool may give the replacement a number of its own.
  std::erase_if(lives_, [&](const auto& life) { return life.second == victim; });
  return sent_at(beacons->front()) - begin;
}

Result<std::chrono::nanoseconds> Session::kill_all_and_await() {
  const std::vector<pid_t> victims = workers();
  lives_.clear();
  const auto begin = Clock::now();
  for (const pid_t victim : victims) ::kill(victim, SIGKILL);
  const auto beacons = await(victims.size());
  if (!beacons) return std::unexpected(beacons.error());
  return sent_at(std::ranges::max(*beacons, {}, &Beacon::sent_ns)) - begin;
}

Result<Session::Stopped> Session::stop() {
  fifo_.release();
  const auto begin = Clock::now();
  const auto until = begin + system_.stop_patience;
  ::kill(root_, system_.stop_signal);
  const bool workers_gone = fifo_.all_gone(until);
  const auto workers = Clock::now() - begin;
  const bool all_gone = workers_gone && wait_for_all(until);
  const auto all = Clock::now() - begin;
  if (all_gone) {
    root_ = 0;
    return Stopped{workers, all};
  }
  const auto left = descendants(::getpid()).size();
  kill_all();
  root_ = 0;
  if (interrupted()) return fail(Errc::interrupted, "interrupted");
  return fail(Errc::stuck, fmt::format("{}: {} processes were left {} ms after signal {}", system_.name, left,
                                       system_.stop_patience.count(), system_.stop_signal));
}

Result<void> Session::settle() {
  return idle(system_.settle);
}

Result<void> Session::idle(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  const timespec pause{seconds.count(), std::chrono::nanoseconds(time - seconds).count()};
  ::nanosleep(&pause, nullptr);
  return check_alive();
}

std::vector<pid_t> Session::workers() const {
  std::vector<pid_t> pids;
  for (const auto& [id, pid] : lives_) pids.push_back(pid);
  return pids;
}

std::vector<pid_t> Session::overhead() const {
  const std::vector<pid_t> pids = workers();
  return difference(descendants(::getpid()), std::set<pid_t>(pids.begin(), pids.end()));
}

Result<void> Session::check_alive() {
  if (interrupted()) return fail(Errc::interrupted, "interrupted");
  const auto status = reap(root_);
  if (!status) return {};
  return fail(Errc::ended, fmt::format("{} {}{}", system_.name, describe_wait_status(*status), last_words()));
}

std::unexpected<Error> Session::lost(std::size_t wanted, std::size_t got) const {
  std::vector<unsigned> missing;
  for (unsigned id = 0; id < setting_.workers; ++id) {
    if (!lives_.contains(static_cast<std::int32_t>(id))) missing.push_back(id);
  }
  std::string names;
  if (!missing.empty()) {
    const bool more = missing.size() > lost_names_max;
    missing.resize(std::min(missing.size(), lost_names_max));
    names = fmt::format("; not seen: {}{}", fmt::join(missing, ", "), more ? ", ..." : "");
  }
  return fail(Errc::lost, fmt::format("{}: {} of {} workers sent no beacon in time{}{}", system_.name,
                                      wanted - got, wanted, names, last_words()));
}

std::string Session::last_words() const {
  std::ifstream file(folder_ / "log");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (text.size() > last_words_bytes_max) text = "..." + text.substr(text.size() - last_words_bytes_max);
  std::ranges::replace(text, '\n', '|');
  return text.empty() ? "" : "; it wrote: " + text;
}

}  // namespace simplevisor::bench
