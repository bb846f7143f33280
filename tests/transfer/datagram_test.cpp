// Messages to udp://: one frame a datagram, and the settings that contradict it.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "tests/transfer/support.hpp"

namespace simplevisor::transfer {
namespace {

using testing::HasSubstr;

class Listener {
 public:
  Listener() : socket_{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&here), size), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&here), &size), 0);
    port_ = ntohs(here.sin_port);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { ::close(socket_); }

  [[nodiscard]] std::string uri() const { return "udp://127.0.0.1:" + std::to_string(port_); }
  // The next datagram that is already there; "" if there is none.
  [[nodiscard]] std::string next() const {
    std::array<char, 65'536> bytes{};
    const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    return count < 0 ? "" : std::string(bytes.data(), static_cast<std::size_t>(count));
  }

 private:
  int socket_;
  int port_ = 0;
};

class TransferDatagrams : public testing::Test {
 protected:
  [[nodiscard]] int run(std::vector<std::string> more, const std::string& uri) {
    std::vector<std::string> arguments{"--incoming-queue", "path=" + shop.path("in"), "--outgoing-broker-uri",
                                       uri, "--remove"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return shop.run(std::move(arguments));
  }
  Workshop shop;
  Listener listener;
};

TEST_F(TransferDatagrams, HoldAFrameEach) {
  shop.fill("in", 3, "m", {{"destination", "/queue/a"}, {"colour", "green"}});
  ASSERT_EQ(run({}, listener.uri()), 0) << shop.log();
  EXPECT_EQ(shop.count("in"), 0U);
  std::multiset<std::string> bodies;
  for (std::string bytes = listener.next(); !bytes.empty(); bytes = listener.next()) {
    EXPECT_THAT(bytes, testing::StartsWith("SEND\n"));
    EXPECT_THAT(bytes, HasSubstr("\ndestination:/queue/a\n"));
    EXPECT_THAT(bytes, HasSubstr("\ncolour:green\n"));
    ASSERT_EQ(bytes.back(), '\0');
    bodies.insert(bytes.substr(bytes.find("\n\n") + 2, 3));
  }
  EXPECT_EQ(bodies, numbered(3));
}

TEST_F(TransferDatagrams, ThatFitNoneAreSetAsideAndTheOthersGo) {
  const message::Message large{{{"destination", "/queue/a"}}, std::string(70'000, 'x'), true};
  ASSERT_TRUE(queue_at(shop.path("in")).add(message::encode(large).value()));
  shop.fill("in", 1, "m", {{"destination", "/queue/a"}});
  ASSERT_EQ(run({}, listener.uri()), 0) << shop.log();
  EXPECT_EQ(shop.count("in"), 0U);
  EXPECT_EQ(shop.count("in.dead"), 1U);
  EXPECT_THAT(shop.log(), HasSubstr("more than the 65507 of a datagram"));
  EXPECT_THAT(listener.next(), HasSubstr("m-0"));
}

TEST_F(TransferDatagrams, ToNobodyAreSentAllTheSame) {
  std::string nobody;
  {
    const Listener gone;
    nobody = gone.uri();
  }
  shop.fill("in", 100, "m", {{"destination", "/queue/a"}});
  EXPECT_EQ(run({}, nobody), 0) << shop.log();
  EXPECT_EQ(shop.count("in"), 0U);
}

TEST_F(TransferDatagrams, KnowNothingThatAsksForAnAnswer) {
  shop.fill("in", 1);
  EXPECT_EQ(run({"--reliable"}, listener.uri()), 78);
  EXPECT_THAT(shop.log(), HasSubstr("udp is sent and forgotten, and knows no reliable"));
  EXPECT_EQ(run({"--heart-beat"}, listener.uri()), 78);
  EXPECT_EQ(run({"--outgoing-broker-auth", "plain name=a pass=b"}, listener.uri()), 78);
  EXPECT_EQ(shop.run({"--incoming-broker-uri", listener.uri(), "--subscribe", "destination=/queue/a",
                      "--outgoing-queue", "path=" + shop.path("out")}),
            78);
  EXPECT_THAT(shop.log(), HasSubstr("it is for the outgoing side"));
  EXPECT_EQ(shop.count("in"), 1U);
}

}  // namespace
}  // namespace simplevisor::transfer
