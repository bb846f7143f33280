// Over TLS, against a real RabbitMQ: whom to trust and who we are, in our words and in stompclt's.
#include <gmock/gmock.h>

#include <memory>

#include "tests/brokers/rabbitmq.hpp"
#include "tests/transfer/support.hpp"

namespace simplevisor::transfer {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class TransferTls : public testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() {
    rabbit = std::make_unique<test::RabbitMq>(test::RabbitMqOptions{.tls = true, .configuration = {}});
  }
  static void TearDownTestSuite() { rabbit.reset(); }

  // Sends what is in the queue "in" with these words about TLS: the exit status.
  int send(const std::vector<std::string>& words) { return send_as("plain name=guest pass=guest", words); }
  int send_as(const std::string& credential, const std::vector<std::string>& words = {}) {
    const bool stomp = GetParam() == std::string{"stomp"};
    const std::string uri = stomp ? "ssl://127.0.0.1:" + std::to_string(rabbit->stomps_port())
                                  : "amqps://127.0.0.1:" + std::to_string(rabbit->amqps_port());
    std::vector<std::string> arguments{"--incoming-queue",
                                       "path=" + shop.path("in"),
                                       "--remove",
                                       "--reliable",
                                       "--outgoing-broker-uri",
                                       uri,
                                       "--destination",
                                       "/queue/tls",
                                       "--outgoing-broker-auth",
                                       credential,
                                       "--no-reconnect"};
    if (stomp) arguments.insert(arguments.end(), {"--outgoing-broker-connect", "host=%2F"});
    arguments.insert(arguments.end(), words.begin(), words.end());
    return shop.run(arguments);
  }
  [[nodiscard]] static std::string authority() { return rabbit->certificates().authority; }
  [[nodiscard]] static std::string x509(const test::Certificates& mine) {
    return "x509 cert=" + mine.client.string() + " key=" + mine.client_key.string() +
           " ca_file=" + authority();
  }

  static std::unique_ptr<test::RabbitMq> rabbit;
  Workshop shop;
};

std::unique_ptr<test::RabbitMq> TransferTls::rabbit;

TEST_P(TransferTls, TrustsWhomItIsToldToTrust) {
  for (const std::string& words :
       {"--outgoing-broker-tls=ca_file=" + authority(),
        "--outgoing-broker-sockopts=SSL_ca_file=" + authority(),
        std::string{"--outgoing-broker-tls=verify=false"},
        std::string{"--outgoing-broker-sockopts=SSL_verify_mode=SSL_VERIFY_NONE"}}) {
    shop.fill("in", 1);
    EXPECT_EQ(send({words}), 0) << words << "\n" << shop.log();
    EXPECT_EQ(shop.count("in"), 0U);
  }
}

TEST_P(TransferTls, SendsNothingToWhomItDoesNotKnow) {
  shop.fill("in", 1);
  for (const std::string& words :
       {std::string{"--outgoing-broker-sockopts=SSL_verify_mode=1"},
        "--outgoing-broker-tls=server_name=somebody.else ca_file=" + authority(),
        "--outgoing-broker-sockopts=SSL_verifycn_name=somebody.else SSL_ca_file=" + authority()}) {
    EXPECT_EQ(send({words}), 77) << words;
  }
  EXPECT_EQ(shop.count("in"), 1U);
}

// No name and no password: the certificate's common name is the user's.
TEST_P(TransferTls, IsKnownByItsCertificateAlone) {
  shop.fill("in", 3);
  EXPECT_EQ(send_as(x509(rabbit->certificates())), 0) << shop.log();
  EXPECT_EQ(shop.count("in"), 0U);
}

TEST_P(TransferTls, ACertificateOfNoUserIsRefusedForGood) {
  shop.fill("in", 1);
  rabbit->ctl({"delete_user", "guest"});
  EXPECT_EQ(send_as(x509(rabbit->certificates()), {"--reconnect"}), 77) << shop.log();
  rabbit->ctl({"add_user", "guest", "guest"});
  rabbit->ctl({"set_permissions", "guest", ".*", ".*", ".*"});
  EXPECT_EQ(send_as(x509(rabbit->certificates())), 0) << shop.log();
  EXPECT_EQ(shop.count("in"), 0U);
}

TEST_P(TransferTls, ACertificateOfAnAuthorityThatTheBrokerDoesNotKnowSendsNothing) {
  const auto strangers = test::make_certificates(shop.path("strangers"), "guest");
  shop.fill("in", 1);
  EXPECT_NE(send_as(x509(strangers)), 0) << shop.log();
  EXPECT_EQ(shop.count("in"), 1U);
}

TEST_P(TransferTls, ACertificateThatCannotBeReadIsAMistakeInTheSettings) {
  EXPECT_EQ(send_as("x509 cert=" + shop.path("absent.pem") + " key=" + shop.path("absent.pem")), 78);
  EXPECT_THAT(shop.log(), HasSubstr("absent.pem"));
}

TEST_P(TransferTls, SaysWhichSocketOptionsItKnows) {
  EXPECT_EQ(send({"--outgoing-broker-sockopts=LocalAddr=127.0.0.1"}), 78);
  EXPECT_THAT(shop.log(), AllOf(HasSubstr("outgoing-broker-sockopts: LocalAddr has no meaning here"),
                                HasSubstr("SSL_ca_file, SSL_ca_path")));
}

INSTANTIATE_TEST_SUITE_P(Brokers, TransferTls, testing::Values("stomp", "amqp"),
                         [](const auto& given) { return std::string{given.param}; });

}  // namespace
}  // namespace simplevisor::transfer
