#include "supervisor/runtime/census.hpp"

namespace simplevisor::runtime {

std::vector<NodeMeasures> measure(Engine& engine, const std::vector<Resident>& all) {
  std::vector<NodeMeasures> measures(all.size());
  for (std::size_t n = 0; n < all.size(); ++n) {
    NodeMeasures& node = measures[n];
    if (all[n].spec->supervisor) {
      node.supervisor = engine.tally(*all[n].spec);
      node.starts = node.supervisor.starts;
      continue;
    }
    const Worker* const worker = engine.workers().find(all[n].spec->program, all[n].instance);
    if (!worker) continue;
    node.starts = worker->starts;
    node.ends = worker->ends;
    if (worker->pid != 0) node.started = engine.wall_time(worker->started_at);
  }
  return measures;
}

}  // namespace simplevisor::runtime
