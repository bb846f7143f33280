// The example trees that need brokers, run as they stand but for the ports, with messages on their way and things killed.
#include <gmock/gmock.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/brokers/rabbitmq.hpp"
#include "tests/integration/host.hpp"
#include "tests/sarra/http_server.hpp"
#include "workers/dirq/queue.hpp"
#include "workers/message/codec.hpp"

namespace simplevisor::integration {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto patience = 120s;
constexpr int count = 300;

using Bodies = std::set<std::string>;

Bodies numbered(const std::string& before) {
  Bodies all;
  for (int i = 0; i < count; ++i) all.insert(before + std::to_string(i));
  return all;
}

// The brokers `scripts/brokers start a b` would start; one pair for all tests, since each takes a while.
test::RabbitMq& broker(char name) {
  static test::RabbitMq a;
  static test::RabbitMq b;
  return name == 'a' ? a : b;
}

class MessagingTree : public testing::Test {
 protected:
  MessagingTree() {
    std::string pattern = testing::TempDir() + "messaging-XXXXXX";
    dir_ = ::mkdtemp(pattern.data());
    fs::copy(SIMPLEVISOR_SOURCE "/tree-configs", dir_, fs::copy_options::recursive);
    for (const auto& entry : fs::directory_iterator(dir_)) {
      if (entry.path().filename().string().ends_with("-state")) fs::remove_all(entry.path());
    }
  }
  ~MessagingTree() override {
    if (!tree_.empty()) (void)cli({"stop"});
    fs::remove_all(dir_);
  }

  // The tree with the ports of the brokers that run here.
  // `change`: what to look for in it, and what to put there.
  void start(const std::string& tree, const std::pair<std::string, std::string>& change = {}) {
    tree_ = tree;
    std::string text = test::content_of(dir_ / tree);
    if (!change.first.empty()) {
      const std::size_t at = text.find(change.first);
      ASSERT_NE(at, std::string::npos);
      text.replace(at, change.first.size(), change.second);
    }
    const auto replace = [&](const std::string& port, std::uint16_t with) {
      for (std::size_t at = 0; (at = text.find(port, at)) != std::string::npos;)
        text.replace(at, port.size(), std::to_string(with));
    };
    if (text.find("17600") != std::string::npos) replace("17600", broker('a').amqp_port());
    if (text.find("17601") != std::string::npos) replace("17601", broker('a').stomp_port());
    if (text.find("17610") != std::string::npos) replace("17610", broker('b').amqp_port());
    if (text.find("17611") != std::string::npos) replace("17611", broker('b').stomp_port());
    std::ofstream{dir_ / tree} << text;
    const Outcome started = cli({"start", "--daemon"});
    ASSERT_EQ(started.exit_code, 0) << started.err;
  }
  void all_is_well() const {
    ASSERT_TRUE(eventually([&] { return cli({"check"}).exit_code == 0; }, patience)) << cli({"check"}).out;
  }
  [[nodiscard]] Outcome cli(std::vector<std::string> arguments) const {
    std::vector<std::string> command{SIMPLEVISOR_PROGRAM, "--conf", (dir_ / tree_).string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command);
  }
  void kill(const std::string& path) const {
    const auto parsed = boost::json::parse(cli({"--json", "status", path}).out);
    const auto& rows = parsed.at("nodes").as_array();
    const auto* const row = std::ranges::find_if(
        rows, [&](const auto& one) { return one.at("path") == boost::json::string_view(path); });
    ASSERT_NE(row, rows.end()) << path;
    // It may be between two lives already, when a broker has just gone or its pool has given up.
    const auto pid = row->at("pid").is_number() ? row->at("pid").to_number<pid_t>() : 0;
    const bool alive = pid != 0 && ::kill(pid, SIGKILL) == 0;
    EXPECT_TRUE(alive || pid == 0 || errno == ESRCH) << pid << '\n' << cli({"why", path}).out;
    killed_ += alive ? 1 : 0;
  }

  // A transfer of its own, to put messages where the tree expects them, and to fetch what it made of them.
  void transfer(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), TRANSFER_PROGRAM);
    arguments.emplace_back("--reliable");
    const Outcome moved = run(arguments);
    ASSERT_EQ(moved.exit_code, 0) << moved.err;
  }
  // Bodies "0" to "299", each a message.
  void fill(const std::string& queue, const message::Header& header = {}) const {
    auto opened = dirq::Queue::open(queue);
    ASSERT_TRUE(opened) << opened.error().message;
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(opened->add(message::encode(message::Message{header, std::to_string(i), true}).value()));
  }
  void publish(const test::RabbitMq& to, const std::string& destination,
               const message::Header& header = {}) const {
    const std::string queue = (dir_ / "to-publish").string();
    fill(queue, header);
    transfer({"--incoming-queue", "path=" + queue, "--remove", "--outgoing-broker-uri", to.amqp_uri(),
              "--destination", destination});
  }
  // All messages that are, or will be, at a destination, until these have come; doubles count once.
  [[nodiscard]] std::vector<message::Message> fetched(const std::string& uri,
                                                      const std::string& destination) const {
    const std::string queue = (dir_ / "fetched").string();
    transfer({"--incoming-broker-uri", uri, "--subscribe", "destination=" + destination, "--outgoing-queue",
              "path=" + queue, "--timeout-inactivity", "1"});
    return messages(queue);
  }
  [[nodiscard]] static std::vector<message::Message> messages(const std::string& path) {
    std::vector<message::Message> all;
    auto queue = dirq::Queue::open(path);
    for (auto name = queue->first().value(); name; name = queue->next().value()) {
      if (auto lock = queue->lock(*name))
        all.push_back(message::decode(queue->get(*name).value()).value().message);
    }
    return all;
  }
  [[nodiscard]] bool arrive(const std::string& uri, const std::string& destination, const Bodies& wanted) {
    return eventually(
        [&] {
          for (const auto& message : fetched(uri, destination)) seen_.insert(message.body);
          return seen_ == wanted;
        },
        patience);
  }
  [[nodiscard]] static bool refused(const std::string& text) {
    return text.find("connecting (incoming ") != std::string::npos &&
           text.find("Connection refused") != std::string::npos;
  }
  // For whoever has to find out why something did not arrive.
  [[nodiscard]] std::string situation() const {
    std::string text =
        std::to_string(seen_.size()) + " have arrived\n" + cli({"status"}).out + cli({"events"}).out;
    for (const char name : {'a', 'b'})
      text += broker(name).ctl({"list_queues", "name", "messages_ready", "messages_unacknowledged"});
    return text;
  }
  [[nodiscard]] int killed() const { return killed_; }
  void forget() {
    seen_.clear();
    fs::remove_all(dir_ / "fetched");
  }
  [[nodiscard]] std::string path(const std::string& name) const { return dir_ / name; }
  [[nodiscard]] Bodies lines(const std::string& name) const {
    std::ifstream in{path(name)};
    Bodies all;
    for (std::string line; std::getline(in, line);) all.insert(line);
    return all;
  }

 private:
  fs::path dir_;
  std::string tree_;
  mutable int killed_ = 0;
  Bodies seen_;
};

TEST_F(MessagingTree, ReceiverDrainsABrokerIntoAQueue) {
  start("receiver.toml");
  all_is_well();
  publish(broker('a'), "/queue/orders");
  EXPECT_TRUE(eventually([&] { return lines("receiver-state/handled") == numbered(""); }, patience))
      << lines("receiver-state/handled").size();
}

TEST_F(MessagingTree, SenderPutsAQueueOnABroker) {
  start("sender.toml");
  all_is_well();
  fill(path("sender-state/results"));
  EXPECT_TRUE(arrive(broker('a').amqp_uri(), "/queue/results", numbered("")));
}

TEST_F(MessagingTree, BridgeCarriesMessagesFromOneProtocolToTheOther) {
  start("bridge-stomp-amqp.toml");
  all_is_well();
  publish(broker('a'), "/queue/measurements", {{"type", "test"}});  // the rules reject these
  publish(broker('a'), "/queue/measurements", {{"unit", "mm"}});
  Bodies seen;
  EXPECT_TRUE(eventually(
      [&] {
        for (const auto& message : fetched(broker('b').amqp_uri(), "/queue/archive")) {
          seen.insert(message.body);
          EXPECT_EQ(message.header.count("bridged") + message.header.count("origin"), 2U);
          EXPECT_EQ(message.header.count("type"), 0U);
        }
        return seen == numbered("");
      },
      patience))
      << seen.size();
}

TEST_F(MessagingTree, HostLosesNothingWhateverIsKilled) {
  start("messaging-host.toml");
  all_is_well();
  publish(broker('a'), "/queue/orders");
  for (const char* node : {"root/receivers/receive-a", "root/consumers/1", "root/send",
                           "root/receivers/receive-b", "root/consumers/2", "root/consumers/3"})
    kill(node);
  EXPECT_GE(killed(), 4);
  broker('b').kill();
  broker('b').start();
  broker('a').sync_definitions();
  EXPECT_TRUE(arrive(broker('a').amqp_uri(), "/queue/results", numbered("done "))) << situation();
  // The other broker's receiver has found it again.
  publish(broker('b'), "/queue/orders");
  forget();
  EXPECT_TRUE(arrive(broker('a').amqp_uri(), "/queue/results", numbered("done "))) << situation();
  all_is_well();
}

TEST_F(MessagingTree, HostStartsWithABrokerAwayAndDrainsItOnceItIsThere) {
  broker('b').kill();
  start("messaging-host.toml");
  all_is_well();
  publish(broker('a'), "/queue/orders");
  EXPECT_TRUE(arrive(broker('a').amqp_uri(), "/queue/results", numbered("done "))) << situation();
  for (const char* command : {"status", "why"}) {
    EXPECT_TRUE(eventually([&] { return refused(cli({command, "receive-b"}).out); }, patience))
        << cli({command, "receive-b"}).out;
  }
  broker('b').start();
  publish(broker('b'), "/queue/orders");
  forget();
  EXPECT_TRUE(arrive(broker('a').amqp_uri(), "/queue/results", numbered("done "))) << situation();
}

TEST_F(MessagingTree, ReceiverStartsWithoutItsBroker) {
  broker('a').kill();
  start("receiver.toml");
  all_is_well();
  EXPECT_TRUE(eventually([&] { return refused(cli({"why", "receive"}).out); }, patience));
  broker('a').start();
  publish(broker('a'), "/queue/orders");
  EXPECT_TRUE(eventually([&] { return lines("receiver-state/handled") == numbered(""); }, patience))
      << lines("receiver-state/handled").size();
}

TEST_F(MessagingTree, AWrongPasswordDoesNotKeepTheHostFromStarting) {
  start("messaging-host.toml", {"incoming-broker-auth    = \"plain name=guest pass=guest\"",
                                "incoming-broker-auth    = \"plain name=guest pass=wrong\""});
  publish(broker('a'), "/queue/orders");
  EXPECT_TRUE(arrive(broker('a').amqp_uri(), "/queue/results", numbered("done "))) << situation();
  const auto ended = [&] { return cli({"why", "receive-b"}).out.find("status 77") != std::string::npos; };
  EXPECT_TRUE(eventually(ended, patience)) << cli({"why", "receive-b"}).out;
}

class SarraceniaTree : public MessagingTree {
 protected:
  static constexpr int files = 30;

  SarraceniaTree() {
    fs::create_directories(path("site/observations"));
    for (int n = 0; n < files; ++n) std::ofstream{path(name_of(n))} << content_of(n);
  }
  void announce() const {
    const Outcome announced =
        run({ANNOUNCE_PROGRAM, "--broker-uri", broker('a').amqp_uri(), "--exchange", "xpublic", "--base-url",
             server_.url(), "--base-dir", path("site"), path("site")});
    ASSERT_EQ(announced.exit_code, 0) << announced.err;
  }
  [[nodiscard]] bool all_arrive() const {
    return eventually(
        [&] {
          for (int n = 0; n < files; ++n) {
            if (test::content_of(arrived(n)) != content_of(n)) return false;
          }
          return true;
        },
        patience);
  }
  [[nodiscard]] fs::path arrived(const std::string& name) const {
    return path("sarracenia-state/files/observations/" + name);
  }

 private:
  static std::string name_of(int n) { return "site/observations/" + std::to_string(n); }
  static std::string content_of(int n) { return "observation " + std::to_string(n); }
  [[nodiscard]] fs::path arrived(int n) const { return arrived(std::to_string(n)); }

  sarra::HttpServer server_{path("site"), path("http-log")};
};

TEST_F(SarraceniaTree, FetchesWhatIsAnnouncedAndWanted) {
  start("sarracenia.toml");
  all_is_well();
  std::ofstream{path("site/observations/half.tmp")} << "not yet";
  for (int twice = 0; twice < 2; ++twice) announce();
  EXPECT_TRUE(all_arrive());
  EXPECT_FALSE(fs::exists(arrived("half.tmp")));
}

TEST_F(SarraceniaTree, StartsWithoutItsBrokerAndSubscribesOnceItIsThere) {
  broker('a').kill();
  start("sarracenia.toml");
  all_is_well();
  const std::string instances[]{"root/subscribe/1", "root/subscribe/2"};
  for (const std::string& one : instances) {
    EXPECT_TRUE(eventually([&] { return refused(cli({"why", one}).out); }, patience))
        << cli({"why", one}).out;
  }
  broker('a').start();
  for (const std::string& one : instances) {
    const auto subscribed = [&] {
      return cli({"why", one}).out.find("running: pending") != std::string::npos;
    };
    ASSERT_TRUE(eventually(subscribed, patience)) << cli({"why", one}).out;
  }
  announce();
  EXPECT_TRUE(all_arrive());
  all_is_well();
}

}  // namespace
}  // namespace simplevisor::integration
