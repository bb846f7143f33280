// Duplicate suppression that several processes share.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/consumer/support.hpp"
#include "workers/sarra/seen.hpp"

namespace simplevisor::sarra {
namespace {

using namespace std::chrono_literals;
using Answer = Seen::Answer;

const Seen::Time start{1'700'000'000'000ms};

class SeenTest : public testing::Test {
 protected:
  [[nodiscard]] Seen opened(Seen::Options options = {}) const {
    return Seen::open(directory / "", options).value();
  }
  [[nodiscard]] static Seen::Fingerprint number(int n) {
    return Seen::fingerprint("key" + std::to_string(n), "path");
  }
  consumer::TemporaryDirectory directory;
};

TEST_F(SeenTest, WhatAnotherInstanceConfirmedIsADuplicateUntilItsTimeIsOver) {
  Seen a = opened({.ttl = 60s});
  Seen b = opened({.ttl = 60s});
  const auto what = Seen::fingerprint("md5,x", "a/b");
  EXPECT_EQ(a.claim(what, start), Answer::fresh);
  ASSERT_TRUE(a.confirm(what, start));
  EXPECT_EQ(b.claim(what, start + 59s), Answer::duplicate);
  EXPECT_EQ(a.claim(what, start + 118s), Answer::duplicate) << "every sighting renews the time";
  EXPECT_EQ(a.claim(what, start + 178s), Answer::fresh);
}

TEST_F(SeenTest, TheSameKeyWithAnotherPathIsAnotherThing) {
  Seen a = opened();
  EXPECT_EQ(a.claim(Seen::fingerprint("k", "p"), start), Answer::fresh);
  EXPECT_EQ(a.claim(Seen::fingerprint("k", "q"), start), Answer::fresh);
  EXPECT_EQ(a.claim(Seen::fingerprint("kp", ""), start), Answer::fresh)
      << "where one ends and the other begins counts";
}

TEST_F(SeenTest, AClaimIsBusyForAllUntilItIsReleasedOrTooOld) {
  Seen a = opened({.claim_max = 10s});
  Seen b = opened({.claim_max = 10s});
  EXPECT_EQ(a.claim(number(1), start), Answer::fresh);
  EXPECT_EQ(b.claim(number(1), start + 1s), Answer::busy);
  EXPECT_EQ(a.claim(number(1), start + 1s), Answer::busy) << "also for a second message of one's own";
  ASSERT_TRUE(b.release(number(1))) << "which is not b's to release";
  EXPECT_EQ(b.claim(number(1), start + 1s), Answer::busy);
  ASSERT_TRUE(a.release(number(1)));
  EXPECT_EQ(b.claim(number(1), start + 2s), Answer::fresh);
  EXPECT_EQ(a.claim(number(1), start + 12s), Answer::fresh) << "b died";
}

TEST_F(SeenTest, IsBoundedAndForgetsTheOldestFirst) {
  Seen a = opened({.entries = Seen::slots_of_bucket});
  constexpr int count = Seen::slots_of_bucket + 1;
  for (int n = 0; n < count; ++n) {
    const auto now = start + std::chrono::milliseconds{n};
    EXPECT_EQ(a.claim(number(n), now), Answer::fresh);
    ASSERT_TRUE(a.confirm(number(n), now));
  }
  EXPECT_EQ(a.claim(number(count - 1), start + 1s), Answer::duplicate);
  EXPECT_EQ(a.claim(number(1), start + 1s), Answer::duplicate);
  EXPECT_EQ(a.claim(number(0), start + 1s), Answer::fresh);
  const auto file = directory / ("seen-" + std::to_string(Seen::slots_of_bucket));
  EXPECT_LE(std::filesystem::file_size(file), 64U + 32U * Seen::slots_of_bucket);
}

TEST_F(SeenTest, SurvivesItsProcessAndADamagedFile) {
  {
    Seen a = opened({.entries = 16});
    ASSERT_TRUE(a.claim(number(1), start));
    ASSERT_TRUE(a.confirm(number(1), start));
  }
  EXPECT_EQ(opened({.entries = 16}).claim(number(1), start), Answer::duplicate);
  {
    std::fstream file{directory / "seen-16", std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(64);
    file << std::string(512, 'x');
  }
  EXPECT_EQ(opened({.entries = 16}).claim(number(1), start), Answer::fresh)
      << "slots that do not check are free";
  std::ofstream{directory / "seen-16"} << "something else";
  EXPECT_EQ(opened({.entries = 16}).claim(number(2), start), Answer::fresh);
}

TEST_F(SeenTest, OfManyProcessesOneGetsEachThing) {
  constexpr int processes = 4;
  constexpr int things = 500;
  std::vector<pid_t> children;
  for (int p = 0; p < processes; ++p) {
    const pid_t child = ::fork();
    if (child == 0) {
      int mine = 0;
      Seen seen = opened();
      for (int n = 0; n < things; ++n) {
        if (seen.claim(number(n), start) == Answer::fresh) ++mine;
      }
      std::ofstream{directory / std::to_string(p)} << mine;
      ::_exit(0);
    }
    children.push_back(child);
  }
  int all = 0;
  for (int p = 0; p < processes; ++p) {
    int status = 0;
    ASSERT_EQ(::waitpid(children[static_cast<std::size_t>(p)], &status, 0),
              children[static_cast<std::size_t>(p)]);
    ASSERT_EQ(status, 0);
    all += std::stoi(consumer::read_file(directory / std::to_string(p)));
  }
  EXPECT_EQ(all, things);
}

TEST_F(SeenTest, SaysWhereItCannotBe) {
  EXPECT_THAT(Seen::open(directory / "missing", {}).error(), testing::HasSubstr("No such file"));
}

}  // namespace
}  // namespace simplevisor::sarra
