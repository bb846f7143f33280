// The brokers that other tests lean on: they are there, they keep what is durable, and they leave nothing behind.
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/brokers/activemq.hpp"
#include "tests/brokers/rabbitmq.hpp"

namespace simplevisor::test {
namespace {

using testing::HasSubstr;

bool alive(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

TEST(KeptProcess, GivesTheExitStatusAndTheOutput) {
  const auto scratch = std::filesystem::path(testing::TempDir()) / "kept-output";
  const Finished finished =
      run({"sh", "-c", "echo $WORD; exit 3"}, {{"WORD", "hello"}}, scratch, std::chrono::seconds(10));
  EXPECT_EQ(finished.status, 3);
  EXPECT_EQ(finished.output, "hello\n");
}

TEST(KeptProcess, EndsDescendantsThatLeftTheirSession) {
  const auto scratch = std::filesystem::path(testing::TempDir()) / "kept-descendants";
  std::filesystem::remove(scratch);
  pid_t grandchild = 0;
  {
    KeptProcess process({"sh", "-c", "setsid sleep 1000 & echo $!; exit 0"}, {}, scratch);
    process.wait(std::chrono::seconds(10));
    grandchild = std::stoi(content_of(scratch));
  }
  EXPECT_FALSE(alive(grandchild));
}

TEST(KeptProcess, EndsWhenItsOwnerIsKilled) {
  const auto scratch = std::filesystem::path(testing::TempDir()) / "kept-orphan";
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const pid_t owner = fork();
  if (owner == 0) {
    const KeptProcess process({"sleep", "1000"}, {}, scratch);
    const pid_t pid = process.pid();
    (void)!write(told[1], &pid, sizeof pid);
    pause();
  }
  pid_t kept = 0;
  ASSERT_EQ(read(told[0], &kept, sizeof kept), static_cast<ssize_t>(sizeof kept));
  ASSERT_TRUE(alive(kept));
  const int watch = static_cast<int>(::syscall(SYS_pidfd_open, kept, 0));
  ASSERT_GE(watch, 0);
  ::kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  pollfd ended{watch, POLLIN, 0};  // a pidfd is readable when its process has ended
  EXPECT_EQ(::poll(&ended, 1, 10'000), 1);
  ::close(watch);
}

TEST(RabbitMqHarness, KeepsDurableQueuesOverACrash) {
  RabbitMq broker;
  broker.eval(
      "rabbit_amqqueue:declare(rabbit_misc:r(<<\"/"
      "\">>,queue,<<\"kept\">>),true,false,[],none,<<\"test\">>).");
  EXPECT_THAT(broker.ctl({"list_queues", "name"}), HasSubstr("kept"));
  const pid_t before = broker.pid();
  broker.kill();
  EXPECT_FALSE(alive(before));
  broker.start();
  EXPECT_THAT(broker.ctl({"list_queues", "name"}), HasSubstr("kept"));
  broker.stop();
}

TEST(RabbitMqHarness, ListensWithTlsWhenAsked) {
  RabbitMq broker(RabbitMqOptions{.tls = true, .configuration = {}});
  const std::string listeners =
      broker.eval("[P || {listener,_,_,_,_,P,_} <- rabbit_networking:active_listeners()].");
  for (const auto port :
       {broker.amqp_port(), broker.amqps_port(), broker.stomp_port(), broker.stomps_port()}) {
    EXPECT_THAT(listeners, HasSubstr(std::to_string(port)));
  }
}

TEST(ActiveMqHarness, StartsStopsAndStartsAgain) {
  ActiveMq broker;
  broker.stop();
  broker.start();
  broker.kill();
  EXPECT_FALSE(broker.log().empty());
}

}  // namespace
}  // namespace simplevisor::test
