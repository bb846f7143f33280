// What goes wrong while messages are on their way, each of it really: a broker that is silent, blocked, restarted or
// without its queue, a full disk, a stop with work in hand. In the end every message is there.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <memory>

#include "tests/brokers/rabbitmq.hpp"
#include "tests/transfer/support.hpp"

namespace simplevisor::transfer {
namespace {

using test::eventually;
using testing::HasSubstr;

class Trouble : public testing::Test {
 protected:
  static void SetUpTestSuite() { rabbit = std::make_unique<test::RabbitMq>(); }
  static void TearDownTestSuite() { rabbit.reset(); }

  [[nodiscard]] std::vector<std::string> broker(const std::string& direction, const std::string& kind,
                                                const std::string& name) const {
    std::vector<std::string> arguments{
        "--" + direction + "-broker-uri",
        kind == "stomp" ? "stomp://127.0.0.1:" + std::to_string(rabbit->stomp_port()) : rabbit->amqp_uri(),
        "--" + direction + "-broker-auth",
        "plain name=guest pass=guest",
        "--reliable",
        "--status-file",
        shop.path("status")};
    if (kind == "stomp")
      arguments.insert(arguments.end(), {"--" + direction + "-broker-connect", "host=%2F"});
    if (direction == "incoming")
      arguments.insert(arguments.end(), {"--subscribe", "destination=/queue/" + name});
    else
      arguments.insert(arguments.end(), {"--destination", "/queue/" + name});
    return arguments;
  }
  [[nodiscard]] std::vector<std::string> sender(const std::string& kind, const std::string& name,
                                                const std::vector<std::string>& more = {}) const {
    auto arguments = broker("outgoing", kind, name);
    arguments.insert(arguments.end(),
                     {"--incoming-queue", "path=" + shop.path("in"), "--remove", "--loop", "--reconnect"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  [[nodiscard]] std::vector<std::string> receiver(const std::string& kind, const std::string& name,
                                                  const std::string& queue) const {
    auto arguments = broker("incoming", kind, name);
    arguments.insert(arguments.end(), {"--outgoing-queue", "path=" + queue, "--reconnect"});
    return arguments;
  }

  [[nodiscard]] bool status_says(const std::string& text) const {
    return eventually([&] { return read_file(shop.path("status")).find(text) != std::string::npos; });
  }
  [[nodiscard]] bool drained(const std::string& queue = "in") const {
    return eventually([&] { return shop.count(queue) == 0; });
  }
  // What is at the broker, fetched into a queue of its own until each of these is there, once or more often.
  std::multiset<std::string> fetched(const std::string& kind, const std::string& name,
                                     const std::multiset<std::string>& wanted) {
    const std::string end = "end-" + name;
    auto agent = shop.start_new(receiver(kind, name, shop.path(end)));
    EXPECT_TRUE(eventually([&] {
      return shop.count(end) >= wanted.size() && distinct(shop.bodies(end)) == distinct(wanted);
    })) << shop.log();
    agent->signal(SIGTERM);
    agent->wait();
    return shop.bodies(end);
  }
  static std::set<std::string> distinct(const std::multiset<std::string>& bodies) {
    return {bodies.begin(), bodies.end()};
  }

  static std::unique_ptr<test::RabbitMq> rabbit;
  Workshop shop;
};

std::unique_ptr<test::RabbitMq> Trouble::rabbit;

struct SilentCase {
  const char* kind;
  const char* name;
  std::vector<std::string> arguments;
  const char* report;
};
class Silent : public Trouble, public testing::WithParamInterface<SilentCase> {};

// The socket stays open, and nothing comes.
TEST_P(Silent, ABrokerIsNoticedAndEverythingArrivesOnceItSpeaksAgain) {
  const SilentCase& silent = GetParam();
  const std::string name = std::string{"silent-"} + silent.kind + silent.name;
  shop.fill("in", 100);
  auto agent = shop.start_new(sender(silent.kind, name, silent.arguments));
  ASSERT_TRUE(drained()) << shop.log();
  rabbit->freeze();
  shop.fill("in", 100, "n");
  const bool noticed = shop.logged(silent.report);
  rabbit->thaw();
  EXPECT_TRUE(noticed) << shop.log();
  EXPECT_TRUE(drained()) << shop.log();
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0);
  auto wanted = numbered(100);
  wanted.merge(numbered(100, "n"));
  EXPECT_EQ(distinct(fetched(silent.kind, name, wanted)), distinct(wanted));
}

INSTANTIATE_TEST_SUITE_P(
    Brokers, Silent,
    testing::Values(
        SilentCase{"stomp",
                   "heartbeat",
                   {"--heart-beat", "--timeout-client", "1", "--timeout-server", "1"},
                   "no heart-beat"},
        SilentCase{"stomp", "timeout", {"--timeout-broker", "2"}, "silent for 2000 ms"},
        SilentCase{"amqp", "heartbeat", {"--heart-beat", "--timeout-server", "2"}, "was silent for 4 s"}),
    [](const auto& given) { return std::string(given.param.kind) + given.param.name; });

class Blocked : public Trouble, public testing::WithParamInterface<const char*> {};

TEST_P(Blocked, ABrokerIsWaitedForWithoutATimeOut) {
  const std::string kind = GetParam();
  const std::string name = "blocked-" + kind;
  shop.fill("in", 10);
  auto agent = shop.start_new(sender(kind, name, {"--timeout-broker", "60"}));
  ASSERT_TRUE(drained()) << shop.log();
  auto alarm = rabbit->block();
  shop.fill("in", 500, "n");
  if (kind == "amqp") {  // STOMP has no word for it
    EXPECT_TRUE(status_says("\"blocked\"")) << read_file(shop.path("status"));
  }
  EXPECT_GT(shop.count("in"), 0U) << "what is not confirmed stays";
  alarm.clear();
  EXPECT_TRUE(drained()) << shop.log();
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0);
  auto wanted = numbered(10);
  wanted.merge(numbered(500, "n"));
  EXPECT_EQ(fetched(kind, name, wanted), wanted) << "and nothing was sent twice";
}

INSTANTIATE_TEST_SUITE_P(Brokers, Blocked, testing::Values("stomp", "amqp"));

class FullWindow : public Trouble, public testing::WithParamInterface<const char*> {};

TEST_P(FullWindow, AStopLingersAndThenGivesBackWhatIsLeft) {
  const std::string kind = GetParam();
  const std::string name = "linger-" + kind;
  shop.fill("in", 10);
  auto agent = shop.start_new(
      sender(kind, name, {"--window", "20", "--timeout-linger", "1", "--timeout-disconnect", "1"}));
  ASSERT_TRUE(drained()) << shop.log();
  // Not an alarm: what comes in one piece with the message that blocks the connection is confirmed still.
  rabbit->freeze();
  shop.fill("in", 100, "n");
  ASSERT_TRUE(eventually([&] { return consumer::locked(shop.path("in")) == 20; })) << shop.log();
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0) << shop.log();
  rabbit->thaw();
  EXPECT_THAT(shop.log(), HasSubstr("were given back"));
  EXPECT_EQ(shop.count("in"), 100U) << "nothing was confirmed";
  EXPECT_EQ(consumer::locked(shop.path("in")), 0U);
  auto next = shop.start_new(sender(kind, name));
  EXPECT_TRUE(drained()) << shop.log();
  next->signal(SIGTERM);
  next->wait();
  auto wanted = numbered(10);
  wanted.merge(numbered(100, "n"));
  EXPECT_EQ(distinct(fetched(kind, name, wanted)), distinct(wanted));
}

INSTANTIATE_TEST_SUITE_P(Brokers, FullWindow, testing::Values("stomp", "amqp"));

struct RefusedCase {
  const char* kind;
  const char* name;
  const char* value;
  const char* report;
};

// What the agent lets through and RabbitMQ does not. It closes the channel over it (404 NOT_FOUND), and with STOMP it says
// ERROR and closes the connection, with all that is in flight. A user-id or an expiration that it does not take (406) never
// gets that far: it is no property then, but a header like others.
class RefusedByTheBroker : public Trouble, public testing::WithParamInterface<RefusedCase> {};

TEST_P(RefusedByTheBroker, OneMessageIsSetAsideAndTheOthersGoOn) {
  const RefusedCase& refused = GetParam();
  const std::string kind = refused.kind;
  const std::string name = "refused-" + kind;
  shop.fill("in", 20);
  shop.fill("in", 1, "bad", {{refused.name, refused.value}});
  shop.fill("in", 20, "n");
  auto agent = shop.start_new(sender(kind, name));
  ASSERT_TRUE(drained()) << shop.log();
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0) << shop.log();
  EXPECT_EQ(shop.bodies("in.dead"), std::multiset<std::string>{"bad-0"});
  EXPECT_THAT(shop.log(), HasSubstr(refused.report));
  auto wanted = numbered(20);
  wanted.merge(numbered(20, "n"));
  EXPECT_EQ(distinct(fetched(kind, name, wanted)), distinct(wanted));
}

INSTANTIATE_TEST_SUITE_P(Brokers, RefusedByTheBroker,
                         testing::Values(RefusedCase{"stomp", "destination", "/nowhere/x", "/nowhere/x"},
                                         RefusedCase{"amqp", "destination", "/exchange/nowhere/x",
                                                     "no exchange 'nowhere'"}),
                         [](const auto& given) { return std::string(given.param.kind); });

// Nobody says how long the goodbye may take: within the time that a supervisor leaves.
TEST_F(Trouble, AStopUnderASupervisorWaitsLittleForAGoodbye) {
  shop.fill("in", 10);
  auto arguments = sender("stomp", "goodbye", {"--window", "5", "--timeout-linger", "1"});
  arguments.insert(arguments.begin(), TRANSFER_PROGRAM);
  auto agent = std::make_unique<Program>(std::move(arguments), shop.path("stderr"),
                                         std::map<std::string, std::string>{{"SIMPLEVISOR_PATH", "root/x"}});
  ASSERT_TRUE(drained()) << shop.log();
  rabbit->freeze();
  shop.fill("in", 10, "n");
  ASSERT_TRUE(eventually([&] { return consumer::locked(shop.path("in")) == 5; })) << shop.log();
  const auto start = std::chrono::steady_clock::now();
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0) << shop.log();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{30});  // and not two minutes
  rabbit->thaw();
  EXPECT_EQ(shop.count("in"), 10U);
  EXPECT_EQ(consumer::locked(shop.path("in")), 0U);
}

class Deleted : public Trouble, public testing::WithParamInterface<const char*> {};

TEST_P(Deleted, AQueueIsReportedAndSubscribedToAgain) {
  const std::string kind = GetParam();
  const std::string name = "deleted-" + kind;
  auto agent = shop.start_new(receiver(kind, name, shop.path("out")));
  ASSERT_TRUE(status_says("\"running\"")) << shop.log();
  rabbit->ctl({"delete_queue", name});
  ASSERT_TRUE(eventually([&] {
    return shop.log().find("again") != std::string::npos || shop.log().find("cancel") != std::string::npos ||
           shop.log().find("deleted") != std::string::npos;
  })) << shop.log();
  shop.fill("in", 50);
  auto other = shop.start_new(sender(kind, name));
  EXPECT_TRUE(eventually([&] { return queue_at(shop.path("out")).count().value() == 50; })) << shop.log();
  EXPECT_EQ(shop.bodies("out"), numbered(50));
}

INSTANTIATE_TEST_SUITE_P(Brokers, Deleted, testing::Values("stomp", "amqp"));

// A filesystem of its own for this process and its children; false: the kernel does not let us.
bool mount_small(const std::string& directory) {
  ::mkdir(directory.c_str(), 0755);
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", directory.c_str(), "tmpfs", 0, "size=256k") == 0;
}

TEST_F(Trouble, AFullDiskHoldsMessagesBackUntilThereIsSpace) {
  constexpr int count = 300;
  const std::string small = shop.path("small");
  if (!mount_small(small))
    GTEST_SKIP() << "no mounts without privileges here; queue_sink_test has the fault injected";
  shop.fill("in", count, std::string(2000, 'x'));
  auto first = shop.start_new(sender("amqp", "full"));
  ASSERT_TRUE(drained()) << shop.log();
  first->signal(SIGTERM);
  EXPECT_EQ(first->wait(), 0);

  auto agent = shop.start_new(receiver("amqp", "full", small + "/out"));
  ASSERT_TRUE(shop.logged("No space left on device")) << shop.log();
  // A consumer makes room, again and again.
  std::multiset<std::string> seen;
  const auto wanted = numbered(count, std::string(2000, 'x'));
  EXPECT_TRUE(eventually([&] {
    dirq::Queue queue = queue_at(small + "/out");
    for (auto name = queue.first().value(); name; name = queue.next().value()) {
      auto lock = queue.lock(*name);
      if (!lock) continue;
      seen.insert(consumer::body_of(lock->get().value()));
      EXPECT_TRUE(lock->remove());
    }
    return distinct(seen) == distinct(wanted);
  })) << shop.log();
  agent->signal(SIGTERM);
  agent->wait();
  ::umount2(small.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace simplevisor::transfer
