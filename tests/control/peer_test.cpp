// Who may do what over the unix socket, by the credentials the kernel vouches for.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor/control/client.hpp"
#include "tests/control/fake_service.hpp"
#include "tests/control/raw_client.hpp"

namespace simplevisor::control {
namespace {

using namespace std::chrono_literals;

constexpr uid_t nobody = 65534;

// What a client of another user meets, as the exit status of a process that is one.
template <class Ask>
int seen_by_nobody(Ask ask) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setresgid(nobody, nobody, nobody) != 0 || ::setresuid(nobody, nobody, nobody) != 0) ::_exit(100);
    ::_exit(ask());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 102;
}

int error_seen_by_nobody(const std::string& path) {
  return seen_by_nobody([&] {
    const auto answer = Client(path).get("/v1/info", 20'000ms);
    return answer ? 101 : static_cast<int>(answer.error().code);
  });
}

TEST(PeerCredentials, GrantAnotherUserWhatIsGrantedAndNoMore) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  const testing::PrivateDir dir;
  testing::FakeService service;
  std::vector<Rule> rules{{Role::read, config::Grant::Who::group, nobody, "root/a"},
                          {Role::operate, config::Grant::Who::user, nobody, "root/b"}};
  std::vector<std::string> told;
  auto server = Server::open(service, {.socket_path = dir / "s",
                                       .rules = std::move(rules),
                                       .report = [&](const auto& text) { told.push_back(text); }});
  ASSERT_TRUE(server) << server.error().message;
  ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
  EXPECT_EQ(seen_by_nobody([&] {
              const Client client(dir / "s");
              const auto seen = client.get("/v1/status", 20'000ms);
              if (!seen || seen->body.contains("\"root\"") || !seen->body.contains("root/a")) return 1;
              if (client.get("/v1/status?pattern=root", 20'000ms)->status != 404) return 2;
              if (client.post("/v1/restart", R"({"pattern":"root/b"})", 20'000ms)->status != 200) return 3;
              if (client.post("/v1/shutdown", "", 20'000ms)) return 4;
              return 0;
            }),
            0);
  EXPECT_EQ(service.calls(), std::vector<std::string>{"restart root/b within root/b"});
  EXPECT_EQ(seen_by_nobody([&] {
              const auto session = Client(dir / "s").get("/v1/session", 20'000ms);
              return session->body.ends_with(R"("subtrees":["root/a","root/b"],)"
                                             R"("operates":{"everything":false,"subtrees":["root/b"]}})")
                         ? 0
                         : 1;
            }),
            0);
  server->reset();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].starts_with("control: uid 65534, pid ")) << told[0];
  EXPECT_TRUE(told[0].ends_with("was refused POST /v1/shutdown (403)")) << told[0];
}

TEST(PeerCredentials, ARefusalThatOnlyTheTreeCouldKnowOfIsToldToo) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  const testing::PrivateDir dir;
  testing::FakeService service;
  service.answer = {runtime::Outcome::not_permitted, "root/a: you may look at it, but not act on it", {}};
  std::vector<std::string> told;
  auto server = Server::open(service, {.socket_path = dir / "s",
                                       .rules = {{Role::read, config::Grant::Who::user, nobody, ""},
                                                 {Role::operate, config::Grant::Who::user, nobody, "root/b"}},
                                       .report = [&](const auto& text) { told.push_back(text); }});
  ASSERT_TRUE(server) << server.error().message;
  ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
  EXPECT_EQ(seen_by_nobody([&] {
              const auto answer = Client(dir / "s").post("/v1/stop", R"({"pattern":"root/a"})", 20'000ms);
              return !answer && answer.error().code == ClientErrc::not_permitted ? 0 : 1;
            }),
            0);
  server->reset();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].ends_with("was refused POST /v1/stop (403)")) << told[0];
}

TEST(PeerCredentials, NobodyWhoIsGrantedSomethingCanTakeThePlacesOfRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  const testing::PrivateDir dir;
  testing::FakeService service;
  auto server = Server::open(service, {.socket_path = dir / "s",
                                       .rules = {{Role::read, config::Grant::Who::everybody, 0, ""}},
                                       .limits = {.connections_max = 2, .others_max = 3, .user_max = 2}});
  ASSERT_TRUE(server) << server.error().message;
  ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
  EXPECT_EQ(seen_by_nobody([&] {
              const std::string ask = "GET /v1/session HTTP/1.1\r\nHost: a\r\n\r\n";
              testing::RawClient first(dir / "s");
              testing::RawClient second(dir / "s");
              for (testing::RawClient* each : {&first, &second}) {
                each->send(ask);
                if (!each->response().starts_with("HTTP/1.1 200")) return 1;
              }
              testing::RawClient third(dir / "s");
              return third.response().starts_with("HTTP/1.1 503") ? 0 : 2;
            }),
            0);
  EXPECT_EQ(Client(dir / "s").get("/v1/info", 20'000ms)->status, 200u);
}

TEST(PeerCredentials, KeepOtherUsersOutWhateverTheFileModeSays) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  const testing::PrivateDir dir;
  testing::FakeService service;
  const auto server = testing::open_server(service, dir / "s");
  ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
  EXPECT_EQ(error_seen_by_nobody(dir / "s"), static_cast<int>(ClientErrc::not_permitted));  // by the mode
  ASSERT_EQ(::chmod((dir / "s").c_str(), 0666), 0);
  EXPECT_EQ(error_seen_by_nobody(dir / "s"),
            static_cast<int>(ClientErrc::not_permitted));  // by the credentials
  EXPECT_EQ(Client(dir / "s").get("/v1/info", 20'000ms)->status, 200u);
}

}  // namespace
}  // namespace simplevisor::control
