// The API over TCP: a token, our own names only, TLS, and reading only unless it was said otherwise.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <fstream>

#include "supervisor/control/client.hpp"
#include "supervisor/control/json.hpp"
#include "supervisor/control/server.hpp"
#include "supervisor/runtime/journal/recorder.hpp"
#include "tests/control/fake_service.hpp"

namespace simplevisor::control {
namespace {

namespace asio = boost::asio;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* token = "the-token-of-this-test";

class Remote : public ::testing::Test {
 protected:
  Remote() {
    std::ofstream(dir / "token") << token << '\n';
    ::chmod((dir / "token").c_str(), 0600);
    listen.address = "127.0.0.1";
    listen.token_file = dir / "token";
  }
  ~Remote() override { server.reset(); }

  void open() {
    ServerOptions options{.socket_path = dir / "socket", .listen = listen, .limits = limits};
    options.report = [this](const std::string& text) { told.push_back(text); };
    options.page = web::find;
    auto opened = Server::open(service, std::move(options));
    ASSERT_TRUE(opened) << opened.error().message;
    server = *std::move(opened);
  }

  // All that is answered to these bytes, until the server closes.
  std::string say(const std::string& bytes) const {
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::make_address("127.0.0.1"), server->port()});
    asio::write(socket, asio::buffer(bytes));
    return all_of(socket);
  }
  template <class Stream>
  static std::string all_of(Stream& stream) {
    std::string answer;
    boost::system::error_code error;
    asio::read(stream, asio::dynamic_buffer(answer), error);
    return answer;
  }
  static std::string request(const std::string& line, const std::string& fields = "",
                             const std::string& body = "", const std::string& given = token) {
    return line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer " + given +
           "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  const testing::PrivateDir dir;
  testing::FakeService service;
  config::Listen listen;
  Limits limits;
  std::vector<std::string> told;  // read when the server is gone
  std::unique_ptr<Server> server;
};

TEST_F(Remote, ReadsWithTheTokenAndChangesNothing) {
  open();
  EXPECT_THAT(say(request("GET /v1/status")), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("root/a")));
  EXPECT_THAT(say(request("GET /v1/session")),
              HasSubstr(R"({"role":"read","write":false,"everything":true,"subtrees":[],)"
                        R"("operates":{"everything":false,"subtrees":[]}})"));
  EXPECT_THAT(say(request("GET /healthz")), HasSubstr(R"({"status":"ok"})"));
  EXPECT_THAT(say(request("POST /v1/stop", "", R"({"pattern":"root/a"})")), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(say(request("POST /v1/shutdown")), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(say(request("GET /v1/configuration")), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(service.calls(), ElementsAre());
}

TEST_F(Remote, OperatesWhereThatWasSaidButNeverEndsTheSupervisor) {
  listen.write = true;
  open();
  EXPECT_THAT(say(request("POST /v1/stop", "", R"({"pattern":"root/a"})")), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(say(request("POST /v1/shutdown")), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(service.calls(), ElementsAre("stop root/a"));
}

TEST_F(Remote, WithoutTheTokenNothingIsToldNotEvenNames) {
  open();
  const std::string without = "GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  EXPECT_THAT(say(without), AllOf(StartsWith("HTTP/1.1 401"), HasSubstr("WWW-Authenticate: Bearer"),
                                  HasSubstr("application/problem+json"), Not(HasSubstr("root"))));
  EXPECT_THAT(say(request("GET /v1/status", "", "", "the-token-of-this-tesT")),
              AllOf(StartsWith("HTTP/1.1 401"), Not(HasSubstr("root"))));
  EXPECT_THAT(say(request("GET /no/such/route", "", "", "wrong")), StartsWith("HTTP/1.1 401"));
  for (const char* path : {"/v1/events?follow=true", "/metrics", "/healthz", "/readyz", "/v1/info"})
    EXPECT_THAT(say(request("GET " + std::string(path), "", "", "wrong")), StartsWith("HTTP/1.1 401"))
        << path;
  server.reset();
  ASSERT_FALSE(told.empty());
  EXPECT_THAT(told.front(),
              AllOf(StartsWith("control: client 127.0.0.1:"), HasSubstr("was refused GET /v1/status (401)")));
}

TEST_F(Remote, OtherHostsAndPagesOfOtherOriginsAreRefusedWhateverTheyBring) {
  open();
  const std::string bearer = "Authorization: Bearer " + std::string(token) + "\r\nConnection: close\r\n\r\n";
  EXPECT_THAT(say("GET / HTTP/1.1\r\nHost: rebound.example.org\r\n" + bearer), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(say("GET /v1/info HTTP/1.1\r\n" + bearer), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(say(request("GET /v1/info", "Origin: http://evil.example.org\r\n")),
              StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(say(request("GET /v1/info", "Origin: null\r\n")), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(say(request("GET /v1/info", "Origin: http://localhost\r\n")), StartsWith("HTTP/1.1 200"));
}

TEST_F(Remote, AnAbsoluteTargetSaysWhichHostIsMeant) {
  open();
  EXPECT_THAT(say(request("GET http://localhost/v1/info")), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(say(request("GET http://rebound.example.org/v1/info")), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(say(request("GET http://localhost@rebound.example.org/v1/info")), StartsWith("HTTP/1.1 403"));
}

TEST_F(Remote, ThePageNeedsNoTokenAndMayTalkToNobodyElse) {
  open();
  const std::string get = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  EXPECT_THAT(say(get + "\r\n"),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("default-src 'none'"),
                    HasSubstr("frame-ancestors 'none'"), HasSubstr("\r\n\r\n<!doctype html>")));
  const std::string tag(web::find("/")->etag);
  EXPECT_THAT(say(get + "If-None-Match: " + tag + "\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 304"), Not(HasSubstr("<html"))));
  EXPECT_THAT(
      say(get + "Accept-Encoding: gzip, br\r\n\r\n"),
      AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Content-Encoding: gzip"), Not(HasSubstr("<html"))));
}

TEST_F(Remote, WhoFollowsWithATokenThatIsReplacedIsSentAway) {
  const auto recorder = runtime::journal::Recorder::open({.place = {.dir = dir / "journal"}});
  ASSERT_TRUE(recorder);
  service.recorder = recorder->get();
  open();
  asio::io_context io;
  asio::ip::tcp::socket follower(io);
  follower.connect({asio::ip::make_address("127.0.0.1"), server->port()});
  asio::write(follower, asio::buffer(request("GET /v1/events?follow=true")));
  std::array<char, 12> head{};
  asio::read(follower, asio::buffer(head));
  EXPECT_EQ(std::string(head.data(), head.size()), "HTTP/1.1 200");
  std::ofstream(dir / "token") << "another-token-of-this-test";
  (*recorder)->record({.kind = runtime::journal::Kind::ready, .path = "root/secret"});
  (*recorder)->nudge();
  EXPECT_THAT(all_of(follower), Not(HasSubstr("root/secret")));
  server.reset();
}

TEST_F(Remote, TakesNoMorePlacesThanItsOwn) {
  limits.remote_connections_max = 1;
  open();
  asio::io_context io;
  asio::ip::tcp::socket idle(io);
  idle.connect({asio::ip::make_address("127.0.0.1"), server->port()});
  // Answered once it has been taken in, so it has its place from here on.
  asio::write(idle, asio::buffer("GET /v1/info HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
                                 std::string(token) + "\r\n\r\n"));
  std::array<char, 12> head{};
  asio::read(idle, asio::buffer(head));
  EXPECT_EQ(std::string(head.data(), head.size()), "HTTP/1.1 200");
  EXPECT_THAT(say(""), StartsWith("HTTP/1.1 503"));
  EXPECT_EQ(Client(dir / "socket").get("/v1/info", std::chrono::seconds(20))->status, 200U);
}

TEST_F(Remote, StrangersGiveWay) {
  limits.remote_connections_max = 2;
  limits.stranger_time = std::chrono::hours(1);
  open();
  asio::io_context io;
  std::vector<asio::ip::tcp::socket> strangers;
  for (int n = 0; n < 2; ++n) {
    strangers.emplace_back(io).connect({asio::ip::make_address("127.0.0.1"), server->port()});
    asio::write(strangers.back(), asio::buffer(std::string("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")));
    std::array<char, 12> head{};
    asio::read(strangers.back(), asio::buffer(head));
  }
  EXPECT_THAT(say(request("GET /v1/status")), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(all_of(strangers.front()), HasSubstr("<!doctype html>")) << "he who came first is gone";
  asio::write(strangers.back(), asio::buffer(request("GET /v1/status")));
  EXPECT_THAT(all_of(strangers.back()), HasSubstr("root/a")) << "the other has kept his place";
}

TEST_F(Remote, WithACertificateSpeaksTlsOnlyAndTakesANewOneUp) {
  const auto make = [&](const std::string& name) {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" +
        name + " -keyout " + (dir / "new-key") + " -out " + (dir / "new-cert") + " 2>/dev/null && mv " +
        (dir / "new-key") + " " + (dir / "key") + " && mv " + (dir / "new-cert") + " " + (dir / "cert");
    ASSERT_EQ(std::system(command.c_str()), 0);
  };
  make("first");
  listen.certificate = dir / "cert";
  listen.key = dir / "key";
  open();
  EXPECT_THAT(say(request("GET /v1/info")), Not(HasSubstr("200 OK")));
  const auto over_tls = [&](const std::string& bytes) {
    asio::io_context io;
    asio::ssl::context context(asio::ssl::context::tls_client);
    asio::ssl::stream<asio::ip::tcp::socket> stream(io, context);
    stream.next_layer().connect({asio::ip::make_address("127.0.0.1"), server->port()});
    stream.handshake(asio::ssl::stream_base::client);
    std::array<char, 64> name{};
    X509* const shown = ::SSL_get_peer_certificate(stream.native_handle());
    ::X509_NAME_get_text_by_NID(::X509_get_subject_name(shown), NID_commonName, name.data(),
                                int(name.size()));
    ::X509_free(shown);
    asio::write(stream, asio::buffer(bytes));
    return std::string(name.data()) + ": " + all_of(stream);
  };
  EXPECT_THAT(over_tls(request("GET /v1/info", "Origin: https://localhost\r\n")),
              StartsWith("first: HTTP/1.1 200"));
  EXPECT_THAT(over_tls(request("GET /v1/info", "Origin: http://localhost\r\n")),
              StartsWith("first: HTTP/1.1 403"));
  make("second");
  EXPECT_THAT(over_tls(request("GET /v1/info")), StartsWith("second: HTTP/1.1 200"));
  std::ofstream(dir / "cert") << "spoilt";
  EXPECT_THAT(over_tls(request("GET /v1/info")), StartsWith("second: HTTP/1.1 200"));
  server.reset();
  EXPECT_THAT(told.back(), HasSubstr("cert for TLS: "));
}

TEST_F(Remote, WhatCannotBeOpenedIsRefusedWithTheReason) {
  const auto refusal_of = [&] {
    const auto opened = Server::open(service, {.socket_path = dir / "socket", .listen = listen});
    return opened ? "" : opened.error().message;
  };
  listen.certificate = listen.key = dir / "missing";
  EXPECT_THAT(refusal_of(), HasSubstr("cannot use " + (dir / "missing") + " for TLS: No such file"));
  listen.certificate = listen.key = "";
  listen.token_file = dir / "missing";
  EXPECT_THAT(refusal_of(), HasSubstr("cannot read the token in " + (dir / "missing")));
  listen.token_file = dir / "token";
  open();
  listen.port = server->port();
  EXPECT_THAT(refusal_of(), HasSubstr("cannot listen on 127.0.0.1 port " + std::to_string(listen.port)));
  EXPECT_EQ(Client(dir / "socket").get("/v1/info", std::chrono::seconds(20))->status, 200U);
}

}  // namespace
}  // namespace simplevisor::control
