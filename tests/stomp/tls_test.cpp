// TLS against a fake server, with certificates made for the test: whom we trust, who we are, and what we say when not.
#include <gmock/gmock.h>
#include <stdlib.h>

#include "tests/brokers/certificates.hpp"
#include "tests/stomp/driver.hpp"
#include "tests/stomp/fake_server.hpp"

namespace simplevisor::stomp {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = broker::Failure::Kind;
namespace ssl = boost::asio::ssl;

class StompTls : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string pattern = testing::TempDir() + "stomp-tls-XXXXXX";
    directory = ::mkdtemp(pattern.data());
    files = test::make_certificates(directory, "guest");
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(directory); }

  StompTls() {
    context.use_certificate_chain_file(files.server);
    context.use_private_key_file(files.server_key, ssl::context::pem);
    context.load_verify_file(files.authority);
    context.set_verify_mode(ssl::verify_peer);
    server.emplace(loop, &context);
  }
  Options trusting() const {
    Options options = server->options();
    options.tls.ca_file = files.authority;
    options.reliable = true;
    return options;
  }

  static inline std::filesystem::path directory;
  static inline test::Certificates files;
  boost::asio::io_context loop;
  ssl::context context{ssl::context::tls_server};
  std::optional<FakeServer> server;
};

TEST_F(StompTls, SpeaksWithABrokerItTrusts) {
  Driver client{loop, trusting()};
  ASSERT_EQ(client.connect(), "");
  // Many TLS records in one message.
  client.publish(1, {{{"destination", "a"}}, std::string(1 << 20, 'x'), false});
  ASSERT_TRUE(client.until([&] { return client.count<broker::Confirmed>() == 1; }));
  EXPECT_TRUE(client.disconnect());
  EXPECT_EQ(server->frames[1].body.size(), std::size_t{1} << 20);
  EXPECT_THAT(server->client_certificate, IsEmpty());
}

TEST_F(StompTls, ShowsItsCertificate) {
  Options options = trusting();
  options.tls.certificate_file = files.client;
  options.tls.key_file = files.client_key;
  Driver client{loop, options};
  ASSERT_EQ(client.connect(), "");
  EXPECT_THAT(server->client_certificate, HasSubstr("CN=guest"));
}

TEST_F(StompTls, ChecksTheNameOfTheBroker) {
  Options options = trusting();
  options.tls.server_name = "elsewhere.example.org";
  Driver client{loop, options};
  EXPECT_THAT(client.connect(), HasSubstr("certificate not accepted"));
  EXPECT_EQ(client.failure().kind, Kind::authentication);
}

TEST_F(StompTls, TrustsNobodyItWasNotTold) {
  Options options = trusting();
  options.tls.ca_file.reset();
  Driver client{loop, options};
  EXPECT_THAT(client.connect(), HasSubstr("certificate not accepted"));
  EXPECT_EQ(client.failure().kind, Kind::authentication);
}

TEST_F(StompTls, TrustsAnybodyOnlyIfToldSo) {
  Options options = trusting();
  options.tls.ca_file.reset();
  options.tls.verify_peer = false;
  Driver client{loop, options};
  EXPECT_EQ(client.connect(), "");
}

TEST_F(StompTls, SpeaksNothingOlderThanTls12) {
  SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_1_VERSION);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_VERSION);
  SSL_CTX_set_security_level(context.native_handle(), 0);
  Driver client{loop, trusting()};
  EXPECT_THAT(client.connect(), HasSubstr("TLS handshake"));
}

TEST_F(StompTls, NamesTheFileThatItCannotUse) {
  Options options = trusting();
  options.tls.ca_file = "/nonexistent/ca.pem";
  Driver no_authority{loop, options};
  EXPECT_THAT(no_authority.connect(), HasSubstr("CA file \"/nonexistent/ca.pem\""));
  EXPECT_EQ(no_authority.failure().kind, Kind::configuration);

  options = trusting();
  options.tls.certificate_file = files.client;
  options.tls.key_file = files.server_key;  // another's
  Driver no_key{loop, options};
  EXPECT_THAT(no_key.connect(), HasSubstr("private key"));
  EXPECT_EQ(no_key.failure().kind, Kind::configuration);

  options = trusting();
  options.tls.key_file = files.client_key;
  Driver no_certificate{loop, options};
  EXPECT_THAT(no_certificate.connect(), HasSubstr("without a certificate"));
}

TEST(StompTlsMismatch, IsNoticedByTheHandshake) {
  boost::asio::io_context loop;
  FakeServer plain{loop};
  plain.may_be_garbled = true;
  Options options = plain.options();
  options.endpoint.tls = true;
  options.timeout_connect =
      std::chrono::milliseconds{200};  // a broker without TLS may wait for an end of line
  Driver client{loop, options};
  EXPECT_NE(client.connect(), "");
  EXPECT_THAT(client.failure().message,
              ::testing::AnyOf(HasSubstr("TLS"), HasSubstr("no connection in time")));
}

}  // namespace
}  // namespace simplevisor::stomp
