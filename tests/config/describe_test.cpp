// tests/config/describe_test.cpp
#include "supervisor/config/describe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/tree_files.hpp"

namespace simplevisor::config {
namespace {

TEST(Description, ShowsTheTreeWithWhatMatters) {
  const TreeFiles files;
  const auto loaded = files.good(R"(
    [simplevisor]
    name = "host"
    state_dir = "/state"
    [supervisor.root]
    intensity = 5
    period = "1min"
    children = ["a", "p"]
    [supervisor.a]
    strategy = "rest_for_one"
    on_exhausted = "cool_down"
    restart = "transient"
    children = ["w"]
    [worker.w]
    command = ["/bin/sh", "-c", "echo 'it'"]
    env = { PASSWORD = "secret" }
    with = { password = "secret" }
    user = "nobody"
    shutdown = "brutal_kill"
    [pool.p]
    command = ["p", "{instance}"]
    size = 3
    watchdog = "30s"
    ready = "notify"
    backoff = { initial = "1s" }
  )");
  EXPECT_EQ(
      describe(loaded),
      "host: 2 programs, state in /state\n"
      "file " +
          files.path("tree.toml") +
          "\n"
          "\n"
          "root: supervisor, one_for_one, more than 5 restarts in 1min: give up\n"
          "  a: supervisor, rest_for_one, transient, shutdown infinity, more than 1 restarts in 5s: cool "
          "down for 1min\n"
          "    w: worker, permanent, shutdown brutal_kill\n"
          "      runs /bin/sh -c 'echo '\\''it'\\'''\n"
          "      ready: exec, user: nobody, env: 1 variables\n"
          "  p: pool of 3, permanent, shutdown 5s, backoff 1s to 30s, more than 1 restarts in 5s: give up\n"
          "    runs p {instance}\n"
          "    ready: notify, watchdog: 30s\n");
}

}  // namespace
}  // namespace simplevisor::config
