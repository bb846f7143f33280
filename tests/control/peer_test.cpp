// Who may command a supervisor: its own user and root, by the credentials the kernel vouches for.
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

TEST(MayCommand, OnlyRootAndTheSupervisorsOwnUser) {
  EXPECT_TRUE(may_command(0, 0));
  EXPECT_TRUE(may_command(0, 1000));
  EXPECT_TRUE(may_command(1000, 1000));
  EXPECT_FALSE(may_command(1000, 0));
  EXPECT_FALSE(may_command(1001, 1000));
}

// What a client of another user meets, as the exit status of a process that is one.
int error_seen_by_nobody(const std::string& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setresgid(nobody, nobody, nobody) != 0 || ::setresuid(nobody, nobody, nobody) != 0) ::_exit(100);
    const auto answer = Client(path).get("/v1/info", 20'000ms);
    ::_exit(answer ? 101 : static_cast<int>(answer.error().code));
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 102;
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
