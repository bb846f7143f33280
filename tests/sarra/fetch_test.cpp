// What is done for one announcement: downloads from a real server, data that came along, operations, and everything that can
// be wrong with them.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <filesystem>
#include <memory>

#include "tests/sarra/http_server.hpp"
#include "workers/message/text.hpp"
#include "workers/sarra/digest.hpp"
#include "workers/sarra/fetch.hpp"
#include "workers/sarra/time.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class FetchTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    site = std::make_unique<consumer::TemporaryDirectory>();
    fs::create_directories(*site / "we ird#x");
    std::ofstream{*site / "we ird#x/c d.txt"} << "data";
    std::ofstream{*site / "big"} << std::string(1 << 20, 'b');
    server = std::make_unique<HttpServer>(*site / "", *site / "stderr");
  }
  static void TearDownTestSuite() {
    server.reset();
    site.reset();
  }
  FetchTest() { settings.directory = directory / "in"; }

  [[nodiscard]] static Announcement announcing(const std::string& path) {
    return {.pub_time = format_time(std::chrono::system_clock::now()),
            .base_url = server->url(),
            .rel_path = path};
  }
  [[nodiscard]] static Identity sum(const std::string& method, const std::string& data) {
    return {method, message::base64(digest(method, data).value()), false};
  }
  // "": done; else what went wrong.
  std::string fetch(const Announcement& announcement) {
    Fetcher fetcher{settings, Tree::open(settings.directory).value()};
    const auto outcome = fetcher.fetch(encode_v03(announcement));
    temporary = !outcome && outcome.error().temporary;
    return outcome ? "" : outcome.error().reason;
  }
  [[nodiscard]] std::string got(const std::string& path) const {
    return consumer::read_file(directory / ("in/" + path));
  }
  [[nodiscard]] std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator{directory / "in"})
      count += entry.is_directory() ? 0 : 1;
    return count;
  }

  static std::unique_ptr<consumer::TemporaryDirectory> site;
  static std::unique_ptr<HttpServer> server;
  consumer::TemporaryDirectory directory;
  FetchSettings settings;
  bool temporary = false;
};

std::unique_ptr<consumer::TemporaryDirectory> FetchTest::site;
std::unique_ptr<HttpServer> FetchTest::server;

TEST_F(FetchTest, DownloadsVerifiesAndPutsInPlace) {
  auto announcement = announcing("we ird#x/c d.txt");
  announcement.size = 4;
  announcement.mode = "640";
  for (const char* method : {"sha512", "md5"}) {
    announcement.identity = sum(method, "data");
    EXPECT_EQ(fetch(announcement), "");
    EXPECT_EQ(got("we ird#x/c d.txt"), "data");
  }
  EXPECT_EQ(fs::status(directory / "in/we ird#x/c d.txt").permissions(), fs::perms{0640});
}

TEST_F(FetchTest, WhatIsNotAsAnnouncedLeavesNothing) {
  auto announcement = announcing("we ird#x/c d.txt");
  announcement.identity = sum("sha512", "other data");
  EXPECT_THAT(fetch(announcement), AllOf(HasSubstr("c d.txt: sha512 is"), HasSubstr("as announced")));
  announcement.identity.reset();
  announcement.size = 3;
  EXPECT_THAT(fetch(announcement), HasSubstr("more than 4 bytes, and not 3"));
  announcement.size = 5;
  EXPECT_THAT(fetch(announcement), HasSubstr("only 4 bytes, and not 5"));
  EXPECT_FALSE(temporary) << "counted, and tried again by the consumer";
  EXPECT_EQ(files(), 0U);
}

TEST_F(FetchTest, APartThatNobodyAskedForIsNoFile) {
  consumer::Program part{{"/usr/bin/python3", "-u", "-c", R"(
import http.server
class Part(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(206)
        self.send_header("Content-Length", "1")
        self.end_headers()
        self.wfile.write(b"d")
server = http.server.HTTPServer(("127.0.0.1", 0), Part)
print(server.server_port)
server.serve_forever()
)"},
                         directory / "part"};
  auto announcement = announcing("f");
  announcement.base_url = "http://127.0.0.1:" + part.line().value_or("") + "/";
  EXPECT_THAT(fetch(announcement), HasSubstr("the server answers 206, which is no file"));
  EXPECT_EQ(files(), 0U);
}

// Answers with the bytes that were asked for, or with others if it is told so.
constexpr auto range_server = R"(
import http.server, sys
class Ranges(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        first, last = map(int, self.headers["Range"].split("=")[1].split("-"))
        if sys.argv[1] == "other": first, last = first + 1, last + 1
        data = b"0123456789"[first:last + 1]
        if sys.argv[1] == "longer": data += b"x"
        self.send_response(206)
        self.send_header("Content-Range", "bytes %d-%d/10" % (first, last))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
server = http.server.HTTPServer(("127.0.0.1", 0), Ranges)
print(server.server_port)
server.serve_forever()
)";

// Part `number` of three of "0123456789"; without a checksum, so that nothing but the server's word counts.
Announcement part_of_ten(Announcement announcement, int number) {
  announcement.mtime = "20261121T221128";
  announcement.others = {{"parts", "\"i,4,3,2," + std::to_string(number) + "\""}};
  return announcement;
}

TEST_F(FetchTest, APartIsAskedForAsARange) {
  for (const auto& [how, expected] : std::map<std::string, std::string>{
           {"well", ""}, {"other", "gives another part than bytes"}, {"longer", "more than"}}) {
    consumer::Program ranges{{"/usr/bin/python3", "-u", "-c", range_server, how}, directory / "ranges"};
    auto announcement = announcing(how);
    announcement.base_url = "http://127.0.0.1:" + ranges.line().value_or("") + "/";
    for (const int number : {2, 0, 1}) {
      const std::string problem = fetch(part_of_ten(announcement, number));
      EXPECT_THAT(problem, HasSubstr(expected));
      EXPECT_EQ(problem.empty(), expected.empty()) << problem;
    }
  }
  EXPECT_EQ(got("well"), "0123456789");
  EXPECT_FALSE(fs::exists(directory / "in/other"));
  EXPECT_FALSE(fs::exists(directory / "in/longer"));
}

TEST_F(FetchTest, OfAServerWithoutRangesOnlyThePartIsTaken) {
  // python3 -m http.server gives the whole, whatever was asked for.
  std::ofstream{*site / "ten"} << "0123456789";
  for (const int number : {2, 0, 1}) EXPECT_EQ(fetch(part_of_ten(announcing("ten"), number)), "");
  EXPECT_EQ(got("ten"), "0123456789");
  std::ofstream{*site / "nine"} << "012345678";
  EXPECT_THAT(fetch(part_of_ten(announcing("nine"), 2)), HasSubstr("only 1 bytes, and not 2"));
  std::ofstream{*site / "two"} << "01";
  EXPECT_THAT(fetch(part_of_ten(announcing("two"), 2)), HasSubstr("only 0 bytes, and not 2"));
}

TEST_F(FetchTest, AnAddressWithoutASchemeIsNoUrl) {
  auto announcement = announcing("we ird#x/c d.txt");
  announcement.base_url = announcement.base_url.substr(std::string{"http://"}.size());
  EXPECT_THAT(fetch(announcement), HasSubstr("no URL"));
  EXPECT_FALSE(temporary);
}

TEST_F(FetchTest, ChecksumsThatNobodyCanCalculateAreNoReasonToRefuse) {
  auto announcement = announcing("we ird#x/c d.txt");
  for (const Identity& identity : {Identity{"random", "8531", false}, Identity{"cod", "sha512", true}}) {
    announcement.identity = identity;
    EXPECT_EQ(fetch(announcement), "");
  }
}

TEST_F(FetchTest, TakesNoMoreThanItMay) {
  settings.bytes_max.bytes = 1000;
  EXPECT_THAT(fetch(announcing("big")), HasSubstr("larger than the 1000 bytes"));
  EXPECT_EQ(files(), 0U);
}

TEST_F(FetchTest, ToldFromAServerThatIsNotThereIsAFileThatIsNotThere) {
  EXPECT_THAT(fetch(announcing("missing")), HasSubstr("404"));
  EXPECT_FALSE(temporary);
  const test::Port nobody;
  auto announcement = announcing("f");
  announcement.base_url = "http://user:secret@127.0.0.1:" + std::to_string(nobody.number());
  EXPECT_THAT(fetch(announcement), testing::Not(HasSubstr("secret")));
  EXPECT_TRUE(temporary);
  announcement.pub_time = "20200101T000000";
  EXPECT_THAT(fetch(announcement), HasSubstr("too long ago"));
  EXPECT_FALSE(temporary);
}

TEST_F(FetchTest, UsesOnlyTheProtocolsThatAreAllowed) {
  std::ofstream{directory / "local"} << "local";
  auto announcement = announcing("local");
  announcement.base_url = "file://" + directory / "";
  EXPECT_THAT(fetch(announcement),
              HasSubstr("local: not one of the protocols that may be used: http, https, sftp"));
  EXPECT_EQ(files(), 0U);
  settings.download.protocols = {"file"};
  EXPECT_EQ(fetch(announcement), "");
  EXPECT_EQ(got("local"), "local");
  EXPECT_NE(fetch(announcing("big")), "");
}

TEST_F(FetchTest, WaitsForNobodyToWriteIntoAFifo) {
  ASSERT_EQ(::mkfifo((directory / "fifo").c_str(), 0600), 0);
  settings.download.protocols = {"file"};
  auto announcement = announcing("fifo");
  for (const std::string scheme : {"file", "FILE"}) {
    announcement.base_url = scheme + "://" + directory / "";
    EXPECT_THAT(fetch(announcement), HasSubstr("fifo: not a file")) << scheme;
    EXPECT_FALSE(temporary);
  }
}

TEST_F(FetchTest, TakesTheDataThatCameAlong) {
  auto announcement = announcing("t.txt");
  announcement.base_url = "http://127.0.0.1:1/";
  const std::string text = "h\xc3\xa9llo\n";
  announcement.identity = sum("sha512", text);
  announcement.size = text.size();
  announcement.content = Content{"utf-8", text};
  EXPECT_EQ(fetch(announcement), "");
  EXPECT_EQ(got("t.txt"), text);
  announcement.content = Content{"base64", message::base64(text) + "\n"};
  EXPECT_EQ(fetch(announcement), "");
  announcement.content = Content{"base64", "***"};
  EXPECT_THAT(fetch(announcement), HasSubstr("content:"));
  announcement.content = Content{"utf-8", "another"};
  EXPECT_THAT(fetch(announcement), HasSubstr("as announced"));
  EXPECT_EQ(got("t.txt"), text) << "the good one stays";
  announcement.identity.reset();
  announcement.size.reset();
  announcement.content = Content{"iso-8859-1", text};
  EXPECT_EQ(fetch(announcement), "");
  EXPECT_EQ(got("t.txt"), "h\xe9llo\n");
}

TEST_F(FetchTest, DoesWhatIsNoFile) {
  auto announcement = announcing("d/e/");
  announcement.file_op = {{"directory", ""}};
  EXPECT_EQ(fetch(announcement), "");
  EXPECT_TRUE(fs::is_directory(directory / "in/d/e"));
  announcement.rel_path = "d/link";
  announcement.file_op = {{"link", "e"}};
  EXPECT_EQ(fetch(announcement), "");
  EXPECT_EQ(fs::read_symlink(directory / "in/d/link"), "e");
  announcement.rel_path = "d/other";
  announcement.file_op = {{"rename", "d/link"}};
  EXPECT_EQ(fetch(announcement), "");
  EXPECT_TRUE(fs::is_symlink(directory / "in/d/other"));
  announcement.file_op = {{"remove", ""}};
  EXPECT_EQ(fetch(announcement), "");
  announcement.rel_path = "d/e";
  announcement.file_op = {{"remove", ""}, {"directory", ""}};
  EXPECT_EQ(fetch(announcement), "");
  EXPECT_TRUE(fs::is_empty(directory / "in/d"));
}

TEST_F(FetchTest, ARenamingOfWhatWeNeverHadIsADownload) {
  auto announcement = announcing("we ird#x/c d.txt");
  announcement.file_op = {{"rename", "unknown"}};
  EXPECT_EQ(fetch(announcement), "");
  EXPECT_EQ(got("we ird#x/c d.txt"), "data");
}

TEST_F(FetchTest, NeverLeavesItsDirectory) {
  auto announcement = announcing("../escaped");
  announcement.content = Content{"utf-8", "x"};
  EXPECT_THAT(fetch(announcement), HasSubstr("leads out"));
  announcement.rel_path = "link";
  announcement.content.reset();
  announcement.file_op = {{"link", "../.."}};
  EXPECT_THAT(fetch(announcement), HasSubstr("may lead out"));
  announcement.file_op = {{"rename", "../x"}};
  EXPECT_THAT(fetch(announcement), HasSubstr("leads out"));
  EXPECT_FALSE(fs::exists(directory / "escaped"));
}

TEST_F(FetchTest, SaysWhatItDoesNotDo) {
  auto announcement = announcing("f");
  announcement.others.emplace_back("blocks", R"({"method":"sideways"})");
  EXPECT_THAT(fetch(announcement), HasSubstr("a method that is none of"));
  Fetcher fetcher{settings, Tree::open(settings.directory).value()};
  EXPECT_THAT(fetcher.fetch("nonsense").error().reason, HasSubstr("not JSON"));
}

}  // namespace
}  // namespace simplevisor::sarra
