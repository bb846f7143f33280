// Clients that are rude, broken or slow: each gets one clear answer or is dropped, and nobody else notices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "supervisor/control/client.hpp"
#include "supervisor/control/json.hpp"
#include "tests/control/fake_service.hpp"
#include "tests/control/raw_client.hpp"

namespace simplevisor::control {
namespace {

using testing::FakeService;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::open_server;
using testing::PrivateDir;
using testing::RawClient;
using ::testing::StartsWith;
using namespace std::chrono_literals;

class Abuse : public ::testing::Test {
 protected:
  void expect_service() { EXPECT_EQ(Client(path).get("/v1/info", 20'000ms)->status, 200u); }

  PrivateDir dir;
  std::string path = dir / "control.sock";
  FakeService service;
};

TEST_F(Abuse, EveryMalformedRequestGetsOneAnswerAndTheConnectionIsClosed) {
  const auto server = open_server(service, path);
  struct Case {
    std::string bytes;
    std::string_view starts;  // "" for no answer at all
    std::string_view code;
  };
  const std::string post = "POST /v1/stop HTTP/1.1\r\nConnection: close\r\n";
  const Case cases[] = {
      {"hello\r\n\r\n", "HTTP/1.1 400 Bad Request", "bad_http"},
      {"\r\n\r\n", "HTTP/1.1 400", "bad_http"},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + "\r\n\r\n", "HTTP/1.1 400",
       "bad_http"},
      {"GET /v1/info HTTP/3.0\r\n\r\n", "HTTP/1.1 400", "bad_http"},
      {"GET  HTTP/1.1\r\n\r\n", "HTTP/1.1 400", "bad_http"},
      {"GET /v1/info HTTP/1.1\r\nbroken header\r\n\r\n", "HTTP/1.1 400", "bad_http"},
      {"GET /v1/info HTTP/1.1\r\nA: b\x01\r\n\r\n", "HTTP/1.1 400", "bad_http"},
      {post + "Content-Length: x\r\n\r\n", "HTTP/1.1 400", "bad_http"},
      {post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "HTTP/1.1 400", "bad_http"},
      {post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400", "bad_http"},
      {post + "Content-Length: 65537\r\n\r\n", "HTTP/1.1 413", "too_large"},
      {post + "Transfer-Encoding: chunked\r\n\r\n10001\r\n" + std::string(65'537, 'x') + "\r\n",
       "HTTP/1.1 413", "too_large"},
      {"GET /v1/info HTTP/1.1\r\nA: " + std::string(9'000, 'x') + "\r\n\r\n", "HTTP/1.1 431", "too_large"},
      {std::string(20'000, 'x'), "HTTP/1.1 4", ""},
      {"GET /" + std::string(5'000, 'x') + " HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 414",
       "too_large"},
      {post + "Content-Length: 1\r\n\r\n{", "HTTP/1.1 400", "bad_request"},
      {"BREW /v1/info HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 405", "wrong_method"},
      {"GET /v1/info", "", ""},  // and then nothing
      {post + "Content-Length: 10\r\n\r\n{\"pa", "", ""},
      {"", "", ""},
  };
  for (const Case& c : cases) {
    RawClient client(path);
    client.send(c.bytes);
    client.end_of_sending();
    const std::string answer = client.rest();
    const std::string shown = c.bytes.substr(0, 60);
    if (c.starts.empty()) {
      EXPECT_THAT(answer, IsEmpty()) << shown;
      continue;
    }
    EXPECT_THAT(answer, StartsWith(std::string(c.starts))) << shown;
    EXPECT_THAT(answer, HasSubstr("Connection: close")) << shown;
    EXPECT_THAT(answer, HasSubstr(c.code)) << shown;
  }
  expect_service();
  EXPECT_THAT(service.calls(), IsEmpty());
}

TEST_F(Abuse, WhoIsStillSendingWhatIsRefusedSeesTheAnswer) {
  Limits limits;
  limits.linger_time = 20s;
  const auto server = open_server(service, path, limits);
  RawClient client(path);
  // More than the buffers of a socket hold: a server that closed at once would break the pipe.
  EXPECT_TRUE(
      client.send("POST /v1/stop HTTP/1.1\r\nContent-Length: 900000\r\n\r\n" + std::string(900'000, 'x')));
  EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 413"));
  client.end_of_sending();
  EXPECT_TRUE(client.wait_for_hangup());
}

TEST_F(Abuse, WhoGoesOnSendingForEverIsCutOff) {
  Limits limits;
  limits.linger_time = 20s;
  limits.linger_bytes = 64 * 1024;
  const auto server = open_server(service, path, limits);
  RawClient client(path);
  client.send("POST /v1/stop HTTP/1.1\r\nContent-Length: 90000000\r\n\r\n");
  EXPECT_FALSE(client.send(std::string(90'000'000, 'x')));
}

TEST_F(Abuse, WhoWasRefusedAndStaysIsCutOff) {
  Limits limits;
  limits.linger_time = 50ms;
  const auto server = open_server(service, path, limits);
  RawClient client(path);
  client.send("POST /v1/stop HTTP/1.1\r\nContent-Length: 900000\r\n\r\n");
  EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 413"));
  EXPECT_TRUE(client.wait_for_hangup());
}

TEST_F(Abuse, AWrongMethodIsToldTheRightOne) {
  const auto server = open_server(service, path);
  RawClient client(path);
  client.send("DELETE /v1/stop HTTP/1.1\r\n\r\n");
  EXPECT_THAT(client.response(), HasSubstr("Allow: POST\r\n"));
}

TEST_F(Abuse, AnAnswerToHeadHasNoBody) {
  const auto server = open_server(service, path);
  RawClient client(path);
  client.send("HEAD /v1/info HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string answer = client.rest();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(Abuse, ASlowClientIsToldAndDropped) {
  Limits limits;
  limits.request_time = 100ms;
  const auto server = open_server(service, path, limits);
  RawClient silent(path);
  EXPECT_THAT(silent.rest(), IsEmpty());
  RawClient slow(path);
  slow.send("GET /v1/info HT");
  EXPECT_THAT(slow.rest(), StartsWith("HTTP/1.1 408"));
  expect_service();
}

TEST_F(Abuse, AClientThatDoesNotReadItsAnswerIsDropped) {
  service.rows.assign(10'000, testing::node("root/a", runtime::NodeType::worker));
  Limits limits;
  limits.connections_max = 1;
  limits.write_time = 100ms;
  const auto server = open_server(service, path, limits);
  RawClient deaf(path);
  deaf.send("GET /v1/status HTTP/1.1\r\n\r\n");
  // Its place is free again once it has been dropped: only then is another one served.
  for (;;) {
    const auto answer = Client(path).get("/v1/info", 20'000ms);
    ASSERT_TRUE(answer) << answer.error().message;
    if (answer->status == 200) break;
    ASSERT_EQ(answer->status, 503u);
  }
}

TEST_F(Abuse, OneConnectionTooManyIsTurnedAwayAtOnce) {
  Limits limits;
  limits.connections_max = 2;
  const auto server = open_server(service, path, limits);
  RawClient first(path);
  RawClient second(path);
  for (RawClient* client : {&first, &second}) {  // make sure that both are in
    client->send("GET /v1/info HTTP/1.1\r\n\r\n");
    EXPECT_THAT(client->response(), StartsWith("HTTP/1.1 200"));
  }
  RawClient third(path);
  const std::string answer = third.rest();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(answer, HasSubstr("busy"));
  first.send("GET /v1/info HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(first.rest(), StartsWith("HTTP/1.1 200"));
  expect_service();
}

TEST_F(Abuse, AClientThatHangsUpWhileItWaitsGivesItsPlaceBack) {
  service.hold = true;
  Limits limits;
  limits.connections_max = 1;
  const auto server = open_server(service, path, limits);
  RawClient client(path);
  client.send("POST /v1/stop HTTP/1.1\r\nContent-Length: 15\r\n\r\n{\"pattern\":\"a\"}");
  service.wait_for_call("stop a");
  client.hang_up();
  for (;;) {
    const auto answer = Client(path).get("/v1/info", 20'000ms);
    ASSERT_TRUE(answer) << answer.error().message;
    if (answer->status == 200) break;
  }
  service.release();
  expect_service();
}

TEST_F(Abuse, TooManyUnansweredRequestsAreTurnedAway) {
  service.hold = true;
  Limits limits;
  limits.calls_max = 2;
  const auto server = open_server(service, path, limits);
  const std::string request = "POST /v1/stop HTTP/1.1\r\nContent-Length: 15\r\n\r\n{\"pattern\":\"a\"}";
  std::vector<std::unique_ptr<RawClient>> waiting;
  for (int i = 0; i < 2; ++i) {
    waiting.push_back(std::make_unique<RawClient>(path));
    waiting.back()->send(request);
  }
  // A question is answered, or refused because both others are in.
  for (;;) {
    const auto answer = Client(path).get("/v1/info", 20'000ms);
    ASSERT_TRUE(answer) << answer.error().message;
    if (answer->status == 503) break;
  }
  service.release();
  for (auto& client : waiting) EXPECT_THAT(client->response(), StartsWith("HTTP/1.1 200"));
  expect_service();
}

}  // namespace
}  // namespace simplevisor::control
