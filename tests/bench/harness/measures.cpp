#include "tests/bench/harness/measures.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tests/bench/harness/session.hpp"
#include "tests/bench/harness/statistics.hpp"

namespace simplevisor::bench {

using namespace std::chrono_literals;

namespace {

constexpr unsigned few_workers = 8;  // not scaled
constexpr unsigned slow_share = 10;  // a slow system gets one kill where others get ten

double us(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::micro>(time).count();
}
double ms(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

Result<std::unique_ptr<Session>> session_of(const System& system, const Conditions& conditions,
                                            unsigned workers, const std::string& mode = "s") {
  return Session::prepare(system, {conditions.worker, workers, mode});
}

// M1, M7: kills workers one after another, each a different one as long as there are, with a pause of one to
// three milliseconds in which the supervisor finishes what it does after a restart.
Result<void> kill_one_by_one(Session& session, unsigned kills, Conditions& conditions, Series& series) {
  std::vector<pid_t> victims = session.workers();
  std::ranges::sort(victims);
  std::ranges::shuffle(victims, conditions.random);
  std::uniform_int_distribution<int> pause_us(1000, 3000);
  const auto overhead = session.overhead();
  const auto cpu_before = cpu_time_of(overhead);
  const auto count = std::min<std::size_t>(kills, victims.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto latency = session.kill_and_await(victims[i]);
    if (!latency) return std::unexpected(latency.error());
    series["latency_us"].push_back(us(*latency));
    const timespec pause{0, pause_us(conditions.random) * 1000L};
    ::nanosleep(&pause, nullptr);
  }
  series["cpu_us"].push_back(us(cpu_time_of(overhead) - cpu_before) / static_cast<double>(count));
  return {};
}

Result<Series> started_and_killed(const System& system, Conditions& conditions, unsigned workers,
                                  unsigned kills) {
  Series series;
  const auto session = session_of(system, conditions, workers);
  if (!session) return std::unexpected(session.error());
  const auto started = (*session)->launch_and_await();
  if (!started) return std::unexpected(started.error());
  series["start_us_each"].push_back(us(started->last - (*session)->launched()) / workers);
  if (auto rest = (*session)->settle(); !rest) return std::unexpected(rest.error());
  const unsigned count = std::max(system.slow ? kills / slow_share : kills, 1u);
  if (auto killed = kill_one_by_one(**session, count, conditions, series); !killed) {
    return std::unexpected(killed.error());
  }
  if (auto stopped = (*session)->stop(); !stopped) return std::unexpected(stopped.error());
  return series;
}

// M2 and M6: one start, a rest, one stop.
Result<Series> started_and_stopped(const System& system, Conditions& conditions, unsigned workers) {
  const auto session = session_of(system, conditions, workers);
  if (!session) return std::unexpected(session.error());
  const auto started = (*session)->launch_and_await();
  if (!started) return std::unexpected(started.error());
  if (auto rest = (*session)->settle(); !rest) return std::unexpected(rest.error());
  const auto stopped = (*session)->stop();
  if (!stopped) return std::unexpected(stopped.error());
  return Series{{"ms", {ms(started->last - (*session)->launched())}},
                {"first_ms", {ms(started->first - (*session)->launched())}},
                {"spread_ms", {ms(started->last - started->first)}},
                {"workers_gone_ms", {ms(stopped->workers)}},
                {"all_gone_ms", {ms(stopped->all)}}};
}

Result<Series> idled(const System& system, Conditions& conditions, unsigned workers,
                     std::chrono::milliseconds idle) {
  const auto session = session_of(system, conditions, workers);
  if (!session) return std::unexpected(session.error());
  const auto started = (*session)->launch_and_await();
  if (!started) return std::unexpected(started.error());
  if (auto rest = (*session)->idle(conditions.rest + system.settle); !rest)
    return std::unexpected(rest.error());
  const auto overhead = (*session)->overhead();
  const Usage before = usage_of(overhead);
  const auto begin = Clock::now();
  if (auto rest = (*session)->idle(idle); !rest) return std::unexpected(rest.error());
  const Usage after = usage_of(overhead);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (auto stopped = (*session)->stop(); !stopped) return std::unexpected(stopped.error());
  return Series{{"workers", {static_cast<double>(workers)}},
                {"processes", {static_cast<double>(after.processes)}},
                {"cpu_ms_per_s", {ms(after.cpu - before.cpu) / seconds}},
                {"switches_per_s", {static_cast<double>(after.switches - before.switches) / seconds}},
                {"rss_mib", {static_cast<double>(after.rss_kib) / 1024}},
                {"pss_mib", {static_cast<double>(after.pss_kib) / 1024}}};
}

Result<Series> killed_at_once(const System& system, Conditions& conditions, unsigned workers) {
  const auto session = session_of(system, conditions, workers);
  if (!session) return std::unexpected(session.error());
  if (auto started = (*session)->launch_and_await(); !started) return std::unexpected(started.error());
  if (auto rest = (*session)->settle(); !rest) return std::unexpected(rest.error());
  const auto overhead = (*session)->overhead();
  const auto cpu_before = cpu_time_of(overhead);
  const auto replaced = (*session)->kill_all_and_await();
  if (!replaced) return std::unexpected(replaced.error());
  const auto cpu = cpu_time_of(overhead) - cpu_before;
  if (auto stopped = (*session)->stop(); !stopped) return std::unexpected(stopped.error());
  return Series{{"ms", {ms(*replaced)}}, {"cpu_us", {us(cpu) / workers}}};
}

Result<Series> leaving_at_once(const System& system, Conditions& conditions, unsigned workers) {
  const auto session = session_of(system, conditions, workers, "x0");
  if (!session) return std::unexpected(session.error());
  if (auto started = (*session)->launch(); !started) return std::unexpected(started.error());
  if (auto first = (*session)->await(1); !first) return std::unexpected(first.error());
  // A fifth of the time to get into its stride, uncounted.
  const auto since = Clock::now() + conditions.leaving / 5;
  const auto count = (*session)->count_beacons(since, since + conditions.leaving);
  if (!count) return std::unexpected(count.error());
  if (auto stopped = (*session)->stop(); !stopped) return std::unexpected(stopped.error());
  return Series{
      {"per_s", {static_cast<double>(*count) / std::chrono::duration<double>(conditions.leaving).count()}}};
}

// Values of columns: one series of one case, reduced.

using Value = std::function<std::optional<double>(const Collected&)>;
using Reduce = std::function<double(std::vector<double>)>;

Reduce at(double share) {
  return [share](std::vector<double> values) { return percentile(std::move(values), share); };
}

Value of(std::string label, std::string series, Reduce reduce = median) {
  return [=](const Collected& collected) -> std::optional<double> {
    const auto found = collected.find(label);
    if (found == collected.end()) return std::nullopt;
    const auto values = found->second.find(series);
    if (values == found->second.end() || values->second.empty()) return std::nullopt;
    return reduce(values->second);
  };
}

Value quotient(Value above, Value below) {
  return [=](const Collected& collected) -> std::optional<double> {
    const auto a = above(collected);
    const auto b = below(collected);
    if (!a || !b || *b == 0) return std::nullopt;
    return *a / *b;
  };
}

// What one more worker costs in memory, from two sizes.
Value kib_per_added(const std::string& one, const std::string& other) {
  return [=](const Collected& collected) -> std::optional<double> {
    const auto n1 = of(one, "workers")(collected), n2 = of(other, "workers")(collected);
    const auto m1 = of(one, "pss_mib")(collected), m2 = of(other, "pss_mib")(collected);
    if (!n1 || !n2 || !m1 || !m2 || *n1 == *n2) return std::nullopt;
    return (*m2 - *m1) * 1024 / (*n2 - *n1);
  };
}

Measure restart_latency() {
  const auto session = [](const System& system, Conditions& conditions) {
    return started_and_killed(system, conditions, conditions.scaled(1000), conditions.kills);
  };
  return {"M1",
          "restart latency with 1,000 workers: kill -9 of one until its replacement's beacon",
          {{"1000", session}},
          {{"p50 us", of("1000", "latency_us", at(.5)), 0, true, Better::lower, 1.3},
           {"p90 us", of("1000", "latency_us", at(.9)), 0, true},
           {"p99 us", of("1000", "latency_us", at(.99)), 0, true, Better::lower, 1.5},
           {"max us", of("1000", "latency_us", at(1)), 0},
           {"supervisor's CPU us", of("1000", "cpu_us"), 1, true}}};
}

Case start_stop_case(unsigned workers) {
  return {std::to_string(workers), [workers](const System& system, Conditions& conditions) {
            return started_and_stopped(system, conditions, conditions.scaled(workers));
          }};
}

Measure mass_start() {
  return {"M2",
          "mass start: launch of the supervisor until the last beacon",
          {start_stop_case(1000), start_stop_case(5000)},
          {{"1000: ms", of("1000", "ms"), 1, true, Better::lower, 1.5},
           {"first beacon ms", of("1000", "first_ms")},
           {"first to last ms", of("1000", "spread_ms"), 1, true},
           {"5000: ms", of("5000", "ms"), 1, true, Better::lower, 1.5},
           {"first beacon ms", of("5000", "first_ms")},
           {"first to last ms", of("5000", "spread_ms"), 1, true}}};
}

Measure idle_cost() {
  const auto measured = [](const System& system, Conditions& conditions) {
    return idled(system, conditions, conditions.scaled(1000), conditions.idle);
  };
  // For the slope in memory alone: three times as many, or half as many where there is a limit.
  const auto other = [](const System& system, Conditions& conditions) {
    const unsigned workers = conditions.scaled(system.workers_max > 1000 ? 3000 : 500);
    return idled(system, conditions, workers, 100ms);
  };
  return {"M3",
          "idle with 1,000 workers",
          {{"1000", measured}, {"other", other}},
          {{"processes", of("1000", "processes"), 0},
           {"CPU ms per s", of("1000", "cpu_ms_per_s"), 3, false, Better::lower, {}, 0.005},
           {"switches per s", of("1000", "switches_per_s"), 2, false, Better::lower, {}, 0.0},
           {"RSS MiB", of("1000", "rss_mib"), 1, false, Better::lower, {}, 12.0},
           {"PSS MiB", of("1000", "pss_mib"), 1},
           {"KiB per added worker", kib_per_added("1000", "other"), 2, false, Better::lower, {}, 2.5}},
          2};
}

Measure crash_storm() {
  const auto session = [](const System& system, Conditions& conditions) {
    return killed_at_once(system, conditions, conditions.scaled(1000));
  };
  return {"M4",
          "1,000 workers killed at the same moment, until all are replaced",
          {{"1000", session}},
          {{"ms", of("1000", "ms"), 1, true, Better::lower, 1.5},
           {"max ms", of("1000", "ms", at(1))},
           {"supervisor's CPU us per worker", of("1000", "cpu_us"), 1, true}}};
}

Measure leaving_workers() {
  const auto session = [](unsigned workers) {
    return [workers](const System& system, Conditions& conditions) {
      return leaving_at_once(system, conditions, workers);
    };
  };
  return {"M5",
          "workers that leave at once with exit code 0: starts per second",
          {{"1", session(1)}, {"8", session(8)}},
          {{"1 worker", of("1", "per_s"), 0, true, Better::higher, 0.6},
           {"8 workers", of("8", "per_s"), 0, true, Better::higher, 0.6}}};
}

Measure mass_stop() {
  return {"M6",
          "mass stop of 1,000: signal to the supervisor until all are gone",
          {start_stop_case(1000)},
          {{"workers gone ms", of("1000", "workers_gone_ms"), 1, true, Better::lower, 1.3},
           {"and supervisor ms", of("1000", "all_gone_ms"), 1, true}}};
}

Measure scaling() {
  Measure measure{"M7", "cost per event at 1,000, 3,000 and 10,000 workers", {}, {}, 3};
  const std::vector<unsigned> sizes{1000, 3000, 10'000};
  for (const unsigned workers : sizes) {
    measure.cases.push_back(
        {std::to_string(workers), [workers](const System& system, Conditions& conditions) {
           return started_and_killed(system, conditions, conditions.scaled(workers), conditions.kills);
         }});
  }
  const auto add = [&](const std::string& what, const std::string& series, int decimals, Reduce reduce,
                       std::optional<double> limit) {
    for (const unsigned workers : sizes) {
      const auto label = std::to_string(workers);
      measure.columns.push_back({fmt::format("{}: {}", label, what), of(label, series, reduce), decimals,
                                 true, Better::lower, limit});
    }
    measure.columns.push_back(
        {"grows by", quotient(of("10000", series, reduce), of("1000", series, reduce)), 2});
  };
  add("restart p50 us", "latency_us", 0, at(.5), 1.3);
  add("CPU us a restart", "cpu_us", 1, median, {});
  add("start us each", "start_us_each", 1, median, 1.5);
  return measure;
}

}  // namespace

unsigned Conditions::scaled(unsigned workers) const {
  if (workers <= few_workers) return workers;
  return std::max(1u, static_cast<unsigned>(workers * scale));
}

std::vector<Measure> all_measures() {
  return {restart_latency(), mass_start(), idle_cost(), crash_storm(),
          leaving_workers(), mass_stop(),  scaling()};
}

}  // namespace simplevisor::bench
