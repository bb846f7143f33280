// simplevisor-consumer as its users meet it: the program, real queues, handlers in /bin/sh.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

#include "tests/consumer/support.hpp"
#include "tests/eventually.hpp"

namespace simplevisor::consumer {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* read_body = "read -r body; ";

class ConsumerProgram : public testing::Test {
 protected:
  TemporaryDirectory tmp;
  std::string queue = tmp / "jobs";
  std::string errors = tmp / "errors";

  std::string handler(const std::string& text) { return script(tmp / "handle", "#!/bin/sh\n" + text + "\n"); }

  std::vector<std::string> command(std::vector<std::string> options, const std::string& handler_path) {
    std::vector<std::string> all{CONSUMER_PROGRAM, "--queue", queue};
    all.insert(all.end(), options.begin(), options.end());
    all.insert(all.end(), {"--", handler_path});
    return all;
  }
  // Runs to the end of the queue; what handlers wrote.
  std::vector<std::string> drain_queue(const std::vector<std::string>& options,
                                       const std::string& handler_path, int exit_status = 0) {
    auto all = options;
    all.emplace_back("--until-empty");
    Program program{command(all, handler_path), errors};
    auto lines = program.lines();
    EXPECT_EQ(program.wait(), exit_status) << read_file(errors);
    return lines;
  }
  int exit_status(const std::vector<std::string>& arguments) {
    std::vector<std::string> all{CONSUMER_PROGRAM};
    all.insert(all.end(), arguments.begin(), arguments.end());
    Program program{all, errors};
    program.lines();
    return program.wait();
  }
  std::string reason_of(const std::string& queue_path) {
    std::string all;
    for (const auto& file : std::filesystem::directory_iterator{queue_path + "/.reasons"})
      all += read_file(file.path());
    return all;
  }
};

TEST_F(ConsumerProgram, HandsBodyAndHeaderToTheHandlerAndRemovesTheElement) {
  add(queue, "hello", {{"reply-to", "here"}});
  EXPECT_THAT(
      drain_queue({}, handler("cat; echo; echo $SIMPLEVISOR_HEADER_REPLY_TO $SIMPLEVISOR_TEXT "
                              "$SIMPLEVISOR_ATTEMPT $SIMPLEVISOR_QUEUE; cat $SIMPLEVISOR_HEADER_FILE")),
      ElementsAre("hello", "here true 1 " + queue, R"({"reply-to":"here"})"));
  EXPECT_THAT(contents(queue), IsEmpty());
}

TEST_F(ConsumerProgram, AHandlerMayHaveOptionsOfItsOwn) {
  add(queue, "hello");
  auto all = command({"--until-empty"}, handler("echo \"$@\""));
  all.insert(all.end(), {"--fast", "--window=x", "-v", "--", "word"});
  Program program{all, errors};
  EXPECT_THAT(program.lines(), ElementsAre("--fast --window=x -v -- word"));
  EXPECT_EQ(program.wait(), 0) << read_file(errors);
}

TEST_F(ConsumerProgram, ElementsThatCannotBeTakenHoldNobodyUp) {
  for (int n = 10; n < 40; ++n)
    std::filesystem::create_directories(queue + "/00000000/000000000000" + std::to_string(n));
  for (const char* body : {"a", "b", "c"}) add(queue, body);
  EXPECT_THAT(drain_queue({}, handler("echo \"$(cat)\""), 75), UnorderedElementsAre("a", "b", "c"));
  EXPECT_THAT(read_file(errors), HasSubstr("is a directory: an element of a normal queue?"));
}

TEST_F(ConsumerProgram, HandlesEveryMessageOnceWithSeveralAtATime) {
  std::vector<std::string> bodies;
  for (int i = 0; i < 60; ++i) add(queue, bodies.emplace_back("m" + std::to_string(i)));
  EXPECT_THAT(drain_queue({"--window", "4"}, handler("echo \"$(cat)\"")),
              testing::UnorderedElementsAreArray(bodies));
  EXPECT_EQ(locked(queue), 0U);
}

TEST_F(ConsumerProgram, TriesAFailureAgainAndThenMovesItWithItsReasonAndItsBytes) {
  add(queue, "poison");
  add(queue, "good");
  const std::string bytes = contents(queue).front();
  EXPECT_THAT(drain_queue({"--attempts", "2", "--retry-delay", "20ms"},
                          handler(std::string{read_body} +
                                  "echo $body $SIMPLEVISOR_ATTEMPT; [ $body = good ] || exit 3")),
              UnorderedElementsAre("poison 1", "poison 2", "good 1"));
  EXPECT_THAT(contents(queue), IsEmpty());
  EXPECT_THAT(contents(queue + ".dead"), ElementsAre(bytes));
  EXPECT_THAT(reason_of(queue + ".dead"),
              AllOf(HasSubstr(R"("failures":2)"), HasSubstr("exit status 3"), HasSubstr(queue)));
  EXPECT_TRUE(std::filesystem::is_empty(queue + "/.attempts"));
}

TEST_F(ConsumerProgram, KeepsTheCountOfFailuresAcrossItsOwnEnd) {
  add(queue, "poison");
  const std::string path = handler("echo $SIMPLEVISOR_ATTEMPT; exit 1");
  {
    Program first{command({"--retry-delay", "1h"}, path), errors};
    EXPECT_EQ(first.line(), "1");
    first.signal(SIGTERM);
    EXPECT_EQ(first.wait(), 0);
  }
  EXPECT_EQ(locked(queue), 0U);
  EXPECT_THAT(drain_queue({"--attempts", "2"}, path), ElementsAre("2"));
  EXPECT_EQ(contents(queue + ".dead").size(), 1U);
}

TEST_F(ConsumerProgram, TriesLaterWithoutCountingWhenTheHandlerSays75) {
  add(queue, "early");
  EXPECT_THAT(drain_queue({"--attempts", "1", "--retry-delay", "10ms"},
                          handler("echo x >> " + (tmp / "tries") + "; [ $(wc -l < " + (tmp / "tries") +
                                  ") -ge 4 ] && echo $SIMPLEVISOR_ATTEMPT && exit 0; exit 75")),
              ElementsAre("1"));
  EXPECT_THAT(contents(queue + ".dead"), IsEmpty());
}

TEST_F(ConsumerProgram, PutsWhatIsNoMessageAsideAtOnceUnlessItIsRaw) {
  queue_at(queue).add("").value();
  queue_at(queue).add("no message").value();
  const std::string path = handler("cat; echo .");
  EXPECT_THAT(drain_queue({}, path), IsEmpty());
  EXPECT_THAT(contents(queue + ".dead"), UnorderedElementsAre("", "no message"));
  EXPECT_THAT(reason_of(queue + ".dead"),
              AllOf(HasSubstr("element is empty"), HasSubstr("malformed message at byte")));

  queue_at(queue).add("").value();
  queue_at(queue).add("no message").value();
  EXPECT_THAT(drain_queue({"--raw"}, path), ElementsAre(".", "no message."));
}

TEST_F(ConsumerProgram, PutsAnOversizedMessageAside) {
  add(queue, std::string(2000, 'x'));
  EXPECT_THAT(drain_queue({"--message-bytes-max", "1KiB"}, handler("echo handled")), IsEmpty());
  EXPECT_EQ(contents(queue + ".dead").size(), 1U);
}

TEST_F(ConsumerProgram, LeavesAMessageAloneWhoseLockARenewalFoundLost) {
  const std::string element = add(queue, "slow");
  const std::string gate = tmp / "gate";
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  // The handler waits at the gate until somebody opens it.
  Program consumer{command({"--maxlock", "3s"}, handler("echo started; read line < " + gate)), errors};
  EXPECT_EQ(consumer.line(), "started");
  std::filesystem::remove(queue + "/" + element + ".lck");
  ASSERT_TRUE(test::eventually([&] { return read_file(errors).find("cannot renew") != std::string::npos; }));
  {
    std::ofstream{gate} << "go\n";
  }
  // It is handled again, as somebody else would: with a lock of its own.
  EXPECT_EQ(consumer.line(), "started");
  {
    std::ofstream{gate} << "go\n";
  }
  consumer.signal(SIGTERM);
  EXPECT_EQ(consumer.wait(), 0);
  EXPECT_THAT(contents(queue), IsEmpty());
}

TEST_F(ConsumerProgram, KillsAHandlerWithAllItStartedWhenItTakesTooLong) {
  add(queue, "slow");
  // The grandchild holds our standard output; lines() only ends because it is killed too.
  EXPECT_THAT(drain_queue({"--attempts", "1", "--handler-timeout", "100ms"},
                          handler("echo started; sleep 600 & sleep 600")),
              ElementsAre("started"));
  EXPECT_THAT(reason_of(queue + ".dead"), HasSubstr("no answer within the time allowed"));
}

TEST_F(ConsumerProgram, IsWokenByAnElementLongBeforeItPolls) {
  queue_at(queue);
  Program program{command({"--poll", "1h"}, handler("echo \"$(cat)\"")), errors};
  for (const char* body : {"first", "second", "third"}) {
    add(queue, body);
    EXPECT_EQ(program.line(), body);
  }
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

TEST_F(ConsumerProgram, FinishesWhatIsInHandWhenToldToStopAndTakesNoMore) {
  for (const char* body : {"one", "two", "three"}) add(queue, body);
  ASSERT_EQ(::mkfifo((tmp / "gate").c_str(), 0600), 0);
  Program program{
      command({"--drain-timeout", "1h"}, handler("cat; echo; : < " + (tmp / "gate") + "; echo finished")),
      errors};
  EXPECT_EQ(program.line(), "one");
  program.signal(SIGTERM);
  std::ofstream{tmp / "gate"};  // opens once the handler waits, and lets it go on
  EXPECT_THAT(program.lines(), ElementsAre("finished"));
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(contents(queue).size(), 2U);
  EXPECT_EQ(locked(queue), 0U);
}

TEST_F(ConsumerProgram, BreaksTheLockOfAKilledConsumerOnceItIsOldAndNotBefore) {
  add(queue, "orphan");
  {
    dirq::Queue held = queue_at(queue);
    held.lock(held.first()->value())->release();
  }
  const std::string path = handler("echo \"$(cat)\"");
  EXPECT_THAT(drain_queue({}, path), IsEmpty());
  Program program{command({"--maxlock", "3s", "--purge", "200ms", "--poll", "200ms"}, path), errors};
  EXPECT_EQ(program.line(), "orphan");
  EXPECT_THAT(read_file(errors), HasSubstr("1 old locks"));
}

TEST_F(ConsumerProgram, GivesBackUncountedWhatIsNotDoneWhenTheDrainIsOver) {
  add(queue, "slow");
  Program program{command({"--drain-timeout", "50ms"}, handler("echo started; exec sleep 600")), errors};
  EXPECT_EQ(program.line(), "started");
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(contents(queue).size(), 1U);
  EXPECT_EQ(locked(queue), 0U);
  EXPECT_FALSE(std::filesystem::exists(queue + "/.attempts"));
}

TEST_F(ConsumerProgram, SharesAQueueWithOthers) {
  std::vector<std::string> bodies;
  for (int i = 0; i < 150; ++i) add(queue, bodies.emplace_back(std::to_string(i)));
  const std::string path = handler("echo \"$(cat)\"");
  std::vector<std::unique_ptr<Program>> programs;
  for (int i = 0; i < 3; ++i) {
    programs.push_back(std::make_unique<Program>(command({"--until-empty", "--window", "2"}, path), errors));
  }
  std::vector<std::string> handled;
  for (const auto& program : programs) {
    for (auto& line : program->lines()) handled.push_back(std::move(line));
    EXPECT_EQ(program->wait(), 0);
  }
  EXPECT_THAT(handled, testing::UnorderedElementsAreArray(bodies));
}

TEST_F(ConsumerProgram, TakesFromSeveralQueues) {
  add(queue, "first");
  add(tmp / "more", "second");
  EXPECT_THAT(drain_queue({"--queue", tmp / "more"}, handler("echo \"$(cat)\"")),
              UnorderedElementsAre("first", "second"));
}

TEST_F(ConsumerProgram, GoesOnWhenTheDeadLetterQueueIsOnAnotherFilesystem) {
  TemporaryDirectory elsewhere;
  std::string other = "/dev/shm/consumer-test-XXXXXX";
  if (::mkdtemp(other.data()) == nullptr) GTEST_SKIP() << "no second filesystem";
  add(queue, "poison");
  drain_queue({"--attempts", "1", "--dead-letter", other + "/dead"}, handler("exit 1"));
  EXPECT_THAT(contents(queue), IsEmpty());
  EXPECT_EQ(contents(other + "/dead").size(), 1U);
  std::filesystem::remove_all(other);
}

TEST_F(ConsumerProgram, TellsItsSupervisorHowItIs) {
  add(queue, "one");
  const std::string path = tmp / "notify";
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const auto wait_for = [socket](const std::string& what) {
    for (;;) {
      pollfd ready{socket, POLLIN, 0};
      if (::poll(&ready, 1, static_cast<int>(patience.count())) != 1)
        return testing::AssertionFailure() << what;
      std::array<char, 4096> datagram{};
      const ssize_t size = ::recv(socket, datagram.data(), datagram.size(), 0);
      if (std::string(datagram.data(), static_cast<std::size_t>(size)).find(what) != std::string::npos) {
        return testing::AssertionSuccess();
      }
    }
  };
  Program program{command({}, handler("echo ${NOTIFY_SOCKET-none}")),
                  errors,
                  {{"NOTIFY_SOCKET", path}, {"WATCHDOG_USEC", "40000"}}};
  EXPECT_TRUE(wait_for("READY=1"));
  EXPECT_EQ(program.line(), "none");
  EXPECT_TRUE(wait_for("STATUS=idle: in hand 0, done 1, failed 0, later 0, dead 0"));
  EXPECT_TRUE(wait_for("WATCHDOG=1"));
  EXPECT_TRUE(wait_for("WATCHDOG=1"));
  program.signal(SIGTERM);
  EXPECT_TRUE(wait_for("STOPPING=1"));
  EXPECT_EQ(program.wait(), 0);
  ::close(socket);
}

// A program that passes every look at it, and that the kernel does not start: it has no "#!".
TEST_F(ConsumerProgram, AHandlerThatCannotBeStartedIsToldOnceAndTriedUntilItCan) {
  add(queue, "one");
  add(queue, "two");
  const std::string path = script(tmp / "handle", "echo \"$(cat)\"\n");
  Program program{command({"--window", "2"}, path), errors};
  const auto count_of = [this](const std::string& text) {
    const std::string said = read_file(errors);
    int count = 0;
    for (std::size_t at = 0; (at = said.find(text, at)) != std::string::npos; ++at) ++count;
    return count;
  };
  ASSERT_TRUE(test::eventually([&] { return count_of("cannot start the handler") > 0; }));
  std::filesystem::rename(script(tmp / "mended", "#!/bin/sh\necho \"$(cat)\"\n"), path);
  EXPECT_THAT((std::vector{program.line().value(), program.line().value()}),
              UnorderedElementsAre("one", "two"));
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(count_of("cannot start the handler"), 1);
  EXPECT_THAT(contents(queue + ".dead"), IsEmpty());
}

// A directory in an element's place cannot be locked, not by root either.
TEST_F(ConsumerProgram, ARunThatIsToEndSaysThatElementsAreLeftThatItCouldNotTake) {
  add(queue, "one");
  std::filesystem::create_directories(queue + "/00000000/6a22b6f0abcdef");
  EXPECT_EQ(exit_status({"--queue", queue, "--until-empty", "--", handler("exit 0")}), 75);
  EXPECT_THAT(read_file(errors), AllOf(HasSubstr("leaving: done 1"), HasSubstr("not all of " + queue)));
  const std::string errors_of_told = tmp / "errors-of-told";
  Program told{command({}, handler("exit 0")), errors_of_told};
  EXPECT_TRUE(
      test::eventually([&] { return read_file(errors_of_told).find("cannot take") != std::string::npos; }));
  told.signal(SIGTERM);
  EXPECT_EQ(told.wait(), 0);
}

TEST_F(ConsumerProgram, ARunThatIsToEndGivesUpOnDeadLettersThatHaveNoPlace) {
  add(queue, "one");
  const std::string dead = tmp / "dead";
  EXPECT_EQ(exit_status({"--queue", queue, "--until-empty", "--attempts", "1", "--dead-letter", dead, "--",
                         handler("rm -r " + dead + " && : > " + dead + "; exit 1")}),
            75);
  EXPECT_THAT(contents(queue), ElementsAre(HasSubstr("one"))) << "given back, for whoever mends it";
  const std::string said = read_file(errors);
  const std::size_t first = said.find("cannot move to the dead-letter queue");
  ASSERT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("cannot move", first + 1), std::string::npos) << "told once: " << said;
  EXPECT_THAT(said, HasSubstr("not all of " + queue));
}

TEST_F(ConsumerProgram, ARunThatIsToEndGivesUpOnAHandlerThatNeverStarts) {
  add(queue, "one");
  const std::string damaged = script(tmp / "damaged", "echo\n");
  EXPECT_EQ(exit_status({"--queue", queue, "--until-empty", "--", damaged}), 78);
  EXPECT_EQ(exit_status({"--queue", queue, "--until-empty", "--protocol", "stream", "--", handler("exit 3")}),
            78);
  EXPECT_THAT(read_file(errors),
              AllOf(HasSubstr("given up after 5 starts of the handler that failed: " + damaged +
                              ": Exec format error"),
                    HasSubstr("given up after 5 starts of the handler that failed: handler: exit status 3")));
  EXPECT_EQ(contents(queue).size(), 1U);
  EXPECT_EQ(locked(queue), 0U);
  EXPECT_THAT(contents(queue + ".dead"), IsEmpty());
}

TEST_F(ConsumerProgram, KeepsItsCountersInAFileOfItsOwn) {
  const auto status = [this](const std::string& name) { return read_file(tmp / name); };
  add(queue, "good");
  add(queue, "poison");
  const std::string path = handler(std::string{read_body} + "[ $body = good ]");
  Program second{command({"--attempts", "1", "--status-file", tmp / "status-{instance}.json"}, path),
                 errors,
                 {{"SIMPLEVISOR_INSTANCE", "2"}}};
  constexpr const char* counters =
      R"("taken":2,"done":1,"failed":1,"later":0,"dead":1,"lost":0,"in_hand":0})";
  EXPECT_TRUE(test::eventually([&] {
    return status("status-2.json") == std::string{R"({"state":"idle",)"} + counters;
  })) << status("status-2.json");
  second.signal(SIGTERM);
  EXPECT_EQ(second.wait(), 0);
  EXPECT_EQ(status("status-2.json"), std::string{R"({"state":"left",)"} + counters);
  EXPECT_FALSE(std::filesystem::exists(tmp / "status-2.json.new"));
}

TEST_F(ConsumerProgram, WorksOnWhenItsCountersCannotBeKept) {
  add(queue, "one");
  EXPECT_THAT(drain_queue({"--status-file", tmp / "none/status"}, handler("echo \"$(cat)\"")),
              ElementsAre("one"));
  const std::string said = read_file(errors);
  const std::size_t first = said.find("status file");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(said.find("status file", first + 1), std::string::npos) << "told once";
}

TEST_F(ConsumerProgram, LeavesNothingBesideADirectoryThatStandsWhereItsCountersAreToBe) {
  std::filesystem::create_directory(tmp / "status");
  add(queue, "one");
  EXPECT_THAT(drain_queue({"--status-file", tmp / "status"}, handler("echo \"$(cat)\"")), ElementsAre("one"));
  EXPECT_THAT(read_file(errors), HasSubstr("status: Is a directory"));
  EXPECT_FALSE(std::filesystem::exists(tmp / "status.new"));
}

TEST_F(ConsumerProgram, IsNotHeldUpByWhatStandsWhereItsCountersAreToBe) {
  ASSERT_EQ(::mkfifo((tmp / "status.new").c_str(), 0600), 0);
  add(queue, "one");
  EXPECT_THAT(drain_queue({"--status-file", tmp / "status"}, handler("echo \"$(cat)\"")), ElementsAre("one"));
  EXPECT_THAT(read_file(tmp / "status"), HasSubstr(R"("state":"left")"));
}

TEST_F(ConsumerProgram, ReadsItsSettingsFromAFile) {
  add(queue, "one");
  std::ofstream{tmp / "with.json"} << R"({"queue":")" << queue << R"(","handler":[")"
                                   << handler("cat; echo $1") << R"(","argument"],"until_empty":true})";
  Program program{{CONSUMER_PROGRAM, "--with", tmp / "with.json"}, errors};
  EXPECT_THAT(program.lines(), ElementsAre("oneargument"));
  EXPECT_EQ(program.wait(), 0);
}

// Where not even root may make anything.
TEST_F(ConsumerProgram, AQueueThatItMayNotUseIsAMatterOfPermission) {
  EXPECT_EQ(exit_status({"--queue", "/sys/simplevisor-forbidden", "--", "/bin/true"}), 77);
  EXPECT_THAT(read_file(errors), HasSubstr("queue \"/sys/simplevisor-forbidden\": mkdir"));
}

TEST_F(ConsumerProgram, SaysWhatIsWrongWithItsSettingsAndStartsNothing) {
  EXPECT_EQ(exit_status({"--no-such-option"}), 64);
  EXPECT_EQ(exit_status({}), 78);
  EXPECT_EQ(exit_status({"--queue", queue, "--", "/no/such/handler"}), 78);
  EXPECT_EQ(exit_status({"--queue", queue, "--", script(tmp / "damaged", "#!/no/such/python3\n")}), 78);
  EXPECT_EQ(exit_status({"--queue", queue, "--window", "many", "--", "/bin/true"}), 78);
  EXPECT_EQ(exit_status({"--with", tmp / "absent.json"}), 78);
  std::ofstream{tmp / "bad.json"} << R"({"que":"x","atempts":3})";
  EXPECT_EQ(exit_status({"--with", tmp / "bad.json"}), 78);
  std::ofstream{tmp / "file"} << "";
  EXPECT_EQ(exit_status({"--queue", tmp / "file", "--", "/bin/true"}), 73);
  EXPECT_FALSE(std::filesystem::exists(queue));
  EXPECT_THAT(read_file(errors),
              AllOf(HasSubstr("--no-such-option"), HasSubstr("no queue to take from"),
                    HasSubstr("handler \"/no/such/handler\": No such file"),
                    HasSubstr("damaged\": its interpreter \"/no/such/python3\": No such file"),
                    HasSubstr("--window: \"many\""), HasSubstr("absent.json: No such file"),
                    HasSubstr("did you mean \"attempts\"?")));
}

}  // namespace
}  // namespace simplevisor::consumer
