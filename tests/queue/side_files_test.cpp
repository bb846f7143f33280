#include "workers/queue/side_files.hpp"

#include <gmock/gmock.h>

#include "tests/consumer/support.hpp"

namespace simplevisor::queue {
namespace {

using consumer::TemporaryDirectory;

const dirq::ElementName name = *dirq::ElementName::parse("0123abcd/0123456789abcd");

class SideFilesTest : public testing::Test {
 protected:
  TemporaryDirectory tmp;
  SideFiles files{tmp / ".", ".attempts"};
};

TEST_F(SideFilesTest, KeepTheCountAndTheReason) {
  EXPECT_EQ(files.load(name).failures, 0U);
  ASSERT_FALSE(files.store(name, {2, "exit \"3\"\n", "", ""}));
  EXPECT_EQ(files.load(name).failures, 2U);
  EXPECT_EQ(files.load(name).reason, "exit \"3\"\n");
  files.remove(name);
  EXPECT_EQ(files.load(name).failures, 0U);
}

TEST_F(SideFilesTest, AreWhollyReadOrNotAtAll) {
  ASSERT_FALSE(files.store(name, {2, "x", "", ""}));
  for (const char* damage :
       {"", "{", "[]", R"({"failures":-1})", R"({"failures":"2"})", R"({"failures":1e99})"}) {
    std::ofstream{files.path_of(name)} << damage;
    EXPECT_EQ(files.load(name).failures, 0U) << damage;
  }
}

TEST_F(SideFilesTest, HoldReasonsOfAnyBytesAndAnyLength) {
  ASSERT_FALSE(files.store(name, {1, "\xFF\xFE" + std::string(100'000, 'x'), "/q", "e"}));
  EXPECT_EQ(files.load(name).reason.size(), 1024U);
  EXPECT_EQ(files.load(name).reason.substr(0, 3), "??x");
}

TEST_F(SideFilesTest, ArePurgedWhenTheirElementIsGone) {
  const auto gone = *dirq::ElementName::parse("0123abcd/00000000000000");
  ASSERT_FALSE(files.store(name, {1, "", "", ""}));
  ASSERT_FALSE(files.store(gone, {1, "", "", ""}));
  std::ofstream{files.path_of(gone) + ".new"} << "{";
  std::ofstream{tmp / ".attempts/foreign"} << "not ours";
  EXPECT_EQ(files.purge([](const auto& element) { return element == name; }), 2U);
  EXPECT_EQ(files.load(name).failures, 1U);
  EXPECT_TRUE(std::filesystem::exists(tmp / ".attempts/foreign"));
}

TEST_F(SideFilesTest, SayWhyTheyCannotBeWritten) {
  std::ofstream{tmp / ".attempts"} << "in the way";
  EXPECT_EQ(files.store(name, {1, "", "", ""}), std::errc::not_a_directory);
  EXPECT_EQ(files.load(name).failures, 0U);
}

}  // namespace
}  // namespace simplevisor::queue
