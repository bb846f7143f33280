// The announcement of what is there.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/consumer/support.hpp"
#include "workers/message/text.hpp"
#include "workers/sarra/digest.hpp"
#include "workers/sarra/post.hpp"
#include "workers/sarra/time.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class PostTest : public testing::Test {
 protected:
  PostTest() {
    fs::create_directories(directory / "d");
    std::ofstream{directory / "d/f"} << "abc";
    ::chmod((directory / "d/f").c_str(), 0640);
    options = {.base_url = "http://h/", .base_directory = directory / "", .source = "me"};
  }
  [[nodiscard]] Announcement of(const std::string& name) const {
    return announcement_of(directory / name, options).value();
  }
  consumer::TemporaryDirectory directory;
  PostOptions options;
};

TEST_F(PostTest, OfAFileSaysWhatItIs) {
  const Announcement a = of("d/f");
  EXPECT_EQ(a.rel_path, "d/f");
  EXPECT_EQ(a.base_url, "http://h/");
  EXPECT_EQ(a.source, "me");
  EXPECT_EQ(a.size, 3U);
  EXPECT_EQ(a.mode, "640");
  EXPECT_TRUE(parse_time(a.pub_time) && parse_time(*a.mtime) && parse_time(*a.atime));
  EXPECT_THAT(a.identity->value, testing::StartsWith("3a81oZNherrMQXNJriBBMRLm+k6JqX6i"));
  EXPECT_FALSE(a.content);
}

TEST(BaseUrl, IsOneAndKeepsNoSecret) {
  for (const char* const good :
       {"http://h/", "https://h:8443/d/", "sftp://me@h/d", "file:///srv/d/", "ftp://[::1]/d", "dav://h/"})
    EXPECT_EQ(why_no_base_url(good), std::nullopt) << good;
  EXPECT_THAT(why_no_base_url("https://me:s3cret@h/").value_or(""),
              AllOf(HasSubstr("everybody would be told"), Not(HasSubstr("s3cret"))));
  for (const char* const bad :
       {"nonsense", "://h/", "http://h:99999/", "http://h:port/", "http://", "http://me:s3cret@h:99999/"})
    EXPECT_THAT(why_no_base_url(bad).value_or("good"),
                AllOf(HasSubstr("is no URL"), Not(HasSubstr("s3cret"))))
        << bad;
}

TEST_F(PostTest, SmallFilesComeAlong) {
  options.inline_bytes_max = 4;
  EXPECT_EQ(of("d/f").content, (Content{"utf-8", "abc"}));
  std::ofstream{directory / "d/f"} << "a\xff";
  EXPECT_EQ(of("d/f").content, (Content{"base64", "Yf8="}));
  std::ofstream{directory / "d/f"} << "abcd";
  EXPECT_FALSE(of("d/f").content);
}

TEST_F(PostTest, OtherThingsAreOperations) {
  fs::create_symlink("f", directory / "d/l");
  EXPECT_THAT(of("d").file_op, ElementsAre(testing::Pair("directory", "")));
  EXPECT_THAT(of("d/l").file_op, ElementsAre(testing::Pair("link", "f")));
  ASSERT_EQ(::mkfifo((directory / "d/p").c_str(), 0600), 0);
  EXPECT_THAT(announcement_of(directory / "d/p", options).error(), HasSubstr("neither"));
}

TEST_F(PostTest, ChecksumsAreChosen) {
  options.identity = "md5";
  EXPECT_EQ(of("d/f").identity, (Identity{"md5", "kAFQmDzST7DWlj99KOF/cg==", false}));
  options.identity = "cod";
  EXPECT_EQ(of("d/f").identity, (Identity{"cod", "sha512", true}));
}

TEST_F(PostTest, LargeFilesAreAnnouncedInParts) {
  options.block_bytes = 2;
  options.inline_bytes_max = 100;
  const Posting posted = posting_of(directory / "d/f", options).value();
  ASSERT_EQ(posted.count(), 2U);
  const Announcement last = decode_v03(encode_v03(posted.at(1))).value();
  const Part part = part_of(last).value();
  EXPECT_EQ(part.number, 1U);
  EXPECT_EQ(part.offset(1), 2U);
  EXPECT_EQ(part.total(), 3U);
  EXPECT_EQ(last.size, 1U);
  EXPECT_EQ(last.identity, part.identity(1));
  EXPECT_EQ(last.identity, (Identity{"sha512", message::base64(digest("sha512", "c").value()), false}));
  EXPECT_EQ(part.whole, of("d/f").identity);
  EXPECT_FALSE(last.content) << "which would be that of the whole";
  options.block_bytes = 3;
  EXPECT_EQ(posting_of(directory / "d/f", options).value().count(), 1U);
  std::ofstream{directory / "d/f"} << std::string(parts_max + 1, 'x');
  options.block_bytes = 1;
  EXPECT_THAT(posting_of(directory / "d/f", options).error(), HasSubstr("block-size is too small"));
}

TEST_F(PostTest, NothingOutsideIsAnnounced) {
  options.base_directory = directory / "d";
  EXPECT_THAT(announcement_of(directory / "d/../x", options).error(), HasSubstr("is not below"));
  EXPECT_THAT(announcement_of(directory / "d", options).error(), HasSubstr("is not below"));
}

TEST_F(PostTest, DirectoriesAreWalkedInOrderAndLinksAreNot) {
  fs::create_directory_symlink("/", directory / "d/root");
  EXPECT_THAT(with_all_below(directory / "d").value(),
              ElementsAre(directory / "d", directory / "d/f", directory / "d/root"));
  EXPECT_THAT(with_all_below(directory / "d/f").value(), ElementsAre(directory / "d/f"));
}

}  // namespace
}  // namespace simplevisor::sarra
