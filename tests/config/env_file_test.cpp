// tests/config/env_file_test.cpp
#include "supervisor/config/env_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>

#include "tests/config/tree_files.hpp"

namespace simplevisor::config {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::Pair;

// The value of A in a file of one assignment, which is what systemd 252 makes of it.
struct Row {
  const char* text;
  const char* value;
};

constexpr std::array<Row, 22> values{{
    {"A=plain", "plain"},
    {"A=", ""},
    {"A=two words", "two words"},
    {"  A  =  blanks around  \t", "blanks around"},
    {"A=b\r\n", "b"},
    {"export A=x", "x"},
    {"export\tA=x", "x"},
    {"A='single \"quoted\" \\ $x'", "single \"quoted\" \\ $x"},
    {"A=\"double 'quoted'\"", "double 'quoted'"},
    {R"(A="\"\\\`\$\n")", "\"\\`$\\n"},
    {"A='one '\"two\"", "one two"},
    {"A='quoted blank '", "quoted blank "},
    {R"(A=a\ b\\c\"d)", "a b\\c\"d"},
    {R"(A=trailing\ )", "trailing "},
    {"A=it's {\"json\": 1}", "it's {\"json\": 1}"},
    {"A=one\\\ntwo", "onetwo"},
    {"A=\"one\\\ntwo\"", "onetwo"},
    {"A='one\ntwo'", "one\ntwo"},
    {"A=value # no comment", "value # no comment"},
    {"# comment\n\n; comment\n   # comment\nA=x", "x"},
    {"A=a=b", "a=b"},
    {"A=1\nA=2", "2"},
}};

TEST(EnvironmentFile, IsReadAsSystemdReadsIt) {
  for (const Row& row : values) {
    const auto environment = parse_env(row.text, "f");
    ASSERT_TRUE(environment) << row.text << ": " << environment.error().to_string();
    EXPECT_THAT(*environment, ElementsAre(Pair("A", row.value))) << row.text;
  }
}

TEST(EnvironmentFile, KeepsTheOrderOfFirstAppearance) {
  const auto environment = parse_env("B=1\nA=2\nB=3\n", "f");
  ASSERT_TRUE(environment);
  EXPECT_THAT(*environment, ElementsAre(Pair("B", "3"), Pair("A", "2")));
  EXPECT_TRUE(parse_env("", "f")->empty());
}

TEST(EnvironmentFile, IsRefusedWithFileAndLine) {
  const std::array<std::pair<std::string, std::string>, 9> rows{{
      {"A=1\nnonsense\n", "f:2: not a NAME=VALUE line"},
      {"A=1\nB", "f:2: not a NAME=VALUE line"},
      {"\n\n1A=x", "f:3: 1A: not a name: letters, digits and _, no digit first"},
      {"=x", "f:1: not a name: letters, digits and _, no digit first"},
      {"A B=x", "f:1: A B: not a name: letters, digits and _, no digit first"},
      {"A='x\ny\n", "f:1: a quote ' that is never closed"},
      {"B=1\nA=\"x", "f:2: a quote \" that is never closed"},
      {std::string{"A=1\nB=\0"
                   "2",
                   8},
       "f:2: a NUL byte"},
      {"A=1\nB=" + std::string(131'072, 'x'), "f:2: B: the value has more than 131071 bytes"},
  }};
  for (const auto& [text, complaint] : rows) {
    const auto environment = parse_env(text, "f");
    ASSERT_FALSE(environment) << complaint;
    EXPECT_EQ(environment.error().to_string(), complaint);
  }
}

TEST(EnvironmentFile, HasBounds) {
  std::string many;
  for (int i = 0; i <= 10'000; ++i) many += "V" + std::to_string(i) + "=\n";
  EXPECT_EQ(parse_env(many, "f").error().to_string(), "f:10001: more than 10000 names");
  EXPECT_EQ(parse_env(std::string((1u << 20) + 1, '\n'), "f").error().to_string(),
            "f: larger than 1048576 bytes");
}

TEST(EnvironmentFile, IsReadFromDiskOrRefusedWithTheReason) {
  const TreeFiles files;
  files.write("good.env", "A=1\n");
  EXPECT_THAT(*read_env_file(files.path("good.env")), ElementsAre(Pair("A", "1")));
  EXPECT_THAT(read_env_file(files.path("missing.env")).error().to_string(),
              EndsWith("missing.env: cannot be read: No such file or directory"));
  ASSERT_EQ(::mkfifo(files.path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(read_env_file(files.path("fifo")).error().to_string(),
              EndsWith("fifo: cannot be read: not a regular file"));
}

}  // namespace
}  // namespace simplevisor::config
