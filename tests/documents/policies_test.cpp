// What simplevisor-policies(7) says happens, second by second, is what the core decides: each tree of the page is loaded
// as it stands, and the table behind it is played.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include "supervisor/config/units.hpp"
#include "tests/config/tree_files.hpp"
#include "tests/core/scripted_tree.hpp"

namespace simplevisor::documents {
namespace {

using core::Milliseconds;
using core::testing::Lines;
using core::testing::ScriptedTree;

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

// What stands between .EX and .EE, as a reader sees it.
std::vector<std::string> examples() {
  std::ifstream file{SOURCE_DIR "/docs/man/simplevisor-policies.7", std::ios::binary};
  const std::string page{std::istreambuf_iterator<char>{file}, {}};
  std::vector<std::string> blocks;
  for (std::size_t at = 0; (at = page.find(".EX\n", at)) != std::string::npos;) {
    at += 4;
    blocks.push_back(replaced(page.substr(at, page.find(".EE\n", at) - at), "\\-", "-"));
  }
  return blocks;
}

struct Moment {
  Milliseconds at;
  std::string event;
  std::string answer;
};

std::vector<Moment> moments(const std::string& table) {
  static const std::regex row{R"(^ *(\w+)  +(\S+(?: \S+)*)  +(\S.*)$)"};
  std::vector<Moment> all;
  std::istringstream lines{table};
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, row)) {
      ADD_FAILURE() << "no row of a table: " << line;
      continue;
    }
    const auto at = config::parse_duration(match[1].str() == "0s" ? "0" : match[1].str());
    EXPECT_TRUE(at) << line;
    all.push_back({at.value_or(Milliseconds{0}), match[2], match[3]});
  }
  return all;
}

// "orders gives up" for the tree's "gave_up orders".
std::string in_words(const std::string& line) {
  static const std::map<std::string, std::string> words{{"up", "is up"},
                                                        {"gave_up", "gives up"},
                                                        {"ended", "ends"},
                                                        {"cooling_down", "cools down"},
                                                        {"auto_shutdown", "shuts itself down"},
                                                        {"failed", "cannot start"}};
  const std::size_t space = line.find(' ');
  const auto found = words.find(line.substr(0, space));
  return found == words.end() ? line : line.substr(space + 1) + " " + found->second;
}

std::string in_words(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : ", ") + in_words(line);
  return text.empty() ? "nothing" : text;
}

Lines play(ScriptedTree& tree, const std::string& event) {
  if (event == "start") return tree.start();
  if (event == "stop") return tree.stop_tree();
  const std::size_t space = event.find(' ');
  const std::string who = event.substr(0, space);
  const std::string what = event.substr(space + 1);
  if (what == "dies") return tree.crash(who);
  if (what == "ends") return tree.exit(who);
  if (what == "is ready") return tree.ready(who);
  if (what == "fails") return tree.fail(who);
  if (what == "is gone") return tree.gone(who);
  ADD_FAILURE() << "no event: " << event;
  return {};
}

// Those that tell when they are ready wait for the page to say so.
std::set<std::string> waiting(const core::SupervisorSpec& supervisor) {
  std::set<std::string> names;
  for (const auto& child : supervisor.children) {
    if (child->slow_start) names.insert(child->name);
    if (child->supervisor) names.merge(waiting(*child->supervisor));
  }
  return names;
}

void expect_true(const std::string& toml, const std::string& table) {
  SCOPED_TRACE(toml);
  const config::TreeFiles files;
  const auto loaded = files.good(toml);
  ScriptedTree tree{loaded.root};
  tree.manual(waiting(*loaded.root->supervisor));
  Milliseconds now{0};
  for (const Moment& moment : moments(table)) {
    const std::string meanwhile = in_words(tree.advance(moment.at - now));
    now = moment.at;
    if (moment.event == "-") {
      EXPECT_EQ(meanwhile, moment.answer) << "at " << moment.at.count() << " ms";
      continue;
    }
    // What happens by itself has a row of its own.
    EXPECT_EQ(meanwhile, "nothing") << "before " << moment.event;
    EXPECT_EQ(in_words(play(tree, moment.event)), moment.answer)
        << "at " << moment.at.count() << " ms: " << moment.event;
  }
}

TEST(Policies, HappenSecondBySecondAsTheManualSays) {
  const auto blocks = examples();
  ASSERT_GE(blocks.size(), 20U);
  ASSERT_EQ(blocks.size() % 2, 0U);
  for (std::size_t i = 0; i < blocks.size(); i += 2) expect_true(blocks[i], blocks[i + 1]);
}

}  // namespace
}  // namespace simplevisor::documents
