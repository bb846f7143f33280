#include "supervisor/control/server.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "supervisor/control/client.hpp"
#include "supervisor/control/json.hpp"
#include "tests/control/fake_service.hpp"
#include "tests/control/raw_client.hpp"

namespace simplevisor::control {
namespace {

using testing::FakeService;
using ::testing::HasSubstr;
using testing::open_server;
using testing::PrivateDir;
using testing::RawClient;
using ::testing::StartsWith;
using namespace std::chrono_literals;

constexpr auto patience = 20'000ms;

class ControlServer : public ::testing::Test {
 protected:
  PrivateDir dir;
  std::string path = dir / "control.sock";
  FakeService service;
};

TEST_F(ControlServer, AnswersQuestionsAboutTheTree) {
  const auto server = open_server(service, path);
  const Client client(path);
  const auto info = client.get("/v1/info", patience);
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(parse_info(info->body)->name, "fake");
  const auto status = client.get("/v1/status?pattern=root/a", patience);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(parse_nodes(status->body)->size(), 1u);
  EXPECT_EQ(client.get("/v1/status?pattern=nowhere", patience)->status, 404u);
}

TEST_F(ControlServer, WaitsForTheEndOfWhatItWasAsked) {
  service.hold = true;
  const auto server = open_server(service, path);
  auto answer = std::async(std::launch::async,
                           [&] { return Client(path).post("/v1/stop", order_body({"root/a"}), patience); });
  service.wait_for_call("stop root/a");
  EXPECT_EQ(Client(path).get("/v1/info", patience)->status, 200u);  // others are served meanwhile
  service.release();
  const auto response = answer.get();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200u);
}

TEST_F(ControlServer, AnswersAtOnceWhenToldNotToWait) {
  service.hold = true;
  const auto server = open_server(service, path);
  EXPECT_EQ(Client(path).post("/v1/stop?wait=false", order_body({"root/a"}), patience)->status, 202u);
}

TEST_F(ControlServer, ServesManyRequestsOnOneConnection) {
  const auto server = open_server(service, path);
  RawClient client(path);
  const std::string request = "GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n";
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(request));
    EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 200 OK\r\n"));
  }
  ASSERT_TRUE(client.send(request + request));  // the second one before the first is answered
  EXPECT_THAT(client.response(), HasSubstr("Connection: keep-alive"));
  EXPECT_THAT(client.response(), HasSubstr("\"fake\""));
}

TEST_F(ControlServer, AnswersAClientThatHasEndedItsSending) {
  service.hold = true;
  const auto server = open_server(service, path);
  RawClient client(path);
  client.send("POST /v1/stop HTTP/1.1\r\nContent-Length: 15\r\n\r\n{\"pattern\":\"a\"}");
  client.end_of_sending();
  service.wait_for_call("stop a");
  service.release();
  EXPECT_THAT(client.response(), StartsWith("HTTP/1.1 200"));
}

TEST_F(ControlServer, GivesASocketThatOnlyItsUserMayUse) {
  const auto server = open_server(service, path);
  struct stat file{};
  ASSERT_EQ(::stat(path.c_str(), &file), 0);
  EXPECT_TRUE(S_ISSOCK(file.st_mode));
  EXPECT_EQ(file.st_mode & 07077u, 0u);
}

TEST_F(ControlServer, RemovesItsSocketAtTheEnd) {
  {
    const auto server = open_server(service, path);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  const auto answer = Client(path).get("/v1/info", patience);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ClientErrc::not_running);
  EXPECT_FALSE(answer.error().stale);
}

TEST_F(ControlServer, LeavesASocketThatTookItsPlace) {
  {
    const auto server = open_server(service, path);
    std::filesystem::rename(path, dir / "old");
    std::ofstream(path) << "somebody else's";
  }
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(ControlServer, ReplacesASocketThatNobodyListensOn) {
  {
    const auto abandoned = listen_on(path, 1);
  }
  ASSERT_TRUE(std::filesystem::exists(path));
  const auto refused = Client(path).get("/v1/info", patience);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().stale);
  const auto server = open_server(service, path);
  EXPECT_EQ(Client(path).get("/v1/info", patience)->status, 200u);
}

TEST_F(ControlServer, RefusesASocketThatSomebodyListensOn) {
  const auto first = open_server(service, path);
  const auto second = Server::open(service, {.socket_path = path});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ServerErrc::in_use);
  EXPECT_THAT(second.error().message, HasSubstr(path));
  EXPECT_EQ(Client(path).get("/v1/info", patience)->status, 200u);
}

TEST_F(ControlServer, LeavesAFileThatIsNoSocketAlone) {
  std::ofstream(path) << "precious";
  const auto server = Server::open(service, {.socket_path = path});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ServerErrc::bad_path);
  EXPECT_EQ(std::filesystem::file_size(path), 8u);
}

TEST_F(ControlServer, SaysWhichDirectoryIsMissing) {
  const auto server = Server::open(service, {.socket_path = dir / "missing/control.sock"});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ServerErrc::system);
  EXPECT_THAT(server.error().message, HasSubstr("missing/control.sock: No such file"));
}

TEST_F(ControlServer, WorksOnPathsLongerThanASocketAddress) {
  const std::string deep = dir / std::string(120, 'd');
  std::filesystem::create_directory(deep);
  const auto server = open_server(service, deep + "/control.sock");
  EXPECT_EQ(Client(deep + "/control.sock").get("/v1/info", patience)->status, 200u);
}

TEST_F(ControlServer, LetsTheAnswerOfAShutdownLeave) {
  service.hold = true;
  auto server = open_server(service, path);
  auto answer =
      std::async(std::launch::async, [&] { return Client(path).post("/v1/shutdown", "", patience); });
  service.wait_for_call("shutdown");
  // As run() does: the answer is given, the loop ends, and the server goes.
  std::promise<void> given;
  boost::asio::post(service.executor(), [&] { service.release(); });
  boost::asio::post(service.executor(),
                    [&] { boost::asio::post(service.executor(), [&] { given.set_value(); }); });
  given.get_future().wait();
  service.end();
  server.reset();
  const auto response = answer.get();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200u);
}

TEST_F(ControlServer, TellsThoseWhoWaitThatItEnds) {
  service.hold = true;
  auto server = open_server(service, path);
  auto answer = std::async(std::launch::async,
                           [&] { return Client(path).post("/v1/stop", order_body({"a"}), patience); });
  service.wait_for_call("stop a");
  server.reset();
  const auto response = answer.get();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 503u);
  EXPECT_EQ(parse_problem(response->body)->code, "ending");
  service.release();  // an answer that comes when the server is gone goes nowhere
  service.end();
}

TEST_F(ControlServer, CarriesTenThousandNodes) {
  for (int i = 0; i < 10'000; ++i) {
    service.rows.push_back(testing::node("root/many/" + std::to_string(i), runtime::NodeType::worker));
  }
  const auto server = open_server(service, path);
  const auto response = Client(path).get("/v1/status", patience);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(parse_nodes(response->body)->size(), 10'003u);
}

TEST_F(ControlServer, ShowsTheClientItsProcess) {
  const auto server = open_server(service, path);
  const auto process = Client(path).peer_process(patience);
  ASSERT_TRUE(process) << process.error().message;
  ASSERT_TRUE(*process);
  pollfd entry{.fd = process->get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&entry, 1, 0), 0);  // it is this process, which lives
}

TEST_F(ControlServer, TimesOutOnASupervisorThatHangs) {
  service.hold = true;
  const auto server = open_server(service, path);
  const auto answer = Client(path).post("/v1/stop", order_body({"a"}), 50ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ClientErrc::timed_out);
}

TEST_F(ControlServer, TimesOutOnASocketWhoseBacklogIsFull) {
  const auto listener = listen_on(path, 0);  // never accepts
  ASSERT_TRUE(listener);
  const auto first = connect_to(path, 1000ms);
  ASSERT_TRUE(first);
  const auto answer = Client(path).get("/v1/info", 50ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ClientErrc::timed_out);
}

TEST(ControlClient, SaysWhatIsWrongWithAnAnswer) {
  struct Case {
    std::string_view bytes;
    ClientErrc code;
  };
  const Case cases[] = {{"", ClientErrc::lost},
                        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", ClientErrc::lost},
                        {"SSH-2.0-OpenSSH\r\n\r\n", ClientErrc::bad_answer},
                        {"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", ClientErrc::bad_answer}};
  for (const Case& c : cases) {
    const PrivateDir dir;
    const auto listener = listen_on(dir / "s", 4);
    ASSERT_TRUE(listener);
    auto answer = std::async(std::launch::async, [&] { return Client(dir / "s").get("/v1/info", patience); });
    pollfd entry{.fd = listener->get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&entry, 1, 20'000), 1);
    {
      const Fd peer(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
      std::array<char, 4096> request{};
      ASSERT_GT(::recv(peer.get(), request.data(), request.size(), 0), 0);
      ASSERT_EQ(::send(peer.get(), c.bytes.data(), c.bytes.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(c.bytes.size()));
    }
    const auto response = answer.get();
    ASSERT_FALSE(response) << c.bytes;
    EXPECT_EQ(response.error().code, c.code) << c.bytes << ": " << response.error().message;
  }
}

}  // namespace
}  // namespace simplevisor::control
