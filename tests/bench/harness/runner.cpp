#include "tests/bench/harness/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tests/bench/harness/beacon_fifo.hpp"
#include "tests/bench/harness/noise.hpp"

namespace simplevisor::bench {

namespace {

struct Round {
  std::map<std::string, Series> by_system;
  double noise = 0;
};

class CaseRunner {
 public:
  CaseRunner(const Case& item, const std::vector<System>& systems, Conditions& conditions,
             MeasureResult& result)
      : item_(item), systems_(systems), conditions_(conditions), result_(result) {}

  // `unable` is an answer; any other error but an interruption takes the system out of the case.
  Result<Round> round(unsigned number) {
    Round round;
    for (std::size_t i = 0; i < systems_.size(); ++i) {
      const System& system = systems_[(i + number) % systems_.size()];
      if (left_out_.contains(system.name)) continue;
      const NoiseMeter meter;
      auto series = item_.session(system, conditions_);
      if (series) {
        round.noise = std::max(round.noise, meter.share());
        round.by_system.emplace(system.name, *std::move(series));
        continue;
      }
      if (series.error().code == Errc::interrupted) return std::unexpected(series.error());
      left_out_.insert(system.name);
      auto& list = series.error().code == Errc::unavailable ? result_.unable : result_.problems;
      list[system.name].push_back(fmt::format("{}: {}", item_.label, series.error().message));
    }
    return round;
  }

  void collect(const std::vector<Round>& rounds) {
    for (const Round& round : rounds) {
      for (const auto& [system, series] : round.by_system) {
        if (left_out_.contains(system)) continue;
        for (const auto& [name, values] : series) {
          auto& all = result_.collected[system][item_.label][name];
          all.insert(all.end(), values.begin(), values.end());
        }
      }
    }
  }

 private:
  const Case& item_;
  const std::vector<System>& systems_;
  Conditions& conditions_;
  MeasureResult& result_;
  std::set<std::string> left_out_;
};

Result<void> run_case(const Measure& measure, const Case& item, const std::vector<System>& systems,
                      Conditions& conditions, const RunOptions& options, Clock::duration share,
                      MeasureResult& result) {
  const auto until = Clock::now() + share;
  const unsigned wanted = std::min(options.rounds, measure.rounds_max);
  CaseRunner runner(item, systems, conditions, result);
  std::vector<Round> rounds;
  std::size_t quiet = 0;
  Clock::duration longest{0};
  while (quiet < wanted && rounds.size() < 2 * wanted) {
    const auto begin = Clock::now();
    if (!rounds.empty() && begin + longest > until) break;
    auto round = runner.round(static_cast<unsigned>(rounds.size()));
    if (!round) return std::unexpected(round.error());
    longest = std::max(longest, Clock::now() - begin);
    const bool noisy = round->noise > options.noise_max;
    quiet += noisy ? 0 : 1;
    if (options.progress) {
      options.progress(fmt::format("{} {}: round {} of {}, others used {:.1f}%{}", measure.id, item.label,
                                   rounds.size() + 1, wanted, round->noise * 100, noisy ? " (noisy)" : ""));
    }
    rounds.push_back(*std::move(round));
  }

  std::ranges::stable_sort(rounds, {}, &Round::noise);
  CaseRounds summary{item.label};
  summary.repeated = static_cast<unsigned>(rounds.size() - std::min<std::size_t>(rounds.size(), wanted));
  rounds.resize(rounds.size() - summary.repeated);
  summary.used = static_cast<unsigned>(rounds.size());
  summary.noisy_used = static_cast<unsigned>(
      std::ranges::count_if(rounds, [&](const Round& round) { return round.noise > options.noise_max; }));
  summary.noise_max = rounds.empty() ? 0 : rounds.back().noise;
  result.cases.push_back(summary);
  runner.collect(rounds);
  return {};
}

}  // namespace

Result<std::vector<MeasureResult>> run_measures(const std::vector<Measure>& measures,
                                                const std::vector<System>& systems, Conditions& conditions,
                                                const RunOptions& options) {
  const auto until = Clock::now() + options.time_max;
  long cases_left = 0;
  for (const Measure& measure : measures) cases_left += static_cast<long>(measure.cases.size());

  std::vector<MeasureResult> results;
  for (const Measure& measure : measures) {
    MeasureResult result;
    result.measure = &measure;
    for (const Case& item : measure.cases) {
      const auto share = std::max(Clock::duration::zero(), until - Clock::now()) / cases_left--;
      if (auto done = run_case(measure, item, systems, conditions, options, share, result); !done) {
        return std::unexpected(done.error());
      }
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace simplevisor::bench
