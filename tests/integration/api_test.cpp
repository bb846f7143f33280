// The control API as any program meets it: what docs/api/openapi.json says is what a real supervisor answers.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/brokers/port.hpp"
#include "tests/integration/host.hpp"

namespace simplevisor::integration {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

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

TEST(Api, ListensOnTcpForThoseWhoBringTheToken) {
  const test::Port port;
  const std::string address = "127.0.0.1:" + std::to_string(port.number());
  Host host{"[simplevisor.control]\nlisten = \"" + address +
            "\"\ntoken_file = \"token\"\nwrite = true\n[worker.a]\ncommand = [\"/bin/sleep\", \"1000\"]\n"};
  const std::string token = "a-token-that-nobody-knows";
  std::ofstream(host.dir() + "/token") << token << '\n';
  ASSERT_EQ(::chmod((host.dir() + "/token").c_str(), 0600), 0);
  host.up();
  const auto curl = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"curl", "-sS", "-w", " %{http_code}"});
    return run(more).out;
  };
  const std::string bearer = "Authorization: Bearer " + token;
  EXPECT_THAT(curl({"http://" + address + "/"}), AllOf(StartsWith("<!doctype html>"), EndsWith(" 200")));
  EXPECT_THAT(curl({"http://" + address + "/v1/status"}), AllOf(Not(HasSubstr("root")), EndsWith(" 401")));
  EXPECT_THAT(curl({"-H", bearer, "http://" + address + "/v1/status"}),
              AllOf(HasSubstr("root/a"), EndsWith(" 200")));
  const pid_t before = host.pid_of("root/a");
  EXPECT_THAT(curl({"-H", bearer, "-d", R"({"pattern":"root/a"})", "http://" + address + "/v1/restart"}),
              EndsWith(" 200"));
  EXPECT_NE(host.pid_of("root/a"), before);
  EXPECT_THAT(curl({"-H", bearer, "-d", "", "http://" + address + "/v1/shutdown"}), EndsWith(" 403"));
  EXPECT_THAT(host.log(), HasSubstr("was refused GET /v1/status (401)"));
}

}  // namespace
}  // namespace simplevisor::integration
