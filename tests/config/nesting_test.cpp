// tests/config/nesting_test.cpp
#include "supervisor/config/nesting.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/config/tree_files.hpp"

namespace simplevisor::config {
namespace {

std::string repeated(std::string_view part, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += part;
  return text;
}

TEST(Nesting, IsFoundInDottedKeysTableHeadersAndBrackets) {
  for (const std::string& deep :
       {"a." + repeated("a.", nesting_max) + "b = 1", repeated("[", nesting_max + 1),
        repeated("{a=", nesting_max + 1), "[" + repeated("'x' . ", nesting_max) + "b]",
        "a = {" + repeated("b.", nesting_max) + "c = [", repeated("[\n", 200)}) {
    EXPECT_TRUE(too_deep(deep)) << deep;
  }
}

TEST(Nesting, IsToldWithItsPlace) {
  const auto place = too_deep("x = 1\ny." + repeated("y.", nesting_max) + "z = 1\n");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->line, 2U);
  EXPECT_EQ(place->column, 2 * (nesting_max + 1));
}

TEST(Nesting, CountsNothingInStringsAndCommentsAndBesideEachOther) {
  const std::string dots = repeated(".", 1000);
  const std::string brackets = repeated("[{", 1000);
  for (const std::string& flat :
       {"# " + dots + brackets, "a = \"" + dots + "\\\"" + brackets + "\"", "a = '" + brackets + "\\'\nb = 1",
        "a = \"\"\"\n" + dots + "\n\"" + brackets + "\"\"\"", "a = '''\n" + dots + "\n''" + brackets + "'''",
        "a = [" + repeated("1.5, ", 1000) + "]", "a = [" + repeated("[1.5,[2.5]],\n", 1000) + "]",
        repeated("[a.b.c]\nd.e = { f.g = 1.5 }\n", 1000), repeated("]}", 1000) + dots.substr(0, 100)}) {
    EXPECT_FALSE(too_deep(flat)) << flat;
  }
}

// Tables of 200,000 tables in each other overflowed the stack of the loader.
TEST(Nesting, OfAConfigurationIsBounded) {
  const TreeFiles files;
  const std::string deep = repeated("a.", 200'000) + "a";
  EXPECT_EQ(files.complaints("[worker.w]\ncommand = [\"w\"]\nwith." + deep + " = 1\n"),
            std::vector<std::string>{"tree.toml:3:261: nested more than 128 deep"});
  EXPECT_EQ(files.complaints("[worker.w]\ncommand = [\"w\"]\n[worker.w.with." + deep + "]\n"),
            std::vector<std::string>{"tree.toml:3:265: nested more than 128 deep"});
}

}  // namespace
}  // namespace simplevisor::config
