#include "supervisor/process/credentials.hpp"

#include <gmock/gmock.h>
#include <pwd.h>
#include <unistd.h>

namespace simplevisor::process {
namespace {

using testing::Contains;
using testing::ElementsAre;

TEST(Credentials, AreThoseOfANamedUser) {
  const auto resolved = resolve_credentials("nobody", "");
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->uid, 65534U);
  EXPECT_EQ(resolved->gid, 65534U);
  EXPECT_THAT(resolved->groups, Contains(65534U));
  EXPECT_EQ(resolved->user_name, "nobody");
  EXPECT_FALSE(resolved->home.empty());
}

TEST(Credentials, TakeANumberOfAKnownUser) {
  const auto resolved = resolve_credentials("65534", "");
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->user_name, "nobody");
  EXPECT_EQ(resolved->gid, 65534U);
}

TEST(Credentials, TakeANumberNobodyHasAndNeverOurGroup) {
  const auto resolved = resolve_credentials("3123456", "");
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->uid, 3123456U);
  EXPECT_EQ(resolved->gid, 3123456U);
  EXPECT_THAT(resolved->groups, ElementsAre(3123456U));
}

TEST(Credentials, TakeAGroupOfTheirOwn) {
  const auto resolved = resolve_credentials("nobody", "daemon");
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->uid, 65534U);
  EXPECT_EQ(resolved->gid, 1U);
  EXPECT_THAT(resolved->groups, Contains(1U));
}

TEST(Credentials, OfAGroupAloneKeepOurUserAndDropOurOtherGroups) {
  const auto resolved = resolve_credentials("", "65533");
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->uid, ::geteuid());
  EXPECT_THAT(resolved->groups, ElementsAre(65533U));
}

TEST(Credentials, SayWhichNameIsUnknown) {
  EXPECT_EQ(resolve_credentials("no-such-user", "").error().message,
            "no user \"no-such-user\" in the user database");
  EXPECT_EQ(resolve_credentials("nobody", "no-such-group").error().message,
            "no group \"no-such-group\" in the group database");
  EXPECT_EQ(resolve_credentials("12x", "").error().code, Errc::not_found);
}

TEST(Credentials, RefuseTheNumberThatMeansUnchanged) {
  EXPECT_FALSE(resolve_credentials("4294967295", ""));
  EXPECT_FALSE(resolve_credentials("4294967296", ""));
  EXPECT_FALSE(resolve_credentials("-1", ""));
}

TEST(Credentials, KnowOurOwn) {
  const auto own = resolve_credentials("", "");
  ASSERT_TRUE(own);
  EXPECT_TRUE(own->are_our_own());
  Credentials other = *own;
  other.uid += 1;
  EXPECT_FALSE(other.are_our_own());
  other = *own;
  other.groups.push_back(4242);
  EXPECT_FALSE(other.are_our_own());
}

}  // namespace
}  // namespace simplevisor::process
