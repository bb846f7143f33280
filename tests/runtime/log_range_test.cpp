// Logs read back: the last lines over rotated and compressed files, from a time on, and what follows.
#include "supervisor/runtime/logs/log_range.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "supervisor/runtime/logs/log_follower.hpp"
#include "tests/runtime/capture_support.hpp"

namespace simplevisor::runtime::logs {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Logs : public ::testing::Test {
 protected:
  void write(const std::string& suffix, const std::string& text) const {
    std::ofstream{path + suffix, std::ios::binary | std::ios::app} << text;
  }
  void write_compressed(const std::string& suffix, const std::string& text) const {
    const gzFile file = ::gzopen((path + suffix).c_str(), "wb");
    ASSERT_EQ(::gzwrite(file, text.data(), static_cast<unsigned>(text.size())),
              static_cast<int>(text.size()));
    ASSERT_EQ(::gzclose(file), Z_OK);
  }
  void rotate(int files) const {
    for (int n = files; n > 0; --n) {
      const std::string from = n == 1 ? path : path + "." + std::to_string(n - 1);
      std::error_code ignored;
      std::filesystem::rename(from, path + "." + std::to_string(n), ignored);
    }
  }
  static std::vector<std::string> texts(const std::vector<StoredLine>& lines) {
    std::vector<std::string> all;
    for (const StoredLine& line : lines) all.push_back(line.text);
    return all;
  }
  std::vector<std::string> last(std::size_t lines) const {
    return texts(last_of(path, {.lines = lines}).lines);
  }
  std::vector<std::string> since(const std::string& time) const {
    return texts(last_of(path, {.lines = 1000, .since = leading_time(time)->time}).lines);
  }

  test::TemporaryDirectory directory;
  std::string path = directory.path("a.log");
};

TEST_F(Logs, GiveTheirLastLines) {
  write("", "one\ntwo\nthree\n");
  EXPECT_THAT(last(2), ElementsAre("two", "three"));
  EXPECT_THAT(last(9), ElementsAre("one", "two", "three"));
  EXPECT_THAT(last(0), IsEmpty());
}

TEST_F(Logs, GiveALastLineThatHasNoEndYetUnlessOnlyWholeOnesAreWanted) {
  write("", "one\ntw");
  EXPECT_THAT(last(9), ElementsAre("one", "tw"));
  const LogRange whole = last_of(path, {.finished_only = true});
  EXPECT_THAT(texts(whole.lines), ElementsAre("one"));
  EXPECT_EQ(whole.end.offset, 4u);
}

TEST_F(Logs, GoOnInRotatedAndCompressedFiles) {
  write_compressed(".3.gz", "one\ntwo\n");
  write_compressed(".2.gz", "three\n");
  write(".1", "four\nfive\n");
  write("", "six\n");
  EXPECT_THAT(last(9), ElementsAre("one", "two", "three", "four", "five", "six"));
  EXPECT_THAT(last(5), ElementsAre("two", "three", "four", "five", "six"));
}

TEST_F(Logs, BridgeTheGapThatARotationLeavesOnItsWay) {
  write(".2", "one\n");
  write("", "two\n");
  EXPECT_THAT(last(9), ElementsAre("one", "two"));
}

TEST_F(Logs, OfNobodyAreEmpty) {
  const LogRange none = last_of(path, {});
  EXPECT_THAT(none.lines, IsEmpty());
  EXPECT_EQ(none.changed, LogTime{});
}

TEST_F(Logs, KeepEmptyLinesAndLinesAtTheEdgesOfBlocks) {
  std::string text;
  std::vector<std::string> all;
  for (std::size_t n = 0; n < 3000; ++n) {
    all.emplace_back(n * 7 % 131, static_cast<char>('a' + n % 26));
    text += all.back() + '\n';
  }
  write("", text);
  EXPECT_EQ(last(5000), all);
}

TEST_F(Logs, ShowOfAnEndlessLineItsBeginning) {
  write("", "before\n" + std::string(3 * line_bytes_shown_max, 'x') + "\nafter\n");
  EXPECT_THAT(last(9), ElementsAre("before", std::string(line_bytes_shown_max, 'x'), "after"));
}

TEST_F(Logs, AreBoundedInBytesAndSaySo) {
  for (int n = 0; n < 1000; ++n) write("", std::string(100, 'x') + '\n');
  const LogRange range = last_of(path, {.lines = 1000, .bytes_max = 10'000});
  EXPECT_TRUE(range.cut);
  EXPECT_THAT(range.lines, SizeIs(::testing::Lt(100)));
  const LogRange scanned = last_of(path, {.lines = 1000, .scan_bytes_max = 10'000});
  EXPECT_TRUE(scanned.cut);
}

TEST_F(Logs, FromATimeOnTakeTheLinesOfThatTime) {
  write(".1", "2026-01-31T10:00:00.000Z stdout F one\n2026-01-31T11:00:00.000Z stderr F two\n");
  write("", "2026-01-31T12:00:00.000Z stdout F three\n");
  EXPECT_THAT(since("2026-01-31T11:00:00Z"), ElementsAre("two", "three"));
  EXPECT_THAT(since("2026-01-31T13:00:00+01:00"), ElementsAre("three"));
  EXPECT_THAT(since("2026-01-31T13:00:00Z"), IsEmpty());
}

TEST_F(Logs, FromATimeOnLeaveLinesWithoutTimeWithTheOneBefore) {
  write("", "2026-01-31 10:00:00Z crash\n  at a\n2026-01-31 11:00:00,5Z crash\n  at b\n");
  EXPECT_THAT(since("2026-01-31T11:00:00Z"), ElementsAre("2026-01-31 11:00:00,5Z crash", "  at b"));
  EXPECT_FALSE(last_of(path, {.since = leading_time("2026-01-31T11:00:00Z")->time}).untimed);
}

TEST_F(Logs, FromATimeOnGoByTheFilesWhereLinesHaveNone) {
  write(".1", "old\n");
  write("", "new\n");
  const timespec long_ago[2] = {{.tv_sec = 1000, .tv_nsec = 0}, {.tv_sec = 1000, .tv_nsec = 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (path + ".1").c_str(), long_ago, 0), 0);
  const LogRange range = last_of(path, {.since = LogTime{2000s}});
  EXPECT_THAT(texts(range.lines), ElementsAre("new"));
  EXPECT_TRUE(range.untimed);
}

TEST_F(Logs, TellStreamsAndPartsApart) {
  write("", "2026-01-31T10:00:00.250Z stderr P abc\n");
  const LogRange range = last_of(path, {});
  ASSERT_THAT(range.lines, SizeIs(1));
  EXPECT_EQ(range.lines[0].stream, Stream::err);
  EXPECT_TRUE(range.lines[0].partial);
  EXPECT_EQ(range.lines[0].text, "abc");
  EXPECT_EQ(time_text(*range.lines[0].time), "2026-01-31T10:00:00.250Z");
}

TEST_F(Logs, TakeTheTextOutOfObjects) {
  const std::string head =
      R"({"time":"2026-01-31T10:00:00.250Z","stream":"stdout","path":"root/a","life":12)";
  write("", head + R"(,"message":"a \"b\" \\ \n\u0007\u00e9"})" + "\n" + head + R"(,"level":"info","n":1})" +
                "\n" + head + R"(,"partial":true,"message":"par"})" + "\n");
  const LogRange range = last_of(path, {});
  EXPECT_THAT(texts(range.lines), ElementsAre("a \"b\" \\ \n\aé", R"({"level":"info","n":1})", "par"));
  EXPECT_TRUE(range.lines[2].partial);
  EXPECT_EQ(range.lines[0].stream, Stream::out);
}

TEST_F(Logs, AnythingElseIsTakenAsItIs) {
  write("", "{\"time\":\"2026\n2026-13-01T10:00:00Z x\n\xff\n");
  EXPECT_THAT(last(9), ElementsAre("{\"time\":\"2026", "2026-13-01T10:00:00Z x", "\xff"));
}

TEST_F(Logs, AreFollowedInWholeLines) {
  write("", "one\ntw");
  LogFollower follower{path, last_of(path, {.finished_only = true}).end};
  EXPECT_THAT(follower.take(1000).lines, IsEmpty());
  write("", "o\nthree\n");
  EXPECT_THAT(texts(follower.take(1000).lines), ElementsAre("two", "three"));
  EXPECT_THAT(follower.take(1000).lines, IsEmpty());
}

TEST_F(Logs, AreFollowedFromTheirBirth) {
  LogFollower follower{path, last_of(path, {.finished_only = true}).end};
  EXPECT_THAT(follower.take(1000).lines, IsEmpty());
  write("", "one\n");
  EXPECT_THAT(texts(follower.take(1000).lines), ElementsAre("one"));
}

TEST_F(Logs, AreFollowedOverSeveralRotations) {
  write("", "one\n");
  LogFollower follower{path, last_of(path, {.finished_only = true}).end};
  write("", "two\n");
  rotate(3);
  write("", "three\n");
  rotate(3);
  write("", "four\n");
  const auto taken = follower.take(100'000);
  EXPECT_THAT(texts(taken.lines), ElementsAre("two", "three", "four"));
  EXPECT_FALSE(taken.gap);
}

TEST_F(Logs, RotatedButNotYetBegunAnewAreReadOnWhereTheyAre) {
  write("", "one\n");
  LogFollower follower{path, last_of(path, {.finished_only = true}).end};
  rotate(3);
  write(".1", "two\n");  // by whoever still has it open
  EXPECT_THAT(texts(follower.take(100'000).lines), ElementsAre("two"));
  write(".1", "three\n");
  write("", "four\n");
  EXPECT_THAT(texts(follower.take(100'000).lines), ElementsAre("three", "four"));
}

TEST_F(Logs, WhoseFilesAreGoneBeforeTheyWereReadLeaveAGap) {
  write("", "one\n");
  LogFollower follower{path, last_of(path, {.finished_only = true}).end};
  ASSERT_EQ(::unlink(path.c_str()), 0);
  write("", "two\n");
  const auto taken = follower.take(1000);
  EXPECT_THAT(texts(taken.lines), ElementsAre("two"));
  EXPECT_TRUE(taken.gap);
}

TEST_F(Logs, ThatAreTruncatedAreReadFromTheirBeginning) {
  write("", "one\ntwo\n");
  LogFollower follower{path, last_of(path, {.finished_only = true}).end};
  ASSERT_EQ(::truncate(path.c_str(), 0), 0);
  write("", "three\n");
  const auto taken = follower.take(1000);
  EXPECT_THAT(texts(taken.lines), ElementsAre("three"));
  EXPECT_TRUE(taken.gap);
}

TEST_F(Logs, AreFollowedInPiecesThatFitAndSayThatThereIsMore) {
  LogFollower follower{path, {}};
  std::size_t written = 0;
  for (; written < 3000; ++written) write("", std::string(99, 'x') + '\n');
  std::size_t read = 0;
  for (bool more = true; more;) {
    const auto taken = follower.take(1);
    EXPECT_LE(taken.lines.size() * 100, line_bytes_shown_max);
    read += taken.lines.size();
    more = taken.more;
  }
  EXPECT_EQ(read, written);
}

TEST_F(Logs, AnEndlessLineIsFollowedInParts) {
  LogFollower follower{path, {}};
  write("", std::string(line_bytes_shown_max + 10, 'x'));
  const auto first = follower.take(1'000'000);
  ASSERT_THAT(first.lines, SizeIs(1));
  EXPECT_TRUE(first.lines[0].partial);
  write("", "\n");
  EXPECT_THAT(texts(follower.take(1'000'000).lines), ElementsAre(std::string(10, 'x')));
}

TEST(LogTimes, AreReadInTheFormsThatProgramsPrint) {
  const auto text = [](std::string_view line) {
    const auto time = leading_time(line);
    return time ? time_text(time->time) : "none";
  };
  EXPECT_EQ(text("2026-01-31T13:05:06Z x"), "2026-01-31T13:05:06.000Z");
  EXPECT_EQ(text("2026-01-31 13:05:06.1234567+02:00 x"), "2026-01-31T11:05:06.123Z");
  EXPECT_EQ(text("2026-01-31T13:05:06,5-0130"), "2026-01-31T14:35:06.500Z");
  EXPECT_EQ(text("2024-02-29T00:00:00Z"), "2024-02-29T00:00:00.000Z");
  for (const char* const wrong :
       {"", "2026", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01x00:00:00Z"})
    EXPECT_EQ(text(wrong), "none") << wrong;
}

TEST(LogTimes, SinceIsATimeOrADuration) {
  const LogTime now{100'000s};
  EXPECT_EQ(parse_since("10m", now), now - 10min);
  EXPECT_EQ(parse_since("1970-01-01T00:00:01Z", now), LogTime{1s});
  EXPECT_FALSE(parse_since("yesterday", now));
  EXPECT_FALSE(parse_since("1970-01-01T00:00:01Zz", now));
}

}  // namespace
}  // namespace simplevisor::runtime::logs
