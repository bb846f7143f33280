// tests/top/nodes.hpp
//
// A small tree as the supervisor tells of it: two brokers, one of them in trouble, and a pool.
#pragma once

#include <string>
#include <utility>

#include "supervisor/cli/node_text.hpp"
#include "tests/control/fake_service.hpp"

namespace simplevisor::testing {

inline runtime::NodeStatus worker(std::string path, int pid, std::chrono::milliseconds age) {
  auto row = node(std::move(path), runtime::NodeType::worker);
  row.pid = pid;
  row.age = age;
  return row;
}

inline runtime::NodeStatus supervisor(std::string path, std::size_t restarts) {
  auto row = node(std::move(path), runtime::NodeType::supervisor);
  row.strategy = "one_for_one";
  row.restarts = restarts;
  row.restarts_limit = 5;
  row.restarts_window = std::chrono::minutes(1);
  return row;
}

inline runtime::ServiceInfo running(std::string name) {
  runtime::ServiceInfo info;
  info.name = std::move(name);
  info.uptime = std::chrono::hours(2);
  info.phase = "running";
  return info;
}

inline cli::Rows small_tree() {
  using namespace std::chrono_literals;
  cli::Rows rows{supervisor("root", 0),        supervisor("root/a", 2), worker("root/a/recv", 300, 9s),
                 worker("root/a/send", 0, 1s), supervisor("root/b", 0), worker("root/b/recv", 100, 50s),
                 worker("root/clock", 200, 3h)};
  rows[3].state = "restarting";
  rows[3].verdict = runtime::Verdict::healing;
  rows[3].ready = 0;
  rows[3].restarts = 2;
  rows[3].next = "restart in 4.2 s";
  rows[3].why = "exited with status 3, 1 s ago";
  return rows;
}

}  // namespace simplevisor::testing
