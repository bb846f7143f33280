// Somebody else's programs at the other end of an agent, with a real RabbitMQ between: python3-stomp, and amqp-tools.
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <memory>

#include "tests/brokers/rabbitmq.hpp"
#include "tests/transfer/support.hpp"

namespace simplevisor::transfer {
namespace {

namespace fs = std::filesystem;
using message::Message;

constexpr std::size_t large = std::size_t{10} << 20U;

std::string all_bytes() {
  std::string bytes;
  for (int n = 0; n < 512; ++n) bytes += static_cast<char>(n % 256);
  return bytes;
}

// Bodies that are easy to lose or to cut.
std::vector<std::string> bodies() {
  return {"",   "hello",   std::string("\0\0nul\0", 6), all_bytes(), std::string(large, 'x') + "end",
          "\n", "\xC3\xA9"};
}

class Peers : public testing::Test {
 protected:
  static void SetUpTestSuite() { rabbit = std::make_unique<test::RabbitMq>(); }
  static void TearDownTestSuite() { rabbit.reset(); }

  [[nodiscard]] int run(const std::vector<std::string>& command) const {
    Program program{command, shop.path("stderr")};
    program.lines();
    return program.wait();
  }
  [[nodiscard]] int python_stomp(const std::string& what, const std::string& version,
                                 const std::string& queue, const std::vector<std::string>& more) const {
    std::vector<std::string> command{
        "/usr/bin/python3", STOMP_PEER, what, std::to_string(rabbit->stomp_port()), version,
        "/queue/" + queue};
    command.insert(command.end(), more.begin(), more.end());
    return run(command);
  }
  [[nodiscard]] std::vector<std::string> broker(const std::string& direction, const std::string& kind) const {
    std::vector<std::string> words{
        "--" + direction + "-broker-uri",
        kind == "amqp" ? rabbit->amqp_uri() : "stomp://127.0.0.1:" + std::to_string(rabbit->stomp_port()),
        "--" + direction + "-broker-auth", "plain name=guest pass=guest", "--reliable"};
    if (kind != "amqp")
      words.insert(words.end(), {"--" + direction + "-broker-connect", "host=%2F,accept-version=" + kind});
    return words;
  }
  // `kind`: amqp, or a version of STOMP.
  void receive(const std::string& kind, const std::string& queue, std::size_t count) const {
    auto words = broker("incoming", kind);
    words.insert(words.end(), {"--subscribe", "destination=/queue/" + queue, "--outgoing-queue",
                               "path=" + shop.path("out"), "--count", std::to_string(count)});
    ASSERT_EQ(shop.run(words), 0) << shop.log();
  }
  void send(const std::string& kind, const std::string& queue, const std::vector<Message>& messages) const {
    dirq::Queue in = queue_at(shop.path("in"));
    for (const Message& message : messages) ASSERT_TRUE(in.add(message::encode(message).value()));
    auto words = broker("outgoing", kind);
    words.insert(words.end(), {"--destination", "/queue/" + queue, "--incoming-queue",
                               "path=" + shop.path("in"), "--remove"});
    ASSERT_EQ(shop.run(words), 0) << shop.log();
  }
  [[nodiscard]] std::vector<Message> received() const {
    std::vector<Message> all;
    for (const std::string& content : consumer::contents(shop.path("out")))
      all.push_back(message::decode(content).value().message);
    return all;
  }

  static std::unique_ptr<test::RabbitMq> rabbit;
  Workshop shop;
};

std::unique_ptr<test::RabbitMq> Peers::rabbit;

class PythonStomp : public Peers, public testing::WithParamInterface<const char*> {
 protected:
  PythonStomp() { fs::create_directories(shop.path("peer")); }
  // What 1.0 cannot escape it cannot carry; 1.1 has no escape for a carriage return.
  static std::string odd() {
    const std::string version = GetParam();
    if (version == "1.0") return "plain";
    return version == "1.1" ? "a:b\\c\nd \\n \xC3\xA9" : "a:b\\c\nd\r \\n \xC3\xA9";
  }
  [[nodiscard]] std::string file(std::size_t number, const std::string& suffix) const {
    return shop.path("peer") + "/" + std::to_string(number) + suffix;
  }
};

TEST_P(PythonStomp, ItsMessagesArriveAsTheyWereSent) {
  const auto wanted = bodies();
  for (std::size_t n = 0; n < wanted.size(); ++n) {
    std::ofstream{file(n, ".body"), std::ios::binary} << wanted[n];
    std::ofstream{file(n, ".json")} << boost::json::serialize(
        boost::json::object{{"odd", odd()}, {"number", std::to_string(n)}, {"persistent", "true"}});
  }
  const std::string queue = std::string("from-python-") + GetParam();
  ASSERT_EQ(python_stomp("send", GetParam(), queue, {shop.path("peer")}), 0) << shop.log();
  receive(GetParam(), queue, wanted.size());
  const auto arrived = received();
  ASSERT_EQ(arrived.size(), wanted.size());
  for (std::size_t n = 0; n < wanted.size(); ++n) {
    EXPECT_TRUE(arrived[n].body == wanted[n]) << n << ": " << arrived[n].body.size() << " bytes";
    EXPECT_EQ(arrived[n].header.at("number"), std::to_string(n));
    EXPECT_EQ(arrived[n].header.at("odd"), odd());
  }
}

TEST_P(PythonStomp, GetsOurMessagesAsTheyAre) {
  const auto wanted = bodies();
  std::vector<Message> messages;
  for (std::size_t n = 0; n < wanted.size(); ++n)
    messages.push_back({{{"odd", odd()}, {"number", std::to_string(n)}}, wanted[n], false});
  const std::string queue = std::string("to-python-") + GetParam();
  send(GetParam(), queue, messages);
  ASSERT_EQ(python_stomp("receive", GetParam(), queue, {shop.path("peer"), std::to_string(wanted.size())}), 0)
      << shop.log();
  for (std::size_t n = 0; n < wanted.size(); ++n) {
    EXPECT_TRUE(read_file(file(n, ".body")) == wanted[n]) << n;
    const auto headers = boost::json::parse(read_file(file(n, ".json"))).as_object();
    EXPECT_EQ(headers.at("number").as_string(), std::to_string(n));
    EXPECT_EQ(headers.at("odd").as_string(), odd());
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, PythonStomp, testing::Values("1.0", "1.1", "1.2"), [](const auto& given) {
  return std::string("V1") + std::string(given.param).back();
});

TEST_F(Peers, AmqpPublishIsUnderstood) {
  const auto wanted = bodies();
  ASSERT_EQ(run({"/usr/bin/amqp-declare-queue", "-u", rabbit->amqp_uri(), "-d", "-q", "from-tools"}), 0)
      << shop.log();
  for (const std::string& body : wanted) {
    std::ofstream{shop.path("body"), std::ios::binary} << body;
    ASSERT_EQ(run({"/bin/sh", "-c",
                   R"(exec amqp-publish -u "$1" -r from-tools -p -C text/x-test -H "colour: blue" <"$2")",
                   "sh", rabbit->amqp_uri(), shop.path("body")}),
              0)
        << shop.log();
  }
  receive("amqp", "from-tools", wanted.size());
  const auto arrived = received();
  ASSERT_EQ(arrived.size(), wanted.size());
  for (std::size_t n = 0; n < wanted.size(); ++n) {
    EXPECT_TRUE(arrived[n].body == wanted[n]) << n << ": " << arrived[n].body.size() << " bytes";
    EXPECT_EQ(arrived[n].header.at("content-type"), "text/x-test");
    EXPECT_EQ(arrived[n].header.at("colour"), "blue");
    EXPECT_EQ(arrived[n].header.at("persistent"), "true");
  }
}

TEST_F(Peers, AmqpConsumeGetsTheBodies) {
  const auto wanted = bodies();
  std::vector<Message> messages;
  messages.reserve(wanted.size());
  for (const std::string& body : wanted) messages.push_back({{{"colour", "blue"}}, body, false});
  send("amqp", "to-tools", messages);
  for (const std::string& body : wanted) {
    ASSERT_EQ(run({"/bin/sh", "-c", R"(exec amqp-consume -u "$1" -q to-tools -c 1 tee "$2" >/dev/null)", "sh",
                   rabbit->amqp_uri(), shop.path("body")}),
              0)
        << shop.log();
    EXPECT_TRUE(read_file(shop.path("body")) == body) << body.size() << " bytes";
  }
}

}  // namespace
}  // namespace simplevisor::transfer
