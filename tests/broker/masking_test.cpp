#include "workers/broker/masking.hpp"

#include <gtest/gtest.h>

namespace simplevisor::broker {
namespace {

TEST(Masking, TakesASecretOutOfWhatSomebodyElseSays) {
  const Secret secret{"hunter2"};
  EXPECT_EQ(masked("user 'u', pass hunter2: hunter2.", secret), "user 'u', pass ***: ***.");
  EXPECT_EQ(masked("hunter2", secret), "***");
}

TEST(Masking, LeavesOtherWordsAloneSinceAMaskInThemWouldTellTheSecret) {
  EXPECT_EQ(masked("no queue hunter2_queue in hunter23", Secret{"hunter2"}),
            "no queue hunter2_queue in hunter23");
}

TEST(Masking, LeavesShortSecretsWhichAreFoundEverywhere) {
  EXPECT_EQ(masked("connection refused", Secret{"e"}), "connection refused");
  EXPECT_EQ(masked("user guest", Secret{"guest"}), "user guest");
  EXPECT_EQ(masked("text", Secret{}), "text");
}

}  // namespace
}  // namespace simplevisor::broker
