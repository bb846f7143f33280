// What a subscriber's settings come to: its queue, its name, and what is said of mistakes.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/consumer/support.hpp"
#include "workers/amqp/destination.hpp"
#include "workers/sarra/kept_name.hpp"
#include "workers/sarra/subscribe_settings.hpp"

namespace simplevisor::sarra {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Pair;

class SubscribeSettingsTest : public testing::Test {
 protected:
  SubscribeSettingsTest() {
    settings.broker = "amqp://alice@localhost";
    settings.path = directory / "q";
    settings.state_dir = directory / "state";
  }
  [[nodiscard]] std::string trouble() const {
    const auto prepared = prepare(settings);
    return prepared ? "none" : prepared.error().message;
  }
  consumer::TemporaryDirectory directory;
  SubscribeSettings settings;
};

TEST_F(SubscribeSettingsTest, DescribeOneQueueWithAllItsBindings) {
  settings.exchange = "xs_b o,b";
  settings.subtopics = {"observations/#", "a b,c.*", ""};
  settings.expire = 5min;
  settings.message_age_max = 1h;
  const auto destination = amqp::parse_destination(destination_of(settings, "q_alice.x,y"));
  ASSERT_TRUE(destination) << destination.error();
  EXPECT_EQ(destination->exchange.name, "xs_b o,b");
  EXPECT_EQ(destination->exchange.type, "topic");
  EXPECT_FALSE(destination->exchange.declare) << "that is for those who publish";
  ASSERT_TRUE(destination->queue);
  EXPECT_EQ(destination->queue->name, "q_alice.x,y");
  EXPECT_TRUE(destination->queue->durable && destination->queue->declare);
  EXPECT_FALSE(destination->queue->exclusive || destination->queue->auto_delete);
  EXPECT_THAT(destination->queue->arguments,
              ElementsAre(Pair("x-expires", amqp::Argument{std::int64_t{300'000}}),
                          Pair("x-message-ttl", amqp::Argument{std::int64_t{3'600'000}})));
  EXPECT_EQ(destination->routing_key, "v03.observations.#");
  EXPECT_THAT(destination->further_keys, ElementsAre("v03.a b,c.*", "v03.#"));
}

TEST_F(SubscribeSettingsTest, BindOneQueueToSeveralExchanges) {
  const auto problems = subscribe_options(settings).set(
      {{"binding",
        json::array{"xpublic:a/#", "xs_bob:b:c.*",
                    json::object{
                        {"exchange", "xs_al"}, {"subtopic", json::array{"d", "e/#"}}, {"prefix", "v02.post"}},
                    json::object{{"exchange", "xlast"}}}}});
  ASSERT_THAT(problems, testing::IsEmpty());
  EXPECT_EQ(trouble(), "none");
  const auto destination = amqp::parse_destination(destination_of(settings, "q_alice"));
  ASSERT_TRUE(destination) << destination.error();
  EXPECT_EQ(destination->exchange.name, "xpublic");
  EXPECT_EQ(destination->routing_key, "v03.a.#");
  ASSERT_EQ(destination->further_bindings.size(), 3U);
  EXPECT_EQ(destination->further_bindings[0].exchange.name, "xs_bob");
  EXPECT_FALSE(destination->further_bindings[0].exchange.declare);
  EXPECT_THAT(destination->further_bindings[0].routing_keys, ElementsAre("v03.b:c.*"));
  EXPECT_THAT(destination->further_bindings[1].routing_keys, ElementsAre("v02.post.d", "v02.post.e.#"));
  EXPECT_THAT(destination->further_bindings[2].routing_keys, ElementsAre("v03.#"));
  settings.exchange = "xs_bob";
  EXPECT_EQ(trouble(), "binding: instead of exchange and subtopic, not besides them");
}

TEST_F(SubscribeSettingsTest, SayWhichBindingIsNone) {
  const auto complaint = [&](const json::value& value) {
    const auto problems = subscribe_options(settings).set({{"binding", value}});
    return problems.empty() ? "none" : problems.front();
  };
  EXPECT_EQ(complaint(json::array{"xpublic"}), "binding: \"xpublic\" is not EXCHANGE:SUBTOPIC");
  EXPECT_EQ(complaint(":a"), "binding: \":a\" is not EXCHANGE:SUBTOPIC");
  EXPECT_EQ(complaint(json::object{{"subtopic", "a"}}), "binding: a table without exchange");
  EXPECT_EQ(complaint(json::object{{"exchnge", "a"}}),
            "binding: there is no key exchnge (did you mean \"exchange\"?)");
  EXPECT_EQ(complaint(json::object{{"exchange", "a"}, {"subtopic", 7}}),
            "binding: subtopic must be a text or a list of texts");
  EXPECT_THAT(complaint(7), testing::StartsWith("binding: must be \"EXCHANGE:SUBTOPIC\", a table"));
  EXPECT_EQ(complaint(json::array(1001, "a:b")), "binding: more than 1000");
}

TEST_F(SubscribeSettingsTest, PostOnInsteadOfToAQueue) {
  settings.path.clear();
  settings.broker_auth = {"plain name=carl pass=x"};
  settings.post_exchange = "xs_out";
  const auto same = prepare(settings).value();
  EXPECT_EQ(same.transfer.outgoing.broker_uri, settings.broker);
  EXPECT_EQ(same.transfer.outgoing.broker_auth, same.transfer.incoming.broker_auth);
  EXPECT_FALSE(same.transfer.mandatory) << "nobody has to be bound";
  EXPECT_TRUE(same.transfer.reliable);
  EXPECT_EQ(same.transfer.dead_letter, directory / "state/dead");
  EXPECT_EQ(same.post->repost.exchange, "xs_out");
  EXPECT_THAT(same.post->repost.prefixes_of_arrival, ElementsAre("v03"));
  settings.post_exchange.clear();
  settings.post_broker = "amqp://bob@elsewhere";
  const auto other = prepare(settings).value();
  EXPECT_EQ(other.transfer.outgoing.broker_uri, settings.post_broker);
  EXPECT_TRUE(other.transfer.outgoing.broker_auth.empty()) << "nobody is told another's password";
  EXPECT_EQ(other.post->repost.exchange, "xs_bob");
}

TEST_F(SubscribeSettingsTest, SayWhereNothingCanBePostedTo) {
  settings.post_exchange = "xs_out";
  EXPECT_EQ(trouble(), "path: announcements go to a queue, or are posted on, not both");
  settings.path.clear();
  settings.post_exchange = "xpublic";
  EXPECT_EQ(trouble(), "post-exchange: xpublic is what is subscribed to, at the same broker");
  settings.post_exchange = "xpub";
  settings.post_exchange_split = 3;
  settings.bindings = {{.exchange = "xpub02"}};
  EXPECT_EQ(trouble(), "post-exchange: xpub02 is what is subscribed to, at the same broker");
  settings.post_broker = "amqp://elsewhere";
  EXPECT_EQ(trouble(), "none");
  settings.post_broker = "stomp://elsewhere:61613";
  EXPECT_EQ(trouble(), "post-broker: must be amqp:// or amqps://");
  settings.state_dir.clear();
  settings.queue_name = "q_alice.x";
  EXPECT_EQ(trouble(), "dead-letter: needed to post on, unless state-dir is given");
  settings.post_broker.clear();
  settings.post_exchange.clear();
  settings.path = directory / "q";
  EXPECT_EQ(trouble(), "post-exchange: needed by the other settings of that name, or post-broker");
}

TEST_F(SubscribeSettingsTest, PostOnFromADirectoryQueue) {
  settings = {};
  settings.from = directory / "stored";
  settings.post_broker = "amqp://bob@elsewhere";
  const auto made = prepare(settings).value();
  EXPECT_EQ(made.transfer.incoming.queue.at("path"), settings.from);
  EXPECT_TRUE(made.transfer.remove && made.transfer.loop);
  EXPECT_THAT(transfer::contradictions(made.transfer), testing::IsEmpty());
  EXPECT_THAT(made.post->repost.prefixes_of_arrival, testing::IsEmpty());
  settings.post_broker.clear();
  settings.broker = "amqp://alice@localhost";
  settings.passive = true;
  EXPECT_EQ(trouble(),
            "post-broker: needed by from, whose announcements are posted on; "
            "broker-uri: has no meaning for a directory queue (from); "
            "passive: has no meaning for a directory queue (from)");
}

TEST_F(SubscribeSettingsTest, WithoutExpireAndAgeTheQueueHasNoArguments) {
  EXPECT_TRUE(amqp::parse_destination(destination_of(settings, "q")).value().queue->arguments.empty());
}

TEST_F(SubscribeSettingsTest, ANameIsChosenOnceAndKept) {
  const auto first = prepare(settings).value();
  const std::string name = consumer::read_file(directory / "state/queue-name");
  EXPECT_THAT(name, MatchesRegex("q_alice\\.subscribe\\.default\\.alice_.*_[0-9a-f]{8}\n"));
  EXPECT_THAT(first.transfer.subscribe.at(0).at("destination"), HasSubstr("alice_"));
  const auto second = prepare(settings).value();
  EXPECT_EQ(second.transfer.subscribe, first.transfer.subscribe);
  EXPECT_EQ(first.transfer.prefetch, 25U);
  EXPECT_TRUE(first.transfer.reliable);
}

TEST_F(SubscribeSettingsTest, WhatIsNoNameIsNotAskedFor) {
  std::filesystem::create_directories(directory / "state");
  for (const std::string& unfit : {std::string("q_\x01\n"), std::string("q_\xff\n"), std::string(256, 'q')}) {
    std::ofstream{directory / "state/queue-name", std::ios::binary} << unfit;
    const auto prepared = prepare(settings);
    ASSERT_FALSE(prepared);
    EXPECT_EQ(prepared.error().code, service::ExitCode::data);
    EXPECT_THAT(prepared.error().message, HasSubstr("state/queue-name: holds no queue name"));
  }
}

TEST_F(SubscribeSettingsTest, OfManyThatComeAtOnceAllKnowTheSameName) {
  std::vector<pid_t> children;
  for (int n = 0; n < 8; ++n) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto name = kept_name(directory / "name", "mine-" + std::to_string(n));
      std::ofstream{directory / ("out" + std::to_string(n))} << (name ? *name : name.error().message);
      ::_exit(0);
    }
    children.push_back(child);
  }
  std::set<std::string> names;
  for (std::size_t n = 0; n < children.size(); ++n) {
    ASSERT_EQ(::waitpid(children[n], nullptr, 0), children[n]);
    names.insert(consumer::read_file(directory / ("out" + std::to_string(n))));
  }
  EXPECT_THAT(names, ElementsAre(testing::StartsWith("mine-")));
}

TEST_F(SubscribeSettingsTest, SaysWhatIsMissingOrWrong) {
  settings.patterns = {"accept ("};
  EXPECT_THAT(trouble(), HasSubstr("patterns: \"accept (\""));
  settings.patterns.clear();
  settings.broker_auth = {"plain name=alice"};
  EXPECT_THAT(trouble(), HasSubstr("broker-auth"));
  settings.broker_auth.clear();
  settings.file_age_min = std::chrono::minutes{21};
  EXPECT_THAT(trouble(), HasSubstr("file-age-min: at most 20 minutes"));
  settings.file_age_min = {};
  settings.broker = "nonsense";
  EXPECT_THAT(trouble(), HasSubstr("broker"));
  settings = {};
  settings.nodupe_ttl = 1s;
  EXPECT_THAT(trouble(),
              AllOf(HasSubstr("broker-uri: is not given"), HasSubstr("path: is not given"),
                    HasSubstr("state-dir: needed to keep"), HasSubstr("state-dir: needed by nodupe-ttl")));
}

}  // namespace
}  // namespace simplevisor::sarra
