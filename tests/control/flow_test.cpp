// What is drawn of the flow: the ends at brokers, without their secrets, and the JSON of it all.
#include "supervisor/control/flow.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace simplevisor::control {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

config::Configuration configured(const std::string& path, const std::string& program,
                                 const std::string& with) {
  config::Configuration configuration;
  auto made = std::make_shared<config::Program>();
  made->path = path;
  made->command = {program};
  made->with_json = with;
  made->setup = std::make_shared<config::Setup>();
  configuration.programs.push_back(made);
  return configuration;
}

std::vector<std::string> ends(const std::string& program, const std::string& with) {
  std::vector<std::string> lines;
  for (const BrokerEnd& end : find_broker_ends(configured("root/a", program, with)))
    lines.push_back(end.broker + " " + end.destination + " " + end.node + " " + std::string(end.role));
  return lines;
}

constexpr auto everything = [](std::string_view) { return true; };

TEST(Flow, FindsTheBrokersOfATransfer) {
  EXPECT_THAT(ends("/b/simplevisor-transfer",
                   R"({"incoming-broker-uri":"amqp://a:1","subscribe":"id=1 destination=/queue/two%20words",
                       "outgoing-broker-uri":"stomp://b","destination":"/topic/x"})"),
              ElementsAre("amqp://a:1 /queue/two words root/a takes", "stomp://b /topic/x root/a adds"));
  EXPECT_THAT(
      ends("simplevisor-transfer",
           R"({"incoming-broker-uri":"amqp://a","subscribe":[{"destination":"p"},"destination=q","x=y",7]})"),
      ElementsAre("amqp://a p root/a takes", "amqp://a q root/a takes"));
  EXPECT_THAT(
      ends("simplevisor-transfer", R"({"incoming-queue":"path=in","outgoing-broker-uri":"amqp://b"})"),
      ElementsAre("amqp://b  root/a adds"));
}

TEST(Flow, FindsTheExchangesOfAnnouncements) {
  EXPECT_THAT(ends("simplevisor-sarra", R"({"broker-uri":"amqps://feed","path":"in"})"),
              ElementsAre("amqps://feed xpublic root/a takes"));
  EXPECT_THAT(
      ends("simplevisor-sarra",
           R"({"broker-uri":"amqp://h","binding":["xs_n:#","xs_s:obs/#"],"post-exchange":"out"})"),
      ElementsAre("amqp://h out root/a adds", "amqp://h xs_n root/a takes", "amqp://h xs_s root/a takes"));
  EXPECT_THAT(ends("simplevisor-sarra", R"({"broker-uri":"amqp://h","from":"queue","post-exchange":"out"})"),
              ElementsAre("amqp://h out root/a adds"));
}

TEST(Flow, ShowsNoSecretOfAnAddress) {
  for (const char* uri : {"amqp://u:p@h:1/v", "amqp://u@h:1/v?password=p", "amqp://u:p@x@h:1/v#p"}) {
    const auto found = ends("simplevisor-transfer",
                            std::string(R"({"outgoing-broker-uri":")") + uri + R"(","destination":"d"})");
    EXPECT_THAT(found, ElementsAre("amqp://h:1/v d root/a adds")) << uri;
  }
}

TEST(Flow, FindsNothingInWhatIsMalformedOrNotOurs) {
  for (const char* with :
       {"", "{", "[]", "3", R"({"incoming-broker-uri":3})", R"({"subscribe":"destination=x"})"})
    EXPECT_THAT(ends("simplevisor-transfer", with), IsEmpty()) << with;
  EXPECT_THAT(ends("transfer", R"({"incoming-broker-uri":"amqp://a"})"), IsEmpty());
  EXPECT_THAT(ends("simplevisor-sarra", R"({"path":"in"})"), IsEmpty());
}

class FlowJson : public ::testing::Test {
 protected:
  const std::chrono::system_clock::time_point now{std::chrono::hours(1000)};
  const WorkerFiles files{
      .uses = {{"/in", "root/a", "takes"}, {"/in", "root/b", "adds"}, {"/other", "root/b", "adds"}},
      .status_files = {}};
  const WorkerSurvey::Figures figures{.queues = {{.path = "/in",
                                                  .readable = true,
                                                  .ready = 5,
                                                  .locked = 1,
                                                  .oldest = now - std::chrono::seconds(3)},
                                                 {.path = "/other", .whole = false}},
                                      .counters = {{"root/a", "sent", 7}, {"root/b", "sent", -1}}};
  const std::vector<BrokerEnd> brokers{{"amqp://h", "q", "root/b", "takes"}};

  json::value made(const std::function<bool(std::string_view)>& is_shown) const {
    return json::parse(
        flow_json({.files = files, .figures = figures, .brokers = brokers, .now = now}, is_shown));
  }
};

TEST_F(FlowJson, HasQueuesTheirUsersBrokersAndCounters) {
  EXPECT_EQ(made(everything), json::parse(R"({
    "queues":[{"path":"/in","readable":true,"whole":true,"ready":5,"locked":1,"oldest_ms":3000},
              {"path":"/other","readable":false,"whole":false,"ready":0,"locked":0,"oldest_ms":null}],
    "uses":[{"queue":"/in","node":"root/a","role":"takes"},{"queue":"/in","node":"root/b","role":"adds"},
            {"queue":"/other","node":"root/b","role":"adds"}],
    "brokers":[{"broker":"amqp://h","destination":"q","node":"root/b","role":"takes"}],
    "counters":[{"node":"root/a","name":"sent","value":7},{"node":"root/b","name":"sent","value":-1}]})"));
}

TEST_F(FlowJson, TellsNothingOfNodesThatAreNotShown) {
  EXPECT_EQ(made([](std::string_view node) { return node == "root/a"; }), json::parse(R"({
    "queues":[{"path":"/in","readable":true,"whole":true,"ready":5,"locked":1,"oldest_ms":3000}],
    "uses":[{"queue":"/in","node":"root/a","role":"takes"}],
    "brokers":[],"counters":[{"node":"root/a","name":"sent","value":7}]})"));
}

TEST_F(FlowJson, IsJsonWhateverTheNamesAre) {
  const WorkerFiles odd{.uses = {{"/\xff\"", "root/a", "takes"}}, .status_files = {}};
  const WorkerSurvey::Figures figures_of_odd{.queues = {{.path = "/\xff\""}}, .counters = {}};
  const auto value = json::parse(flow_json({odd, figures_of_odd, brokers, now}, everything));
  EXPECT_EQ(value.at("queues").at(0).at("path"), value.at("uses").at(0).at("queue"));
}

}  // namespace
}  // namespace simplevisor::control
