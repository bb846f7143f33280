// The transfer agent as a user meets it, between directory queues: options, filters, damage, and what it ends with.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "tests/transfer/support.hpp"

namespace simplevisor::transfer {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;

class TransferProgramTest : public testing::Test {
 protected:
  [[nodiscard]] std::vector<std::string> between(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"--incoming-queue", "path=" + shop.path("in"),
                                       "--outgoing-queue", "path=" + shop.path("out"),
                                       "--reliable",       "--remove"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::string script(const std::string& text) const { return consumer::script(shop.path("filter"), text); }
  Workshop shop;
};

TEST_F(TransferProgramTest, MovesEverythingAndLeaves) {
  shop.fill("in", 1000);
  EXPECT_EQ(shop.run(between()), 0) << shop.log();
  EXPECT_EQ(shop.count("in"), 0U);
  EXPECT_EQ(shop.bodies("out"), numbered(1000));
}

TEST_F(TransferProgramTest, WithoutRemoveEverythingIsSentOnceAndStays) {
  shop.fill("in", 100);
  EXPECT_EQ(shop.run({"--incoming-queue", "path=" + shop.path("in"), "--outgoing-queue",
                      "path=" + shop.path("out")}),
            0);
  EXPECT_EQ(shop.bodies("in"), numbered(100));
  EXPECT_EQ(shop.bodies("out"), numbered(100));
  EXPECT_EQ(consumer::locked(shop.path("in")), 0U);
}

TEST_F(TransferProgramTest, StopsAfterACountAndTouchesNothingElse) {
  shop.fill("in", 10);
  EXPECT_EQ(shop.run(between({"--count", "3"})), 0);
  EXPECT_EQ(shop.count("in"), 7U);
  EXPECT_EQ(shop.count("out"), 3U);
  EXPECT_EQ(consumer::locked(shop.path("in")), 0U);
}

TEST_F(TransferProgramTest, SetsAsideWhatIsNoMessageAndGoesOn) {
  shop.fill("in", 2);
  ASSERT_TRUE(queue_at(shop.path("in")).add("{\"body\":"));
  ASSERT_TRUE(queue_at(shop.path("in")).add(""));
  shop.fill("in", 2, "n");
  EXPECT_EQ(shop.run(between()), 0);
  EXPECT_THAT(shop.bodies("out"), SizeIs(4));
  EXPECT_EQ(shop.count("in"), 0U);
  EXPECT_EQ(shop.count("in.dead"), 2U);
  EXPECT_THAT(shop.log(),
              AllOf(HasSubstr("dead letter"), HasSubstr("malformed message: the element is empty")));
}

TEST_F(TransferProgramTest, AQueueIsNotItsOwnTarget) {
  shop.fill("in", 1);
  std::filesystem::create_directory_symlink(shop.path("in"), shop.path("link"));
  for (const std::string& other : {shop.path("in"), shop.path("./in/"), shop.path("link")}) {
    EXPECT_EQ(shop.run({"--incoming-queue", "path=" + shop.path("in"), "--outgoing-queue", "path=" + other}),
              78);
  }
  EXPECT_THAT(shop.log(), HasSubstr("outgoing-queue: is the incoming queue"));
  EXPECT_EQ(shop.count("in"), 1U);
}

TEST_F(TransferProgramTest, AFilterThatIsNotThereIsAMistakeInTheSettings) {
  EXPECT_EQ(shop.run(between({"--filter", "/nowhere/filter"})), 78);
  EXPECT_THAT(shop.log(), HasSubstr("filter /nowhere/filter: No such file or directory"));
}

TEST_F(TransferProgramTest, ElementsThatCannotBeTakenHoldNobodyUpAndAreTold) {
  for (int n = 10; n < 40; ++n)
    std::filesystem::create_directories(shop.path("in") + "/00000000/000000000000" + std::to_string(n));
  shop.fill("in", 3);
  EXPECT_EQ(shop.run(between({})), 1) << "not all was moved";
  EXPECT_EQ(shop.bodies("out"), numbered(3));
  EXPECT_THAT(shop.log(),
              AllOf(HasSubstr("is a directory: an element of a normal queue?, and 29 more elements"),
                    HasSubstr("30 messages were given back or left behind")));
}

TEST_F(TransferProgramTest, AnElementThatCannotBeReadIsToldOnceAndHoldsNobodyUp) {
  std::filesystem::create_directories(shop.path("in") + "/00000001");
  std::filesystem::create_symlink("/etc/passwd", shop.path("in") + "/00000001/00000000000002");
  shop.fill("in", 1);
  auto agent = shop.start_new(between({"--loop", "--poll", "0.01"}));
  dirq::Queue out = queue_at(shop.path("out"));
  ASSERT_TRUE(test::eventually([&] { return out.count().value() == 1; })) << shop.log();
  shop.fill("in", 1, "n");
  ASSERT_TRUE(test::eventually([&] { return out.count().value() == 2; })) << shop.log();
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0);
  const std::string log = shop.log();
  const auto first = log.find("cannot read: ");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(log.find("cannot read: ", first + 1), std::string::npos) << log.substr(0, 2000);
  EXPECT_EQ(shop.run(between()), 1) << "not all was moved";
  EXPECT_THAT(shop.log(), HasSubstr("1 messages were given back or left behind"));
}

TEST_F(TransferProgramTest, LocksThatWouldBeBrokenBeforeTheirRenewalAreRefusedWhereverTheyAreSaid) {
  EXPECT_EQ(shop.run(between({"--maxlock", "2"})), 78);
  EXPECT_THAT(shop.log(), HasSubstr("maxlock: below 3s"));
  EXPECT_EQ(shop.run({"--incoming-queue", "path=" + shop.path("in") + " maxlock=1", "--outgoing-queue",
                      "path=" + shop.path("out")}),
            78);
  EXPECT_THAT(shop.log(), HasSubstr("incoming-queue: maxlock: below 3s"));
}

TEST_F(TransferProgramTest, WithLoopItWaitsForMoreUntilItIsToldToStop) {
  shop.fill("in", 1);
  Program agent = shop.start(between({"--loop", "--poll", "60", "--status-file", shop.path("status")}));
  dirq::Queue out = queue_at(shop.path("out"));
  const auto arrived = [&](std::size_t count) {
    return test::eventually([&] { return out.count().value() >= count; });
  };
  ASSERT_TRUE(arrived(1));
  shop.fill("in", 5, "n");
  EXPECT_TRUE(arrived(6)) << "inotify wakes it: it polls once a minute only";
  agent.signal(SIGTERM);
  EXPECT_EQ(agent.wait(), 0);
  EXPECT_THAT(read_file(shop.path("status")),
              AllOf(HasSubstr(R"("state":"left")"), HasSubstr(R"("sent":6)")));
}

TEST_F(TransferProgramTest, DrainsUntilNothingCameForAWhile) {
  shop.fill("in", 3);
  EXPECT_EQ(shop.run(between({"--loop", "--timeout-inactivity", "0.2"})), 0);
  EXPECT_EQ(shop.count("out"), 3U);
}

TEST_F(TransferProgramTest, PrintsTheStatisticsThatScriptsKnow) {
  shop.fill("in", 2);
  Program agent = shop.start(between({"--statistics"}));
  const auto lines = agent.lines();
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[0], AllOf(HasSubstr("processed 2 messages in "), HasSubstr(" k msg/sec)")));
  EXPECT_THAT(lines[1], HasSubstr("throughput is around "));
  EXPECT_THAT(lines[2], HasSubstr("average message size is around 4 bytes"));
  EXPECT_EQ(agent.wait(), 0);
}

constexpr const char* filter = R"PY(#!/usr/bin/python3
import json, sys
for line in sys.stdin:
    order = json.loads(line)
    if order["op"] == "start":
        print(json.dumps({"op": "ready", "window": 5}), flush=True)
    elif order["op"] == "check":
        body = order["message"]["body"]
        number = int(body.split("-")[1])
        answer = {"seq": order["seq"], "action": "accept"}
        if number % 3 == 0:
            answer["message"] = {"body": "changed-" + str(number), "header": {"by": "filter"}, "text": True}
        elif number % 3 == 1:
            answer = {"seq": order["seq"], "action": "discard", "reason": "odd"}
        elif number == 5:
            answer = {"seq": order["seq"], "action": "fail", "reason": "five is bad"}
        elif number == 8:
            sys.exit(1)
        print(json.dumps(answer), flush=True)
)PY";

TEST_F(TransferProgramTest, AFilterChangesDiscardsAndRefusesAndItsDeathCostsOneMessage) {
  shop.fill("in", 12);
  EXPECT_EQ(shop.run(between({"--filter", script(filter)})), 0) << shop.log();
  EXPECT_EQ(shop.bodies("out"),
            (std::multiset<std::string>{"changed-0", "m-2", "changed-3", "changed-6", "changed-9", "m-11"}));
  EXPECT_EQ(shop.bodies("in.dead"), (std::multiset<std::string>{"m-5", "m-8"})) << "as they were";
  EXPECT_EQ(shop.count("in"), 0U);
}

TEST_F(TransferProgramTest, KilledAtAnyMomentItLosesNothing) {
  constexpr int count = 2000;
  shop.fill("in", count);
  for (std::size_t stop = 100; stop < count; stop += 300) {
    Program agent = shop.start(between({"--maxlock", "3"}));
    dirq::Queue out = queue_at(shop.path("out"));
    while (out.count().value() < stop) {
    }
    agent.signal(SIGKILL);
    agent.wait();
  }
  // Locks of the dead are broken by hand: their age is a matter of seconds.
  ASSERT_TRUE(queue_at(shop.path("in"))
                  .purge({.maxlock = std::chrono::seconds{1}, .young_lock = std::chrono::seconds{0}}));
  const auto entries = queue_at(shop.path("in")).list().value();
  for (const auto& entry : entries) {
    if (entry.locked) {
      ASSERT_TRUE(queue_at(shop.path("in")).unlock(entry.name));
    }
  }
  EXPECT_EQ(shop.run(between()), 0);
  const auto bodies = shop.bodies("out");
  const std::set<std::string> distinct{bodies.begin(), bodies.end()};
  const auto wanted = numbered(count);
  EXPECT_EQ(distinct, (std::set<std::string>{wanted.begin(), wanted.end()}));
  EXPECT_LE(bodies.size(), count + 7 * 100U) << "at most a window for each kill";
}

TEST_F(TransferProgramTest, SaysWhatIsWrongWithItsSettingsAllAtOnce) {
  std::ofstream{shop.path("bad.toml")}
      << "widow = 3\nreliable = \"maybe\"\n[incoming.queue]\npath = \"/tmp/x\"\n";
  EXPECT_EQ(shop.run({"--conf", shop.path("bad.toml"), "--count", "many"}), 78);
  EXPECT_THAT(shop.log(), AllOf(HasSubstr("widow: unknown setting (did you mean \"window\"?)"),
                                HasSubstr("reliable: \"maybe\" is no boolean"),
                                HasSubstr("--count: \"many\" is no whole number")));
  EXPECT_EQ(shop.run({"--incoming-queue", "path=/tmp/x"}), 78);
  EXPECT_THAT(shop.log(), HasSubstr("outgoing: neither outgoing-broker-uri nor outgoing-queue is given"));
  EXPECT_EQ(shop.run({"--nonsense"}), 64);
}

TEST_F(TransferProgramTest, ReadsItsSettingsFromToml) {
  shop.fill("in", 2);
  std::ofstream{shop.path("agent.toml")}
      << "[simplevisor-transfer]\nreliable = true\nremove = true\n[simplevisor-transfer.incoming]\nqueue = "
         "\"path="
      << shop.path("in") << "\"\n[simplevisor-transfer.outgoing.queue]\npath = \"" << shop.path("out")
      << "\"\n";
  EXPECT_EQ(shop.run({"--conf", shop.path("agent.toml")}), 0) << shop.log();
  EXPECT_EQ(shop.count("out"), 2U);
}

TEST_F(TransferProgramTest, ReadsTheFilesOfStompclt) {
  shop.fill("in", 2);
  std::ofstream{shop.path("agent.conf")}
      << "# as it was\n<stompclt>\n  reliable = true\n  remove true\n  <incoming-queue>\n"
      << "    path = " << shop.path("in") << "\n  </incoming-queue>\n"
      << "  outgoing-queue = \"path=" << shop.path("out") << "\"\n</stompclt>\n";
  EXPECT_EQ(shop.run({"--conf", shop.path("agent.conf")}), 0) << shop.log();
  EXPECT_EQ(shop.count("out"), 2U);
  std::ofstream{shop.path("bad.conf")} << "<stompclt>\nreliable = true\n";
  EXPECT_EQ(shop.run({"--conf", shop.path("bad.conf")}), 78);
  EXPECT_THAT(shop.log(), HasSubstr("bad.conf:2: <stompclt> is not ended"));
  std::string deep;
  for (int n = 0; n < 50'000; ++n) deep += "a.";
  std::ofstream{shop.path("deep.toml")} << deep << "b = 1\n";
  EXPECT_EQ(shop.run({"--conf", shop.path("deep.toml")}), 78);
  EXPECT_THAT(shop.log(), HasSubstr("deep.toml:1:258: nested more than 128 deep"));
}

TEST_F(TransferProgramTest, RulesChangeCopyAndRejectMessages) {
  shop.fill("in", 3, "good");
  shop.fill("in", 2, "bad", {{"type", "test"}});
  std::ofstream{shop.path("agent.toml")} << R"(
[[rules]]
if = 'body ~ "-1$"'
copy-to = ")" << shop.path("tap") << R"("
[[rules]]
if = 'header.type = "test"'
then = "reject"
[[rules]]
set = { seen = "${header.absent}yes" }
)";
  EXPECT_EQ(shop.run(between({"--conf", shop.path("agent.toml")})), 0) << shop.log();
  EXPECT_EQ(shop.count("in"), 0U);
  EXPECT_EQ(shop.bodies("out"), numbered(3, "good"));
  EXPECT_EQ(shop.bodies("tap"), (std::multiset<std::string>{"bad-1", "good-1"}));
  for (const std::string& content : contents(shop.path("out")))
    EXPECT_EQ(message::decode(content)->message.header.at("seen"), "yes");
  EXPECT_THAT(shop.log(), HasSubstr("sent 3, discarded 2"));
}

TEST_F(TransferProgramTest, ACopyThatCannotBeMadeHoldsItsMessageBack) {
  shop.fill("in", 1);
  std::ofstream{shop.path("tap")} << "a file";
  std::ofstream{shop.path("with.json")} << R"({"rules": [{"copy-to": ")" << shop.path("tap") << R"("}]})";
  auto agent =
      shop.start_new(between({"--with", shop.path("with.json"), "--loop", "--timeout-linger", "0.1"}));
  ASSERT_TRUE(shop.logged("cannot copy to"));
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0);
  EXPECT_EQ(shop.count("in"), 1U);
  EXPECT_EQ(consumer::locked(shop.path("in")), 0U);
  std::ofstream{shop.path("with.json")} << R"({"rules": [{"if": "bdy"}]})";
  EXPECT_EQ(shop.run(between({"--with", shop.path("with.json")})), 78);
  EXPECT_THAT(shop.log(), HasSubstr("with.json: rules: rule 1: if: column 1"));
}

TEST_F(TransferProgramTest, IsFoundAndEndedByItsPidFile) {
  const std::string pidfile = shop.path("pid");
  EXPECT_EQ(shop.run({"--pidfile", pidfile, "--status"}), 3);
  EXPECT_EQ(shop.run({"--pidfile", pidfile, "--quit"}), 0);
  shop.fill("in", 1);
  auto agent = shop.start(between({"--daemon", "--loop", "--pidfile", pidfile}));
  const auto started = agent.lines();
  ASSERT_EQ(agent.wait(), 0) << shop.log();
  ASSERT_EQ(started.size(), 1U);
  EXPECT_THAT(started[0], testing::MatchesRegex("simplevisor-transfer \\(pid [0-9]+\\) started"));
  EXPECT_EQ(shop.run({"--pidfile", pidfile, "--status", "--timeout-status", "60"}), 0) << shop.log();
  EXPECT_EQ(shop.run(between({"--pidfile", pidfile})), 73);
  EXPECT_THAT(shop.log(), HasSubstr("exists already"));
  EXPECT_EQ(shop.run({"--pidfile", pidfile, "--quit"}), 0) << shop.log();
  EXPECT_EQ(shop.run({"--pidfile", pidfile, "--status"}), 3);
  EXPECT_EQ(shop.run({"--quit"}), 78);
  EXPECT_EQ(shop.run({"--quit", "--status", "--pidfile", pidfile}), 64);
}

TEST_F(TransferProgramTest, ADaemonThatCannotStartSaysSoToItsCaller) {
  std::ofstream{shop.path("out")} << "a file";
  EXPECT_EQ(shop.run(between({"--daemon", "--pidfile", shop.path("absent/pid")})), 73);
  EXPECT_THAT(shop.log(), HasSubstr("No such file"));
}

TEST_F(TransferProgramTest, ReportsGoWhereTheyAreWanted) {
  shop.fill("in", 1);
  EXPECT_EQ(shop.run(between({"--log", "file", "--logfile", shop.path("log"), "-d"})), 0);
  EXPECT_EQ(shop.log(), "");
  EXPECT_THAT(read_file(shop.path("log")),
              AllOf(HasSubstr("message 1: sent"), HasSubstr("leaving: received 1")));
  EXPECT_EQ(shop.run(between({"--log", "file"})), 78);
  EXPECT_EQ(shop.run(between({"--log", "paper"})), 78);
}

TEST_F(TransferProgramTest, AQueueThatCannotBeUsedIsToldAndLeavesTheOtherSideAlone) {
  shop.fill("in", 2);
  std::ofstream{shop.path("out")} << "a file";
  EXPECT_EQ(shop.run(between()), 73);
  EXPECT_THAT(shop.log(), HasSubstr("not a directory"));
  EXPECT_EQ(consumer::locked(shop.path("in")), 0U);
  EXPECT_EQ(shop.count("in"), 2U);
}

TEST_F(TransferProgramTest, AnIncomingQueueThatIsNotThereIsMadeAndTold) {
  const std::string made = "incoming queue " + shop.path("in") + " did not exist: created";
  EXPECT_EQ(shop.run(between()), 0);
  EXPECT_THAT(shop.log(), HasSubstr(made));
  EXPECT_TRUE(std::filesystem::is_directory(shop.path("in")));
  EXPECT_EQ(shop.run(between()), 0);
  const std::string log = shop.log();
  EXPECT_EQ(log.find(made), log.rfind(made)) << "once\n" << log;
}

// Where not even root may make anything.
TEST_F(TransferProgramTest, AQueueThatItMayNotUseIsAMatterOfPermission) {
  shop.fill("in", 1);
  const std::string forbidden = "path=/sys/simplevisor-forbidden";
  EXPECT_EQ(shop.run({"--incoming-queue", "path=" + shop.path("in"), "--outgoing-queue", forbidden}), 77);
  EXPECT_EQ(shop.run({"--incoming-queue", forbidden, "--outgoing-queue", "path=" + shop.path("out")}), 77);
  EXPECT_THAT(shop.log(), HasSubstr("queue \"/sys/simplevisor-forbidden\": mkdir"));
  EXPECT_EQ(shop.count("in"), 1U);
}

TEST_F(TransferProgramTest, ACertificateOverAConnectionWithoutTlsIsAContradiction) {
  shop.fill("in", 1);
  for (const char* uri : {"stomp://127.0.0.1:1", "amqp://127.0.0.1:1",
                          "failover:(stomp+ssl://127.0.0.1:1,stomp://127.0.0.1:2)"}) {
    EXPECT_EQ(
        shop.run({"--incoming-queue", "path=" + shop.path("in"), "--outgoing-broker-uri", uri,
                  "--outgoing-broker-auth", "x509 cert=/c.pem key=/k.pem", "--destination", "/queue/x"}),
        78)
        << uri;
  }
  EXPECT_THAT(shop.log(), HasSubstr("x509 needs TLS"));
}

// An error of the dead-letter queue's place is none of the element: /proc says ENOENT to whoever makes a directory in it.
TEST_F(TransferProgramTest, AnElementIsNotSettledBecauseItsDeadLettersCannotBeMade) {
  ASSERT_TRUE(queue_at(shop.path("in")).add("no message"));
  EXPECT_EQ(shop.run(between({"--dead-letter", "/proc/simplevisor-none", "--timeout-linger", "0.1"})), 65);
  EXPECT_THAT(shop.log(), HasSubstr("dead letters 0"));
  EXPECT_EQ(shop.count("in"), 1U);
  EXPECT_EQ(consumer::locked(shop.path("in")), 0U);
}

TEST_F(TransferProgramTest, DeadLettersThatAreRemovedMeanwhileAreMadeAnew) {
  ASSERT_TRUE(queue_at(shop.path("in")).add("no message"));
  Program agent = shop.start(between({"--loop"}));
  EXPECT_TRUE(shop.logged("dead letter: "));
  std::filesystem::remove_all(shop.path("in.dead"));
  ASSERT_TRUE(queue_at(shop.path("in")).add("no message either"));
  EXPECT_TRUE(test::eventually(
      [&] { return std::filesystem::exists(shop.path("in.dead")) && shop.count("in.dead") == 1; }));
  ::kill(agent.pid(), SIGTERM);
  EXPECT_EQ(agent.wait(), 0);
  EXPECT_THAT(shop.log(), HasSubstr("dead letters 2"));
  EXPECT_EQ(consumer::locked(shop.path("in")), 0U);
}

TEST_F(TransferProgramTest, AMessageThatCanBeNeitherSentNorSetAsideIsADataErrorAtTheEnd) {
  ASSERT_TRUE(queue_at(shop.path("in")).add("no message"));
  shop.fill("in", 3);
  std::ofstream{shop.path("file")} << "";
  const std::vector<std::string> nowhere{"--dead-letter", shop.path("file/dead"), "--timeout-linger", "0.1"};
  EXPECT_EQ(shop.run(between(nowhere)), 65);
  EXPECT_THAT(shop.log(),
              AllOf(HasSubstr("Not a directory"), HasSubstr("1 of them can be neither sent nor set aside")));
  EXPECT_EQ(shop.bodies("out"), numbered(3)) << "the others are not held up";
  EXPECT_EQ(shop.count("in"), 1U);
  EXPECT_EQ(consumer::locked(shop.path("in")), 0U);
  EXPECT_EQ(shop.run(between()), 0) << "with room for it nothing is wrong";
  EXPECT_EQ(shop.count("in.dead"), 1U);
}

}  // namespace
}  // namespace simplevisor::transfer
