// What is held: kept on disk, told in words, and over when its time is.
#include "supervisor/runtime/holds.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

namespace simplevisor::runtime {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;

class HoldsTest : public testing::Test {
 protected:
  HoldsTest() {
    std::string name = testing::TempDir() + "holdsXXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path = name;
  }
  ~HoldsTest() override { std::filesystem::remove_all(path); }

  std::map<std::string, Hold> on_disk() {
    auto dir = StateDir::open(path);
    EXPECT_TRUE(dir);
    const Holds holds{io, *dir, [](const std::string&) {}};
    return holds.all();
  }

  boost::asio::io_context io;
  std::string path;
};

TEST_F(HoldsTest, OutliveTheSupervisor) {
  const WallTime now = wall_clock();
  {
    auto dir = StateDir::open(path);
    ASSERT_TRUE(dir);
    Holds holds{io, *dir, [](const std::string&) {}};
    holds.add("root/a", {.by = "uid 0", .reason = "broker \"a\" \xff", .since = now, .until = now + 2h});
    holds.add("root/b", {.since = now});
    holds.add("root/c", {.since = now});
    holds.remove("root/c");
    holds.remove("root/never");
  }
  const auto kept = on_disk();
  EXPECT_THAT(kept, ElementsAre(Key("root/a"), Key("root/b")));
  EXPECT_EQ(kept.at("root/a").by, "uid 0");
  EXPECT_EQ(kept.at("root/a").reason, "broker \"a\" \xef\xbf\xbd");
  EXPECT_EQ(kept.at("root/a").until, now + 2h);
  EXPECT_EQ(kept.at("root/b").until, std::nullopt);
}

TEST_F(HoldsTest, WithoutAnEndLastLongest) {
  const WallTime now = wall_clock();
  const Hold open{.since = now};
  const Hold longer{.since = now, .until = now + 2h};
  const Hold shorter{.since = now, .until = now + 1h};
  EXPECT_TRUE(lasts_as_long(open, open));
  EXPECT_TRUE(lasts_as_long(open, longer));
  EXPECT_TRUE(lasts_as_long(longer, shorter));
  EXPECT_TRUE(lasts_as_long(longer, longer));
  EXPECT_FALSE(lasts_as_long(shorter, longer));
  EXPECT_FALSE(lasts_as_long(longer, open));
}

TEST_F(HoldsTest, AreOverWhenTheirTimeIs) {
  auto dir = StateDir::open(path);
  ASSERT_TRUE(dir);
  std::vector<std::string> over;
  {
    Holds holds{io, *dir, [&](const std::string& node) { over.push_back(node); }};
    const WallTime now = wall_clock();
    holds.add("root/later", {.since = now, .until = now + 1h});
    holds.add("root/now", {.since = now, .until = now + 1ms});
    holds.add("root/past", {.since = now, .until = now - 1h});
    holds.add("root/never", {.since = now});
    while (over.size() < 2) ASSERT_EQ(io.run_one_for(60s), 1U);
    EXPECT_THAT(holds.all(), ElementsAre(Key("root/later"), Key("root/never")));
  }
  EXPECT_THAT(over, testing::UnorderedElementsAre("root/now", "root/past"));
}

TEST_F(HoldsTest, OfNodesThatAreGoneAreForgotten) {
  {
    auto dir = StateDir::open(path);
    ASSERT_TRUE(dir);
    Holds holds{io, *dir, [](const std::string&) {}};
    holds.add("root/a", {});
    holds.add("root/b", {});
    holds.keep_only([](const std::string& node) { return node == "root/a"; });
  }
  EXPECT_THAT(on_disk(), ElementsAre(Key("root/a")));
}

TEST_F(HoldsTest, ADamagedFileHoldsNothing) {
  for (const auto* text : {"", "x", "[]", "{}", R"({"holds":[]})", R"({"holds":{"a":1}})"}) {
    EXPECT_FALSE(parse_holds(text)) << text;
    {
      auto dir = StateDir::open(path);
      ASSERT_TRUE(dir);
      ASSERT_TRUE(dir->write_private(Holds::file_name, text));
    }
    EXPECT_TRUE(on_disk().empty());
  }
}

TEST_F(HoldsTest, ADiskThatTakesNothingHindersNobody) {
  StateCalls calls;
  calls.fsync = [](int) {
    errno = EIO;
    return -1;
  };
  auto dir = StateDir::open(path, std::move(calls));
  ASSERT_TRUE(dir);
  Holds holds{io, *dir, [](const std::string&) {}};
  holds.add("root/a", {});
  EXPECT_TRUE(holds.find("root/a"));
}

TEST(HoldWords, SayWhoWhyAndForHowLong) {
  const WallTime now{1'000'000s};
  EXPECT_EQ(in_words(Hold{}, now), "stopped by administrator");
  EXPECT_EQ(in_words(Hold{.by = "uid 0", .reason = "maintenance", .until = now + 90s}, now),
            "held by uid 0 for 90 s more: maintenance");
  EXPECT_THAT(in_words(Hold{.by = "uid 0", .until = now - 1s}, now), HasSubstr("for 0 ms more"));
}

}  // namespace
}  // namespace simplevisor::runtime
