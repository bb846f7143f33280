// The control API as any program meets it: what docs/api/openapi.json says is what a real supervisor answers.
#include <gmock/gmock.h>

#include "tests/integration/host.hpp"

namespace simplevisor::integration {
namespace {

TEST(Api, AnswersAsItIsDescribed) {
  Host host{R"(
[supervisor.root]
children = ["broker", "jobs", "flaky", "tidy"]
[supervisor.broker]
strategy = "one_for_all"
children = ["send"]
[worker.send]
command = ["/bin/sh", "-c", "echo hello; exec sleep 1000"]
env = { PASSWORD = "x" }
limits = { nofile = 64 }
[pool.jobs]
size = 2
command = ["/bin/sleep", "1000"]
[worker.flaky]
restart = "temporary"
command = ["/bin/sh", "-c", "echo this failed; exit 3"]
stderr = { file = "@DIR@/flaky.err" }
[worker.tidy]
restart = "transient"
command = ["/bin/true"]
)"};
  host.up();
  ASSERT_TRUE(eventually([&] { return host.node("root/flaky").at("state") == "ended"; }));
  const Outcome checked = run({"python3", SIMPLEVISOR_SOURCE "/tests/integration/openapi_check.py",
                               SIMPLEVISOR_SOURCE "/docs/api/openapi.json",
                               host.dir() + "/state/control.sock", "root/broker/send"});
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.out, testing::MatchesRegex("[0-9]+ answers checked\n"))
      << "is python3-jsonschema installed?";
  EXPECT_EQ(host.wait().exit_code, 0);
}

}  // namespace
}  // namespace simplevisor::integration
