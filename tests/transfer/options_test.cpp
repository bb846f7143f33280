// Options that only a real broker can show the effect of: lazy, duration, unsubscribe, passive, and what a receipt is worth.
#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>

#include "tests/brokers/rabbitmq.hpp"
#include "tests/transfer/support.hpp"

namespace simplevisor::transfer {
namespace {

using test::eventually;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

class TransferOptions : public testing::Test {
 protected:
  static void SetUpTestSuite() { rabbit = std::make_unique<test::RabbitMq>(); }
  static void TearDownTestSuite() { rabbit.reset(); }

  static Words broker(const std::string& direction, const std::string& kind) {
    const bool stomp = kind == "stomp";
    Words words{"--" + direction + "-broker-uri",
                stomp ? "stomp://127.0.0.1:" + std::to_string(rabbit->stomp_port()) : rabbit->amqp_uri(),
                "--" + direction + "-broker-auth", "plain name=guest pass=guest", "--reliable"};
    if (stomp) words.insert(words.end(), {"--" + direction + "-broker-connect", "host=%2F"});
    return words;
  }
  [[nodiscard]] Words sender(const std::string& kind, const std::string& destination,
                             const Words& more = {}) const {
    Words words = broker("outgoing", kind);
    words.insert(words.end(),
                 {"--incoming-queue", "path=" + shop.path("in"), "--remove", "--destination", destination});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  [[nodiscard]] Words receiver(const std::string& kind, const std::string& subscription,
                               const Words& more = {}) const {
    Words words = broker("incoming", kind);
    words.insert(words.end(), {"--subscribe", "destination=" + subscription, "--outgoing-queue",
                               "path=" + shop.path("out"), "--status-file", shop.path("status")});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  // Runs until it is told to stop, which it is once it receives: the exit status.
  int run_and_stop(const Words& words) const {
    auto agent = shop.start_new(words);
    EXPECT_TRUE(runs()) << shop.log();
    agent->signal(SIGTERM);
    return agent->wait();
  }
  [[nodiscard]] bool runs() const {
    return eventually(
        [&] { return read_file(shop.path("status")).find(R"("state":"running")") != std::string::npos; });
  }
  static std::string queues() { return rabbit->ctl({"list_queues", "name", "messages"}); }

  static std::unique_ptr<test::RabbitMq> rabbit;
  Workshop shop;
};

std::unique_ptr<test::RabbitMq> TransferOptions::rabbit;

class OnEither : public TransferOptions, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Brokers, OnEither, testing::Values("stomp", "amqp"),
                         [](const auto& given) { return std::string{given.param}; });

TEST_P(OnEither, ALazyAgentConnectsForItsFirstMessageOnly) {
  const std::string name = std::string{"lazy-"} + GetParam();
  // Nothing to send: nobody is asked, so that a broker who is not there does not matter.
  const Words nowhere{
      "--incoming-queue", "path=" + shop.path("in"), "--remove",
      "--no-reconnect",   "--outgoing-broker-uri",   std::string{GetParam()} + "://127.0.0.1:1"};
  EXPECT_EQ(shop.run(nowhere), 69) << shop.log();
  Words lazily = nowhere;
  lazily.emplace_back("--lazy");
  EXPECT_EQ(shop.run(lazily), 0) << shop.log();

  auto agent = shop.start_new(
      sender(GetParam(), "/queue/" + name, {"--lazy", "--loop", "--status-file", shop.path("status")}));
  ASSERT_TRUE(runs()) << shop.log();
  EXPECT_THAT(shop.log(), Not(HasSubstr("connected, RabbitMQ")));
  shop.fill("in", 3);
  EXPECT_TRUE(eventually([&] { return shop.count("in") == 0; })) << shop.log();
  EXPECT_THAT(shop.log(), HasSubstr("connected, RabbitMQ"));
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0) << shop.log();
  EXPECT_THAT(queues(), HasSubstr(name + "\t3"));
}

TEST_P(OnEither, LeavesByItselfAfterItsDuration) {
  const std::string name = std::string{"duration-"} + GetParam();
  shop.fill("in", 20);
  ASSERT_EQ(shop.run(sender(GetParam(), "/queue/" + name)), 0) << shop.log();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(shop.run(receiver(GetParam(), "/queue/" + name, {"--duration", "1.5"})), 0) << shop.log();
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds{1500});
  // However far it came: what it did not take is there still.
  const std::size_t taken = shop.count("out");
  EXPECT_TRUE(eventually([&] {
    return queues().find(name + "\t" + std::to_string(20 - taken)) != std::string::npos;
  })) << "taken "
      << taken << ", and at the broker:\n"
      << queues();
}

// A counted run of a message that is none for us, and no place to put it.
TEST_P(OnEither, AMessageThatCanBeNeitherTakenNorSetAsideIsADataErrorAndStays) {
  const std::string name = std::string{"poison-"} + GetParam();
  shop.fill("in", 1, std::string(2000, 'x'));
  ASSERT_EQ(shop.run(sender(GetParam(), "/queue/" + name)), 0) << shop.log();
  std::ofstream{shop.path("file")} << "";
  const Words nowhere{"--count",          "1",   "--message-bytes-max", "1000",
                      "--timeout-linger", "0.1", "--dead-letter",       shop.path("file/dead")};
  EXPECT_EQ(shop.run(receiver(GetParam(), "/queue/" + name, nowhere)), 65) << shop.log();
  EXPECT_THAT(shop.log(), AllOf(HasSubstr("cannot set a message aside"),
                                HasSubstr("1 of them can be neither sent nor set aside")));
  EXPECT_TRUE(eventually([&] { return queues().find(name + "\t1") != std::string::npos; })) << queues();
}

// RabbitMQ keeps the queue of a durable subscription, until somebody unsubscribes from it in so many words.
TEST_F(TransferOptions, UnsubscribesBeforeItLeavesWhereItIsToldTo) {
  const std::string news = "/topic/news id=daily durable=true auto-delete=false";
  ASSERT_EQ(run_and_stop(receiver("stomp", news)), 0) << shop.log();
  ASSERT_THAT(queues(), HasSubstr("stomp-subscription-"));
  ASSERT_EQ(run_and_stop(receiver("stomp", news, {"--unsubscribe", "durable=true"})), 0) << shop.log();
  EXPECT_THAT(queues(), Not(HasSubstr("stomp-subscription-")));
}

TEST_F(TransferOptions, UnsubscribesAlsoWithNothingMoreToSayAndWaitsForTheReceipt) {
  const Words words{"--unsubscribe", "", "--incoming-broker-stomp-debug", "command,header"};
  EXPECT_EQ(run_and_stop(receiver("stomp", "/queue/unsubscribe id=one", words)), 0) << shop.log();
  const std::string log = shop.log();
  const auto asked = log.find("> UNSUBSCRIBE id:one receipt:u0");
  const auto answered = log.find("receipt-id:u0");
  ASSERT_NE(asked, std::string::npos) << log;
  ASSERT_NE(answered, std::string::npos) << log;
  EXPECT_LT(asked, answered);
  EXPECT_LT(answered, log.find("> DISCONNECT")) << log;
}

TEST_F(TransferOptions, PassivelyItReceivesFromNoQueueThatItWouldHaveToMake) {
  EXPECT_EQ(shop.run(receiver("amqp", "/queue/absent", {"--passive", "--reconnect"})), 78) << shop.log();
  EXPECT_THAT(shop.log(), AllOf(HasSubstr("404 NOT_FOUND"), HasSubstr("no queue 'absent'")));
  EXPECT_THAT(queues(), Not(HasSubstr("absent")));
}

TEST_F(TransferOptions, PassivelyItReceivesFromTheQueueThatIsThereWhateverItsProperties) {
  rabbit->eval(
      "rabbit_amqqueue:declare({resource, <<\"/\">>, queue, <<\"others\">>}, true, false, "
      "[{<<\"x-max-length\">>, long, 1000}], none, <<\"guest\">>).");
  shop.fill("in", 5);
  EXPECT_EQ(shop.run(receiver("amqp", "/queue/others", {"--no-reconnect"})), 78) << "406: " << shop.log();
  ASSERT_EQ(shop.run(sender("amqp", "/queue/others", {"--passive"})), 0) << shop.log();
  EXPECT_EQ(shop.run(receiver("amqp", "/queue/others", {"--passive", "--count", "5"})), 0) << shop.log();
  EXPECT_EQ(shop.bodies("out"), numbered(5));
}

TEST_F(TransferOptions, PassivelyItSendsToNoQueueThatItWouldHaveToMake) {
  shop.fill("in", 2);
  EXPECT_EQ(shop.run(sender("amqp", "/queue/absent", {"--passive"})), 0) << shop.log();
  EXPECT_THAT(queues(), Not(HasSubstr("absent")));
  EXPECT_EQ(shop.bodies("in.dead"), numbered(2)) << "and nothing is lost";
}

// Where nobody would get it, RabbitMQ confirms a message of STOMP all the same; one of AMQP comes back.
TEST_F(TransferOptions, AStompReceiptDoesNotSayThatAnybodyGetsTheMessage) {
  const Words unheard{"/topic/unheard", "/amq/queue/unheard", "/exchange/amq.direct/unheard"};
  for (const std::string& destination : unheard) {
    shop.fill("in", 1);
    EXPECT_EQ(shop.run(sender("stomp", destination)), 0) << destination << "\n" << shop.log();
    EXPECT_EQ(shop.count("in"), 0U) << destination;
    EXPECT_FALSE(std::filesystem::exists(shop.path("in.dead"))) << destination;
  }
  EXPECT_THAT(queues(), Not(HasSubstr("unheard")));
  for (const std::string& destination : unheard) {
    shop.fill("in", 1);
    EXPECT_EQ(shop.run(sender("amqp", destination)), 0) << destination << "\n" << shop.log();
  }
  EXPECT_EQ(shop.count("in.dead"), 3U) << shop.log();
}

}  // namespace
}  // namespace simplevisor::transfer
