// tests/config/scale_test.cpp
//
// Large configurations: what they cost in time and memory, printed; and that the cost of a worker does not grow with
// their number. Absolute times are for the benchmark, on a machine that is known.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>

#include "tests/config/tree_files.hpp"

namespace simplevisor::config {
namespace {

// Every tenth worker is of a kind, with a table of its own; a supervisor for each hundred.
std::string tree_of(int workers) {
  std::string text = "[kind.k]\ncommand = [\"/opt/acme/k\", \"{with}\"]\nlimits = { nofile = 1024 }\n";
  std::string groups;
  std::string children;
  for (int i = 0; i < workers; ++i) {
    const std::string name = fmt::format("worker-{:05}", i);
    children += fmt::format("\"{}\", ", name);
    if (i % 10 == 0) {
      text +=
          fmt::format("[worker.{}]\nkind = \"k\"\nwith = {{ queue = \"/var/spool/queue-{}\" }}\n", name, i);
    } else {
      text += fmt::format(
          "[worker.{}]\ncommand = [\"/opt/acme/sender\", \"--foreground\", \"--name\", \"{{name}}\"]\nuser = "
          "\"messaging\"\nrestart = \"transient\"\nshutdown = \"20s\"\nbackoff = {{ initial = \"100ms\" }}\n",
          name);
    }
    if (i % 100 == 99 || i == workers - 1) {
      text += fmt::format("[supervisor.group-{}]\nchildren = [{}]\n", i / 100, children);
      groups += fmt::format("\"group-{}\", ", i / 100);
      children.clear();
    }
  }
  return text + fmt::format("[supervisor.root]\nchildren = [{}]\n", groups);
}

struct Cost {
  double seconds = 0;     // the best of all runs
  double bytes_each = 0;  // on the heap, of what stays
};

Cost cost_of(int workers, int runs) {
  const TreeFiles files;
  files.write("tree.toml", tree_of(workers));
  Cost cost{1e9, 0};
  for (int run = 0; run < runs; ++run) {
    const std::size_t before = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
    const auto begin = std::chrono::steady_clock::now();
    const auto loaded = files.load();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const std::size_t after = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
    if (!loaded) {
      ADD_FAILURE() << loaded.error().front().to_string();
      return cost;
    }
    EXPECT_EQ(loaded->programs.size(), static_cast<std::size_t>(workers));
    cost.seconds = std::min(cost.seconds, took.count());
    cost.bytes_each = (static_cast<double>(after) - static_cast<double>(before)) / workers;
  }
  fmt::print("{:6} workers: {:.3f} s, {:.0f} bytes each\n", workers, cost.seconds, cost.bytes_each);
  return cost;
}

TEST(Scale, TheCostOfAWorkerDoesNotGrowWithTheirNumber) {
  const Cost thousand = cost_of(1'000, 3);
  const Cost many = cost_of(10'000, 1);
  // Ten times the workers: 10 when linear, 100 when quadratic.
  EXPECT_LT(many.seconds, 30 * thousand.seconds);
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(many.bytes_each, 1024);
#endif
}

TEST(Scale, ThousandsOfMisspeltChildrenAreAllReported) {
  const TreeFiles files;
  std::string text = tree_of(4'000);
  std::string children;
  for (int i = 0; i < 4'000; ++i) children += fmt::format("\"wroker-{:05}\", ", i);
  text += fmt::format("[supervisor.more]\nchildren = [{}]\n", children);
  EXPECT_EQ(files.complaints(text).size(), 4'001u);  // and `more` itself is nobody's child
}

}  // namespace
}  // namespace simplevisor::config
