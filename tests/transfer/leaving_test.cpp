// How an agent leaves, and what it says meanwhile: at the end of its queue, when its filter is no good, when it is told to.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <fstream>

#include "tests/transfer/support.hpp"

namespace simplevisor::transfer {
namespace {

using namespace std::string_view_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class TransferLeavingTest : public testing::Test {
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

constexpr const char* slow_filter = R"PY(#!/usr/bin/python3
import json, sys, time
for line in sys.stdin:
    order = json.loads(line)
    if order["op"] == "start":
        print(json.dumps({"op": "ready"}), flush=True)
    elif order["op"] == "check":
        time.sleep(60 if order["message"]["body"] == "m-1" else 0.05)
        print(json.dumps({"seq": order["seq"], "action": "accept"}), flush=True)
)PY";

TEST_F(TransferLeavingTest, WithDebugEachStepOfAMessageIsTold) {
  shop.fill("in", 1);
  EXPECT_EQ(shop.run(between()), 0) << shop.log();
  EXPECT_THAT(shop.log(), Not(HasSubstr("message 1:")));
  shop.fill("in", 1);
  EXPECT_EQ(shop.run(between({"--debug"})), 0) << shop.log();
  EXPECT_THAT(shop.log(), AllOf(HasSubstr("message 1: accepted"), HasSubstr("message 1: sent"),
                                HasSubstr("message 1: settled")));
}

TEST_F(TransferLeavingTest, AFilterThatHangsOnOneMessageIsBlamedForItAndTheOthersArrive) {
  shop.fill("in", 10);
  EXPECT_EQ(shop.run(between(
                {"--filter", script(slow_filter), "--filter-timeout", "2", "--timeout-linger", "0.1"})),
            0)
      << shop.log();
  EXPECT_EQ(shop.count("out"), 9U);
  EXPECT_EQ(shop.bodies("in.dead"), (std::multiset<std::string>{"m-1"}));
  EXPECT_THAT(shop.log(), HasSubstr("filter: killed by signal 9 (KILL)"));
}

TEST_F(TransferLeavingTest, AFilterThatCannotWorkEndsARunThatIsToEnd) {
  shop.fill("in", 1);
  EXPECT_EQ(shop.run(between({"--filter", script("\x7F"
                                                 "no program")})),
            78);
  EXPECT_THAT(shop.log(), AllOf(HasSubstr("the filter never got ready"), HasSubstr("Exec format error")));
  EXPECT_EQ(shop.run(between({"--filter", script("#!/bin/sh\nexit 3\n")})), 78);
  EXPECT_THAT(shop.log(), HasSubstr("tried 5 times: filter: exit status 3"));
  EXPECT_EQ(shop.count("in"), 1U);
  EXPECT_EQ(consumer::locked(shop.path("in")), 0U);
}

TEST_F(TransferLeavingTest, TheLeastOfWhatIsReportedCanBeChosen) {
  shop.fill("in", 1);
  EXPECT_EQ(shop.run(between({"--loglevel", "error"})), 0);
  EXPECT_EQ(shop.log(), "");
  ASSERT_TRUE(queue_at(shop.path("in")).add(""));
  EXPECT_EQ(shop.run(between({"--loglevel", "warning"})), 0);
  EXPECT_THAT(shop.log(), AllOf(HasSubstr("dead letter"), Not(HasSubstr("leaving"))));
}

TEST_F(TransferLeavingTest, ADeadLetterQueueIsMadeWhenItIsNeededAndIsNoneOfTheTwo) {
  shop.fill("in", 1);
  EXPECT_EQ(shop.run(between()), 0);
  EXPECT_FALSE(std::filesystem::exists(shop.path("in.dead")));
  EXPECT_EQ(shop.run(between({"--dead-letter", shop.path("out/")})), 78);
  EXPECT_THAT(shop.log(), HasSubstr("dead-letter: is the outgoing queue"));
}

// Takes connections, and says nothing on them but what it is told to.
class SilentServer {
 public:
  SilentServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 4), 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  ~SilentServer() {
    ::close(socket_);
    if (peer_ >= 0) ::close(peer_);
  }
  [[nodiscard]] int port() const { return port_; }
  // True once somebody has connected and said something.
  [[nodiscard]] bool greeted() {
    peer_ = ::accept(socket_, nullptr, nullptr);
    char first = 0;
    return ::recv(peer_, &first, 1, MSG_PEEK) == 1;
  }
  void say(std::string_view what) const {
    EXPECT_EQ(::send(peer_, what.data(), what.size(), MSG_NOSIGNAL), static_cast<ssize_t>(what.size()));
  }

 private:
  int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int peer_ = -1;
  int port_ = 0;
};

class TransferToldToStopWhileConnecting : public TransferLeavingTest,
                                          public testing::WithParamInterface<const char*> {};

TEST_P(TransferToldToStopWhileConnecting, LeavesAtOnce) {
  SilentServer server;
  auto agent = shop.start_new(
      {"--incoming-queue", "path=" + shop.path("in"), "--loop", "--remove", "--outgoing-broker-uri",
       std::string{GetParam()} + "://127.0.0.1:" + std::to_string(server.port()), "--timeout-connect", "60"});
  ASSERT_TRUE(server.greeted());
  const auto start = std::chrono::steady_clock::now();
  agent->signal(SIGTERM);
  EXPECT_EQ(agent->wait(), 0) << shop.log();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{20});  // and not a minute
}

TEST_P(TransferToldToStopWhileConnecting, LeavesAtOnceAlsoWhereNoNameServerAnswers) {
  Program agent{
      {TRANSFER_PROGRAM, "--incoming-queue", "path=" + shop.path("in"), "--loop", "--remove",
       "--outgoing-broker-uri", std::string{GetParam()} + "://hangs.example:1", "--timeout-connect", "60"},
      shop.path("stderr"),
      std::map<std::string, std::string>{{"LD_PRELOAD", HANGING_NAMES},
                                         {"HANGING_LOOKUP", shop.path("asked")},
                                         {"ASAN_OPTIONS", "verify_asan_link_order=0"}}};
  ASSERT_TRUE(test::eventually([&] { return std::filesystem::exists(shop.path("asked")); })) << shop.log();
  const auto start = std::chrono::steady_clock::now();
  agent.signal(SIGTERM);
  EXPECT_EQ(agent.wait(), 0) << shop.log();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{20});
}

INSTANTIATE_TEST_SUITE_P(Brokers, TransferToldToStopWhileConnecting,
                         testing::Values("amqp", "amqps", "stomp", "ssl"),
                         [](const auto& given) { return std::string{given.param}; });

TEST_F(TransferLeavingTest, FramesAreShownWithoutTheirSecrets) {
  SilentServer server;
  const std::string uri = "stomp://127.0.0.1:" + std::to_string(server.port());
  auto agent =
      shop.start_new({"--incoming-queue", "path=" + shop.path("in"), "--loop", "--remove",
                      "--outgoing-broker-uri", uri, "--outgoing-broker-auth", "plain name=me pass=hunter2",
                      "--outgoing-broker-stomp-debug", "command,header"});
  ASSERT_TRUE(server.greeted());
  server.say("ERROR\nmessage:no hunter2 here\n\n\0"sv);
  EXPECT_TRUE(test::eventually([&] { return shop.log().contains("< ERROR"); })) << shop.log();
  agent->signal(SIGTERM);
  agent->wait();
  EXPECT_THAT(shop.log(),
              AllOf(HasSubstr("> CONNECT accept-version:1.0,1.1,1.2 host:127.0.0.1 login:*** passcode:***"),
                    HasSubstr("< ERROR message:no *** here"), Not(HasSubstr("hunter2"))));
  EXPECT_EQ(shop.run({"--outgoing-broker-stomp-debug", "everything"}), 78);
  EXPECT_THAT(shop.log(), HasSubstr("\"everything\" is no list of the words command, header"));
}

// What a supervisor hears.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  ~NotifySocket() { ::close(socket_); }

  testing::AssertionResult hears(const std::string& what) const {
    for (;;) {
      pollfd ready{socket_, POLLIN, 0};
      if (::poll(&ready, 1, static_cast<int>(consumer::patience.count())) != 1)
        return testing::AssertionFailure() << what;
      std::array<char, 4096> datagram{};
      const ssize_t size = ::recv(socket_, datagram.data(), datagram.size(), 0);
      if (size > 0 && std::string(datagram.data(), static_cast<std::size_t>(size)).contains(what))
        return testing::AssertionSuccess();
    }
  }

 private:
  int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

TEST_F(TransferLeavingTest, ASupervisorHearsThatItIsReadyAliveAndStopping) {
  const NotifySocket socket{shop.path("notify")};
  shop.fill("in", 2);
  auto arguments = between({"--loop"});
  arguments.insert(arguments.begin(), TRANSFER_PROGRAM);
  Program agent{
      std::move(arguments), shop.path("stderr"),
      std::map<std::string, std::string>{{"NOTIFY_SOCKET", shop.path("notify")}, {"WATCHDOG_USEC", "40000"}}};
  EXPECT_TRUE(socket.hears("READY=1"));
  EXPECT_TRUE(socket.hears("STATUS=running: pending 0, received 2, sent 2"));
  EXPECT_TRUE(socket.hears("WATCHDOG=1"));
  EXPECT_TRUE(socket.hears("WATCHDOG=1"));
  agent.signal(SIGTERM);
  EXPECT_TRUE(socket.hears("STOPPING=1"));
  EXPECT_TRUE(socket.hears("STATUS=left: received 2, sent 2"));
  EXPECT_EQ(agent.wait(), 0);
}

}  // namespace
}  // namespace simplevisor::transfer
