// The wall clock is set, forward and back, while an agent works: nothing that waits, ages or gives up may take that for
// time that has passed. The real program, with a wall clock of its own (wall_clock.c).
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <memory>

#include "tests/brokers/rabbitmq.hpp"
#include "tests/transfer/support.hpp"

namespace simplevisor::transfer {
namespace {

using test::eventually;

constexpr int day = 86'400;

class ClockStep : public testing::Test, public testing::WithParamInterface<int> {
 protected:
  [[nodiscard]] std::unique_ptr<Program> start(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), TRANSFER_PROGRAM);
    return std::make_unique<Program>(
        std::move(arguments), shop.path("stderr"),
        std::map<std::string, std::string>{{"LD_PRELOAD", WALL_CLOCK},
                                           {"WALL_CLOCK_SHIFT", shop.path("shift")},
                                           {"ASAN_OPTIONS", "verify_asan_link_order=0"}});
  }
  void set_clock(int seconds) const {
    std::ofstream{shop.path("shift.new")} << seconds;
    std::filesystem::rename(shop.path("shift.new"), shop.path("shift"));
  }
  [[nodiscard]] std::vector<std::string> between(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments{"--incoming-queue",
                                       "path=" + shop.path("in"),
                                       "--outgoing-queue",
                                       "path=" + shop.path("out"),
                                       "--reliable",
                                       "--remove",
                                       "--loop"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  [[nodiscard]] bool arrived(std::size_t count) const {
    return eventually([&] { return shop.count("out") >= count; });
  }
  Workshop shop;
};

TEST_P(ClockStep, IsNoInactivityAndNoDuration) {
  auto agent = start(between({"--timeout-inactivity", "600", "--duration", "600"}));
  shop.fill("in", 5);
  ASSERT_TRUE(arrived(5)) << shop.log();
  set_clock(GetParam());
  shop.fill("in", 5, "n");
  EXPECT_TRUE(arrived(10)) << shop.log();
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0) << shop.log();
}

TEST_P(ClockStep, DoesNotPutOffTheEnd) {
  auto agent = start(between({"--timeout-inactivity", "2"}));
  shop.fill("in", 5);
  ASSERT_TRUE(arrived(5)) << shop.log();
  set_clock(GetParam());
  EXPECT_EQ(agent->wait(), 0) << "it has left by itself";
}

// A lock counts as abandoned by the age of its file. One that lies in the future, since the clock was set back, is somebody's.
TEST_P(ClockStep, LeavesALockAloneUntilItIsOld) {
  shop.fill("in", 1);
  dirq::Queue queue = queue_at(shop.path("in"));
  const auto name = queue.first().value();
  ASSERT_TRUE(name);
  const auto held = queue.lock(*name);
  ASSERT_TRUE(held);
  const std::string lock = shop.path("in") + "/" + name->str() + ".lck";
  std::ofstream{shop.path("shift")} << -day;
  auto agent = start(between({"--maxlock", "60", "--purge", "1"}));
  shop.fill("in", 5, "n");
  ASSERT_TRUE(arrived(5)) << shop.log();
  EXPECT_TRUE(std::filesystem::exists(lock));
  // And once it is old, by the clock as it is now, it is taken away.
  set_clock(GetParam() > 0 ? GetParam() : 0);
  std::filesystem::last_write_time(lock,
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours{2});
  EXPECT_TRUE(arrived(6)) << shop.log();
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0) << shop.log();
}

TEST_P(ClockStep, IsNoSilenceOfABroker) {
  static test::RabbitMq rabbit;
  for (const std::string kind : {"stomp", "amqp"}) {
    const std::string name = "clock-" + kind + std::to_string(GetParam());
    std::vector<std::string> arguments{
        "--outgoing-broker-uri",
        kind == "stomp" ? "stomp://127.0.0.1:" + std::to_string(rabbit.stomp_port()) : rabbit.amqp_uri(),
        "--outgoing-broker-auth",
        "plain name=guest pass=guest",
        "--destination",
        "/queue/" + name,
        "--incoming-queue",
        "path=" + shop.path("in-" + kind),
        "--reliable",
        "--remove",
        "--loop",
        "--reconnect",
        "--heart-beat",
        "--timeout-broker",
        "60"};
    if (kind == "stomp") arguments.insert(arguments.end(), {"--outgoing-broker-connect", "host=%2F"});
    set_clock(0);
    auto agent = start(arguments);
    const auto sends = [&](const std::string& prefix) {
      shop.fill("in-" + kind, 20, prefix);
      return eventually([&] { return shop.count("in-" + kind) == 0; });
    };
    ASSERT_TRUE(sends("before")) << shop.log();
    set_clock(GetParam());
    EXPECT_TRUE(sends("after")) << shop.log();
    set_clock(0);
    EXPECT_TRUE(sends("back")) << shop.log();
    agent->signal(SIGTERM);
    EXPECT_EQ(agent->wait(), 0) << shop.log();
  }
  const std::string log = shop.log();
  std::size_t connections = 0;
  for (std::size_t at = 0; (at = log.find(": connected, ", at)) != std::string::npos; ++at) ++connections;
  EXPECT_EQ(connections, 2U) << log;
}

INSTANTIATE_TEST_SUITE_P(Wall, ClockStep, testing::Values(day, -day),
                         [](const auto& given) { return given.param > 0 ? "Forward" : "Back"; });

}  // namespace
}  // namespace simplevisor::transfer
