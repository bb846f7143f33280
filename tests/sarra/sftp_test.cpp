// Downloads from a real sshd: who it is has to be known.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/consumer/support.hpp"
#include "tests/sarra/sftp_server.hpp"
#include "workers/sarra/fetch.hpp"
#include "workers/sarra/time.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SftpTest : public testing::Test {
 protected:
  SftpTest() {
    std::ofstream{directory / "c d.txt"} << "data";
    std::ofstream{directory / "six"} << "012345";
    settings.directory = directory / "in";
    settings.download.ssh_key = server.user_key();
    settings.download.known_hosts = server.known_hosts();
  }
  // "": done; else what went wrong.
  std::string fetch(const std::string& name) {
    Announcement announcement{.pub_time = format_time(std::chrono::system_clock::now()),
                              .base_url = server.url() + (directory / ""),
                              .rel_path = name};
    announcement.mtime = "20261121T221128";
    if (!parts.empty()) announcement.others.emplace_back("parts", '"' + parts + '"');
    Fetcher fetcher{settings, Tree::open(settings.directory).value()};
    const auto outcome = fetcher.fetch(encode_v03(announcement));
    temporary = !outcome && outcome.error().temporary;
    return outcome ? "" : outcome.error().reason;
  }

  consumer::TemporaryDirectory directory;
  SftpServer server{directory / "sshd"};
  FetchSettings settings;
  std::string parts;
  bool temporary = false;
};

TEST_F(SftpTest, DownloadsFromAHostThatIsKnown) {
  EXPECT_EQ(fetch("c d.txt"), "");
  EXPECT_EQ(consumer::read_file(directory / "in/c d.txt"), "data");
  EXPECT_THAT(fetch("absent"), HasSubstr("absent"));
  EXPECT_FALSE(temporary);
}

TEST_F(SftpTest, FetchesAFileInParts) {
  for (const int number : {1, 2, 0}) {
    parts = "i,2,3,0," + std::to_string(number);
    EXPECT_EQ(fetch("six"), "");
  }
  EXPECT_EQ(consumer::read_file(directory / "in/six"), "012345");
  parts = "i,4,2,0,1";
  EXPECT_NE(fetch("c d.txt"), "") << "which is shorter";
  EXPECT_FALSE(temporary);
}

TEST_F(SftpTest, NoHostIsTrustedThatNobodyKnows) {
  std::ofstream{directory / "nobody"};
  for (const std::string& known : {std::string{directory / "nobody"}, std::string{directory / "no-file"}}) {
    settings.download.known_hosts = known;
    EXPECT_THAT(fetch("c d.txt"), HasSubstr("remote key"));
  }
  // Without a word about it: those that the user knows.
  settings.download.known_hosts.clear();
  ASSERT_EQ(::setenv("HOME", (directory / "").c_str(), 1), 0);
  EXPECT_THAT(fetch("c d.txt"), HasSubstr("remote key"));
  EXPECT_FALSE(fs::exists(directory / "in/c d.txt"));
  fs::create_directory(directory / ".ssh");
  fs::copy(server.known_hosts(), directory / ".ssh/known_hosts");
  EXPECT_EQ(fetch("c d.txt"), "");
}

TEST_F(SftpTest, AnotherKeyOfAKnownHostIsRefused) {
  std::string known = test::content_of(server.known_hosts());
  const std::size_t middle = known.size() - 20;  // within the key
  known[middle] = known[middle] == 'A' ? 'B' : 'A';
  std::ofstream{directory / "changed"} << known;
  settings.download.known_hosts = directory / "changed";
  EXPECT_THAT(fetch("c d.txt"), AllOf(HasSubstr("remote key"), Not(HasSubstr("data"))));
}

TEST_F(SftpTest, AServerThatDoesNotKnowUsIsPermanent) {
  settings.download.ssh_key = directory / "sshd/host";  // a key, but not one that it lets in
  EXPECT_NE(fetch("c d.txt"), "");
  EXPECT_FALSE(temporary);
}

}  // namespace
}  // namespace simplevisor::sarra
