#include "tests/core/random_tree.hpp"

#include <string>

namespace simplevisor::core::testing {
namespace {

using namespace std::chrono_literals;

struct Names {
  std::size_t given = 0;
  std::string next(const char* prefix) { return prefix + std::to_string(++given); }
};

Restart random_restart(Dice& dice) {
  const auto roll = dice.roll(10);
  return roll < 6 ? Restart::permanent : roll < 8 ? Restart::transient : Restart::temporary;
}

void random_flags(Dice& dice, const Style& style, SupervisorSpec& spec) {
  spec.strategy = dice.one_of({Strategy::one_for_one, Strategy::one_for_one, Strategy::rest_for_one,
                               Strategy::one_for_all, Strategy::simple_one_for_one});
  spec.intensity = dice.roll(7);
  spec.period = dice.one_of<Milliseconds>({1s, 5s, 60s, 1h});
  if (dice.percent(15))
    spec.auto_shutdown = dice.one_of({AutoShutdown::any_significant, AutoShutdown::all_significant});
  if (!style.extensions) return;
  if (dice.percent(25)) spec.on_exhausted = OnExhausted::cool_down;
  spec.cool_down = dice.one_of<Milliseconds>({1s, 30s, 10min});
  spec.ordered = dice.percent(60);
  spec.max_concurrent = dice.one_of<std::size_t>({1, 2, 3, 1024});
  if (spec.strategy == Strategy::simple_one_for_one) spec.initial_instances = dice.roll(6);
}

std::shared_ptr<const ChildSpec> random_supervisor(Dice& dice, const Style& style, Names& names,
                                                   const SupervisorSpec* parent, int depth) {
  ChildSpec child;
  child.name = parent ? names.next("s") : "root";
  child.shutdown = Shutdown::infinity();
  if (parent) {
    child.restart = random_restart(dice);
    child.significant = parent->auto_shutdown != AutoShutdown::never && child.restart != Restart::permanent &&
                        dice.percent(50);
    if (dice.percent(10)) child.shutdown = Shutdown::timed(dice.one_of<Milliseconds>({20ms, 3s, 30s}));
    if (dice.percent(5)) child.shutdown = Shutdown::brutal_kill();
  }
  SupervisorSpec spec;
  random_flags(dice, style, spec);
  if (!parent) spec.intensity += 20;  // so that trees live long enough to see something
  if (spec.strategy == Strategy::simple_one_for_one) {
    spec.children.push_back(random_worker(dice, style, spec, names.next("t")));
  } else {
    const std::size_t wanted = dice.roll(6);
    for (std::size_t n = 0; n < wanted && names.given < style.nodes_max; ++n) {
      const bool nested = depth < 3 && dice.percent(35);
      spec.children.push_back(nested ? random_supervisor(dice, style, names, &spec, depth + 1)
                                     : random_worker(dice, style, spec, names.next("w")));
    }
  }
  child.supervisor = std::make_shared<SupervisorSpec>(std::move(spec));
  return std::make_shared<ChildSpec>(std::move(child));
}

}  // namespace

std::shared_ptr<const ChildSpec> random_worker(Dice& dice, const Style& style, const SupervisorSpec& parent,
                                               std::string name) {
  ChildSpec child;
  child.name = std::move(name);
  child.restart = random_restart(dice);
  child.significant =
      parent.auto_shutdown != AutoShutdown::never && child.restart != Restart::permanent && dice.percent(50);
  const auto shutdown = dice.roll(10);
  if (shutdown < 1)
    child.shutdown = Shutdown::brutal_kill();
  else if (shutdown < 2)
    child.shutdown = Shutdown::infinity();
  else
    child.shutdown = Shutdown::timed(dice.one_of<Milliseconds>({0ms, 20ms, 5s, 20s}));
  if (style.extensions) {
    if (dice.percent(40)) {
      child.backoff.initial = dice.one_of<Milliseconds>({1ms, 100ms, 10s});
      child.backoff.factor = dice.one_of({1.0, 1.5, 4.0});
      child.backoff.max = dice.one_of<Milliseconds>({1s, 5min});
      child.backoff.jitter = dice.one_of({0.0, 0.3, 1.0});
      child.backoff.healthy_after = dice.one_of<Milliseconds>({0ms, 10s, 1h});
    }
    child.slow_start = dice.percent(25);
  }
  return std::make_shared<ChildSpec>(std::move(child));
}

std::shared_ptr<const ChildSpec> random_tree(Dice& dice, const Style& style) {
  Names names;
  return random_supervisor(dice, style, names, nullptr, 0);
}

}  // namespace simplevisor::core::testing
