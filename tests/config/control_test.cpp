// [simplevisor.control]: who may do what, and where the API listens.
#include <gmock/gmock.h>

#include "tests/config/tree_files.hpp"

namespace simplevisor::config {
namespace {

using testing::ElementsAre;

constexpr const char* tree = R"(
[supervisor.root]
children = ["a", "many"]
[worker.a]
command = ["a"]
[pool.many]
command = ["m"]
size = 2
)";

std::vector<std::string> complaints(const std::string& control) {
  const TreeFiles files;
  return files.complaints("[simplevisor.control]\n" + control + tree);
}

ControlSettings loaded(const std::string& control) {
  return TreeFiles{}.good("[simplevisor.control]\n" + control + tree).settings.control;
}

TEST(ControlSettings, NobodyElseAndNowhereElseByDefault) {
  const ControlSettings control = loaded("");
  EXPECT_THAT(control.grants, ElementsAre());
  EXPECT_FALSE(control.listen);
}

TEST(ControlSettings, GrantsNameUsersGroupsOrEverybodyAndAPath) {
  const ControlSettings control = loaded(
      "read = [\"*\", \"nagios  root\"]\noperate = [\"%ops root/a\", \"1001 root/many/2\"]\nadmin = "
      "[\"mona\"]");
  using Role = Grant::Role;
  using Who = Grant::Who;
  EXPECT_THAT(control.grants, ElementsAre(Grant{Role::read, Who::everybody, "", ""},
                                          Grant{Role::read, Who::user, "nagios", "root"},
                                          Grant{Role::operate, Who::group, "ops", "root/a"},
                                          Grant{Role::operate, Who::user, "1001", "root/many/2"},
                                          Grant{Role::admin, Who::user, "mona", ""}));
}

TEST(ControlSettings, GrantsThatMeanNothingAreComplainedAbout) {
  EXPECT_THAT(
      complaints("read = [\" a\", \"%\", \"% a\"]"),
      ElementsAre(
          "tree.toml:2:9: simplevisor.control.read[0]: not of the form \"user\", \"%group\" or \"*\", with "
          "the path of a node after a blank",
          "tree.toml:2:15: simplevisor.control.read[1]: not of the form \"user\", \"%group\" or \"*\", with "
          "the path of a node after a blank",
          "tree.toml:2:20: simplevisor.control.read[2]: not of the form \"user\", \"%group\" or \"*\", with "
          "the path of a node after a blank"));
  EXPECT_THAT(
      complaints("admin = [\"mona root/a\"]"),
      ElementsAre(
          "tree.toml:2:10: simplevisor.control.admin[0]: an administrator is one of the whole tree; for a "
          "part of it there is `operate`"));
  EXPECT_THAT(complaints("operate = [\"mona root/b\", \"mona a\", \"mona root/a/x\", \"mona root/many/x\"]"),
              ElementsAre("tree.toml:2:12: simplevisor.control.operate[0]: there is no node root/b",
                          "tree.toml:2:27: simplevisor.control.operate[1]: there is no node a",
                          "tree.toml:2:37: simplevisor.control.operate[2]: there is no node root/a/x",
                          "tree.toml:2:54: simplevisor.control.operate[3]: there is no node root/many/x"));
}

TEST(ControlSettings, ListenTakesAddressesOfBothFamilies) {
  const std::string token = "\ntoken_file = \"t\"\n";
  for (const auto& [text, address, port] : {std::tuple{"127.0.0.1:7878", "127.0.0.1", 7878},
                                            {"localhost:1", "127.0.0.1", 1},
                                            {"[::1]:65535", "::1", 65535}}) {
    const ControlSettings control = loaded("listen = \"" + std::string(text) + "\"" + token);
    ASSERT_TRUE(control.listen) << text;
    EXPECT_EQ(control.listen->address, address);
    EXPECT_EQ(control.listen->port, port);
    EXPECT_FALSE(control.listen->write);
    EXPECT_TRUE(control.listen->token_file.ends_with("/t"));
  }
  const ControlSettings full =
      loaded("listen = \"127.0.0.1:1\"" + token +
             "write = true\nhosts = [\"Monitor.Example.ORG\"]\ncertificate = \"c\"\nkey = \"k\"");
  ASSERT_TRUE(full.listen);
  EXPECT_TRUE(full.listen->write);
  EXPECT_THAT(full.listen->hosts, ElementsAre("monitor.example.org"));
  EXPECT_TRUE(full.listen->certificate.ends_with("/c"));
}

TEST(ControlSettings, WhatCannotBeListenedOnIsComplainedAbout) {
  for (const char* bad : {"7878", "here:1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:", "127.0.0.1:1x",
                          ":1", "::1:1", "[127.0.0.1]:1", "[::1]"}) {
    EXPECT_THAT(
        complaints("token_file = \"t\"\nlisten = \"" + std::string(bad) + "\""),
        ElementsAre(
            "tree.toml:3:10: simplevisor.control.listen: not \"ADDRESS:PORT\", with a numeric address or "
            "localhost"))
        << bad;
  }
  EXPECT_THAT(
      complaints("listen = \"127.0.0.1:1\""),
      ElementsAre(
          "tree.toml:2:10: simplevisor.control.listen: needs a `token_file`: nobody is let in without a "
          "token"));
  EXPECT_THAT(
      complaints("listen = \"127.0.0.1:1\"\ntoken_file = \"t\"\nkey = \"k\""),
      ElementsAre(
          "tree.toml:2:10: simplevisor.control.listen: needs both `certificate` and `key` for TLS, or "
          "neither"));
  EXPECT_THAT(
      complaints("listen = \"127.0.0.1:1\"\ntoken_file = \"t\"\nhosts = [\"a:1\"]"),
      ElementsAre("tree.toml:4:10: simplevisor.control.hosts[0]: not the name of a host, without its port"));
  EXPECT_THAT(complaints("write = true\nkey = \"k\""),
              ElementsAre("tree.toml:2:9: simplevisor.control.write: means nothing without `listen`",
                          "tree.toml:3:7: simplevisor.control.key: means nothing without `listen`"));
}

}  // namespace
}  // namespace simplevisor::config
