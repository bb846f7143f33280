// Tokens, and which hosts and origins are our own.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "supervisor/control/gate.hpp"
#include "tests/control/fake_service.hpp"

namespace simplevisor::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Host, IsAnAddressLocalhostOrANameThatWasGiven) {
  const std::vector<std::string> hosts{"monitor.example.org"};
  for (const char* own : {"127.0.0.1", "127.0.0.1:7878", "[::1]:7878", "[::1]", "localhost", "LOCALHOST:1",
                          "monitor.example.org:7878", "Monitor.Example.Org", "192.0.2.7:80"}) {
    EXPECT_TRUE(is_own_host(own, hosts)) << own;
  }
  for (const char* foreign :
       {"", "evil.example.org", "127.0.0.1.evil.example.org", "monitor.example.org.evil", "localhost.evil",
        "[::1", "[::1]evil", "[evil]", "[localhost]", "localhost:80@evil", "localhost:evil.com/x",
        "localhost:", ":80", "localhost@evil", "1.2.3", "monitor.example.org "}) {
    EXPECT_FALSE(is_own_host(foreign, hosts)) << foreign;
  }
}

TEST(Origin, IsTheSchemeAndTheHostThatWasAskedFor) {
  EXPECT_TRUE(is_own_origin("http://localhost:7878", "localhost:7878", false));
  EXPECT_TRUE(is_own_origin("https://Monitor.example.org", "monitor.example.org", true));
  EXPECT_FALSE(is_own_origin("http://localhost:7878", "localhost:7878", true));
  EXPECT_FALSE(is_own_origin("http://localhost:7879", "localhost:7878", false));
  EXPECT_FALSE(is_own_origin("http://localhost", "localhost:7878", false));
  EXPECT_FALSE(is_own_origin("http://evil.example.org", "localhost:7878", false));
  EXPECT_FALSE(is_own_origin("null", "localhost:7878", false));
}

class Token : public ::testing::Test {
 protected:
  void write(const std::string& text, mode_t mode = 0600) const {
    // A new file each time, as editors do it.
    std::ofstream(path + ".new", std::ios::binary) << text;
    ASSERT_EQ(::chmod((path + ".new").c_str(), mode), 0);
    ASSERT_EQ(::rename((path + ".new").c_str(), path.c_str()), 0);
  }
  std::string refusal_of(const std::string& text, mode_t mode = 0600) const {
    write(text, mode);
    const auto file = TokenFile::open(path, {});
    return file ? "" : file.error();
  }

  const testing::PrivateDir dir;
  const std::string path = dir / "token";
  const std::string good = "0123456789abcdef";
};

TEST_F(Token, IsOneLineThatOthersCannotRead) {
  EXPECT_EQ(refusal_of(good + "\n"), "");
  EXPECT_EQ(refusal_of(good, 0640), "");
  EXPECT_EQ(refusal_of(std::string(1024, 'x')), "");
  EXPECT_THAT(refusal_of(good, 0604), HasSubstr("can be read by everybody"));
  for (const std::string& bad :
       {std::string(), std::string("short"), std::string(15, 'x'), std::string(1025, 'x'),
        std::string(100'000, 'x'), good + "\nmore", good + " " + good, good + '\0'}) {
    EXPECT_THAT(refusal_of(bad), HasSubstr("is not one line of 16 to 1024 printable characters"))
        << bad.size();
  }
  EXPECT_THAT(TokenFile::open(dir / "missing", {}).error(), HasSubstr("missing: No such file"));
  EXPECT_THAT(TokenFile::open(dir.path(), {}).error(), HasSubstr("that is no file"));
}

TEST_F(Token, IsReadAnewWhenItsFileChangesAndNobodyIsLetInWhenItIsSpoilt) {
  write(good);
  std::vector<std::string> told;
  auto file = TokenFile::open(path, [&](const std::string& text) { told.push_back(text); });
  ASSERT_TRUE(file) << file.error();
  EXPECT_TRUE(file->holds(good));
  EXPECT_FALSE(file->holds(""));
  EXPECT_FALSE(file->holds(good + "x"));
  EXPECT_FALSE(file->holds("0123456789abcdeF"));
  write("fedcba9876543210");
  EXPECT_FALSE(file->holds(good));
  EXPECT_TRUE(file->holds("fedcba9876543210"));
  ASSERT_EQ(::unlink(path.c_str()), 0);
  EXPECT_FALSE(file->holds("fedcba9876543210"));
  EXPECT_FALSE(file->holds(""));
  EXPECT_THAT(told, ElementsAre(HasSubstr("No such file")));  // once
  write("fedcba9876543210", 0644);
  EXPECT_FALSE(file->holds("fedcba9876543210"));
  write(good);
  EXPECT_TRUE(file->holds(good));
}

TEST_F(Token, OpensTheGateToThoseWhoBringIt) {
  write(good);
  const auto gate = token_gate(*TokenFile::open(path, {}), Rights::whole(Role::read), {}, false);
  const auto status = [&](const Credentials& credentials) {
    if (auto admitted = gate->admit(credentials); !admitted) return admitted.error().status;
    const auto rights = gate->rights(credentials);
    return rights ? 200U : rights.error().status;
  };
  const std::string bearer = "Bearer " + good;
  EXPECT_EQ(status({"localhost", "", bearer}), 200U);
  EXPECT_EQ(status({"localhost:1", "http://localhost:1", "bEARER   " + good}), 200U);
  EXPECT_EQ(status({"localhost", "", ""}), 401U);
  EXPECT_EQ(status({"localhost", "", good}), 401U);
  EXPECT_EQ(status({"localhost", "", "Basic " + good}), 401U);
  EXPECT_EQ(status({"localhost", "", "Bearer " + good + "x"}), 401U);
  EXPECT_EQ(status({"evil.example.org", "", bearer}), 403U);
  EXPECT_EQ(status({"localhost", "http://evil.example.org", bearer}), 403U);
}

}  // namespace
}  // namespace simplevisor::control
