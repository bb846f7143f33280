// The table of commands keeps the promises that its readers (help, manual, completions) rely on.
#include "supervisor/cli/command_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace simplevisor::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

template <class Row>
void expect_one_line(const Row& row) {
  EXPECT_FALSE(row.help.empty()) << row.name;
  EXPECT_THAT(std::string(row.help), Not(HasSubstr("\n"))) << row.name;
  EXPECT_THAT(std::string(row.help), Not(EndsWith("."))) << row.name;
}

void expect_well_formed(const OptionRow& option) {
  expect_one_line(option);
  EXPECT_THAT(std::string(option.name), StartsWith("--"));
  EXPECT_TRUE(option.letter.empty() || option.letter.size() == 2) << option.name;
  EXPECT_EQ(option.value.empty(), std::holds_alternative<bool CommandLine::*>(option.into)) << option.name;
  EXPECT_TRUE(option.bare.empty() || !option.value.empty()) << option.name;
}

TEST(CommandTable, NamesEachCommandOnceAndFindsItInBothSpellings) {
  std::set<std::string_view> names;
  for (const CommandRow& command : commands_table()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_EQ(find_command(command.name), &command);
    EXPECT_EQ(find_command(hyphenated(command.name)), &command);
    EXPECT_NE(command.run, nullptr) << command.name;
    expect_one_line(command);
  }
  EXPECT_EQ(find_command("nothing"), nullptr);
}

TEST(CommandTable, HasOptionsThatClashWithNoGlobalOne) {
  std::set<std::string_view> global;
  for (const OptionRow& option : global_options()) {
    expect_well_formed(option);
    EXPECT_TRUE(global.insert(option.name).second) << option.name;
  }
  for (const CommandRow& command : commands_table()) {
    for (const OptionRow& option : command.options) {
      expect_well_formed(option);
      EXPECT_FALSE(global.contains(option.name)) << command.name << ' ' << option.name;
    }
  }
}

TEST(CommandTable, PutsArgumentsThatMustBeGivenBeforeOthersAndSeveralWordsLast) {
  for (const CommandRow& command : commands_table()) {
    bool optional = false;
    for (const ArgumentRow& argument : command.arguments) {
      expect_one_line(argument);
      EXPECT_FALSE(optional && argument.required) << command.name << ' ' << argument.name;
      optional = optional || !argument.required;
      if (std::holds_alternative<std::vector<std::string> CommandLine::*>(argument.into)) {
        EXPECT_EQ(&argument, &command.arguments.back()) << command.name;
      }
    }
  }
}

TEST(CommandTable, GivesEveryExitCodeOneMeaning) {
  std::vector<std::span<const ExitRow>> tables{common_exits()};
  for (const CommandRow& command : commands_table()) tables.emplace_back(command.exits);
  for (const auto table : tables) {
    std::set<int> codes;
    for (const ExitRow& row : table) EXPECT_TRUE(codes.insert(row.code).second) << row.meaning;
  }
}

TEST(CommandTable, ShowsACommandAsItIsTyped) {
  EXPECT_EQ(usage_of(*find_command("restart")), "restart PATH");
  EXPECT_EQ(usage_of(*find_command("status")), "status [PATH]");
  EXPECT_EQ(usage_of(*find_command("version")), "version");
}

}  // namespace
}  // namespace simplevisor::cli
