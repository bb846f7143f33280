// Who may do what, where: from grants to roles and scopes.
#include <gmock/gmock.h>

#include "supervisor/control/access.hpp"
#include "supervisor/control/routes.hpp"

namespace simplevisor::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Who = config::Grant::Who;

constexpr uid_t own = 500;

TEST(Rights, RootAndTheSupervisorsOwnUserMayDoEverything) {
  for (const uid_t uid : {uid_t{0}, own}) {
    const Rights rights = Rights::of({.uid = uid, .groups = {}}, own, {});
    EXPECT_EQ(rights.highest(), Role::admin);
    ASSERT_TRUE(rights.where(Role::admin));
    EXPECT_TRUE(rights.where(Role::admin)->is_everything());
  }
  EXPECT_FALSE(Rights::of({.uid = 1000, .groups = {}}, own, {}).highest());
  EXPECT_FALSE(Rights::of({.uid = 1000, .groups = {}}, 0, {}).where(Role::read));
}

TEST(Rights, AreTheSumOfAllGrantsThatAreForSomebody) {
  const std::vector<Rule> rules{{Role::read, Who::everybody, 0, "root/shown"},
                                {Role::operate, Who::user, 1000, "root/a"},
                                {Role::operate, Who::group, 20, "root/b"},
                                {Role::admin, Who::user, 1001, ""}};
  const Rights mona = Rights::of({.uid = 1000, .groups = {10, 20}}, own, rules);
  EXPECT_EQ(mona.highest(), Role::operate);
  EXPECT_THAT(mona.where(Role::read)->subtrees(), ElementsAre("root/shown", "root/a", "root/b"));
  EXPECT_THAT(mona.where(Role::operate)->subtrees(), ElementsAre("root/a", "root/b"));
  EXPECT_FALSE(mona.where(Role::admin));
  const Rights anybody = Rights::of({.uid = 1002, .groups = {21}}, own, rules);
  EXPECT_THAT(anybody.where(Role::read)->subtrees(), ElementsAre("root/shown"));
  EXPECT_FALSE(anybody.where(Role::operate));
  const Rights chief = Rights::of({.uid = 1001, .groups = {}}, own, rules);
  EXPECT_TRUE(chief.where(Role::read)->is_everything());
}

TEST(Scope, CoversWholeSubtreesAndNoNeighbours) {
  const runtime::Scope scope{{"root/a"}};
  EXPECT_TRUE(scope.covers("root/a"));
  EXPECT_TRUE(scope.covers("root/a/b"));
  EXPECT_FALSE(scope.covers("root/ab"));
  EXPECT_FALSE(scope.covers("root"));
  EXPECT_FALSE(runtime::Scope{std::vector<std::string>{}}.covers("root"));
  EXPECT_TRUE(runtime::Scope{}.covers("root"));
}

TEST(Resolve, TakesNamesAndNumbersAndLeavesOutWhatNobodyHas) {
  std::vector<std::string> told;
  const auto rules = resolve({{Role::read, Who::user, "root", "root/a"},
                              {Role::read, Who::group, "0", ""},
                              {Role::operate, Who::user, "no-such-user-here", ""},
                              {Role::operate, Who::group, "no-such-group-here", ""},
                              {Role::read, Who::everybody, "", ""}},
                             [&](const std::string& text) { told.push_back(text); });
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules[0].id, 0U);
  EXPECT_EQ(rules[0].path, "root/a");
  EXPECT_EQ(rules[1].who, Who::group);
  EXPECT_EQ(rules[2].who, Who::everybody);
  EXPECT_THAT(told,
              ElementsAre("there is no user no-such-user-here: the grant of \"operate\" is for nobody",
                          "there is no group no-such-group-here: the grant of \"operate\" is for nobody"));
}

// What each role may ask for, over all routes there are.
TEST(Authorise, EachRouteTakesItsRole) {
  const auto may = [](const Rights& rights, const Route& route) {
    Call call{.verb = route.verb};
    return authorise(call, rights).has_value();
  };
  std::vector<std::string> read;
  std::vector<std::string> operate;
  std::vector<std::string> admin;
  for (const Route& route : routes()) {
    const std::string name(route.path);
    EXPECT_FALSE(may(Rights{}, route)) << name;
    EXPECT_TRUE(may(Rights::whole(Role::admin), route)) << name;
    if (may(Rights::whole(Role::read), route)) {
      EXPECT_EQ(route.method, "GET") << name;
      EXPECT_TRUE(may(Rights::whole(Role::operate), route)) << name;
    } else if (may(Rights::whole(Role::operate), route)) {
      operate.push_back(name);
    } else {
      admin.push_back(name);
    }
  }
  EXPECT_THAT(operate, ElementsAre("/v1/start", "/v1/stop", "/v1/restart", "/v1/signal"));
  EXPECT_THAT(admin, ElementsAre("/v1/configuration", "/v1/shutdown"));
}

TEST(Authorise, GivesTheScopeOfTheRoleThatIsNeeded) {
  const std::vector<Rule> rules{{Role::read, Who::everybody, 0, "root"},
                                {Role::operate, Who::everybody, 0, "root/a"}};
  const Rights rights = Rights::of({.uid = 1000, .groups = {}}, own, rules);
  Call status{.verb = Verb::status};
  ASSERT_TRUE(authorise(status, rights));
  EXPECT_THAT(status.within.subtrees(), ElementsAre("root", "root/a"));
  Call stop{.verb = Verb::stop};
  ASSERT_TRUE(authorise(stop, rights));
  EXPECT_THAT(stop.within.subtrees(), ElementsAre("root/a"));
  EXPECT_THAT(stop.visible.subtrees(), ElementsAre("root", "root/a"));
  Call metrics{.verb = Verb::metrics};
  const auto refused = authorise(metrics, rights);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 403U);
  Call shutdown{.verb = Verb::shutdown};
  EXPECT_THAT(authorise(shutdown, rights).error().body,
              HasSubstr(R"(this takes the role \"admin\"; you have \"operate\")"));
}

}  // namespace
}  // namespace simplevisor::control
