// `explain` and `init`: what they need is compiled in, so no supervisor is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <sstream>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/starters.hpp"
#include "tests/control/fake_service.hpp"

namespace simplevisor::cli {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Result {
  int exit = -1;
  std::string out;
  std::string err;
};

Result simplevisor(const std::vector<std::string>& words) {
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal{out, err};
  const Environment environment = [](const char* name) -> std::optional<std::string> {
    if (std::string_view(name) == "SIMPLEVISOR_KINDS") return SOURCE_DIR "/tree-configs/kinds";
    return std::nullopt;
  };
  const RunSupervisor none = [](const CommandLine&, const Environment&, Terminal&) { return 42; };
  const int exit = run(words, environment, terminal, none);
  return {exit, out.str(), err.str()};
}

std::string contents(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

TEST(Explain, TellsOfOneKeyWhatTheLoaderKnowsOfIt) {
  const Result result = simplevisor({"explain", "worker.shutdown"});
  EXPECT_EQ(result.exit, 0);
  EXPECT_EQ(result.out,
            "worker.shutdown\n"
            "  meaning  the time between stop_signal and SIGKILL\n"
            "  value    duration, 1ms to 366d, or \"brutal_kill\", \"infinity\"\n"
            "  default  \"5s\"\n"
            "  example  shutdown = \"20s\"\n");
}

TEST(Explain, TellsTablesWithTheSameKeyTogetherAndOthersApart) {
  const Result result = simplevisor({"explain", "shutdown"});
  EXPECT_THAT(result.out, HasSubstr("supervisor.shutdown\n"));
  EXPECT_THAT(result.out, HasSubstr("\n\nworker.shutdown, pool.shutdown, kind.shutdown\n"));
}

TEST(Explain, ListsTheKeysOfATableAndOfAllTables) {
  EXPECT_THAT(simplevisor({"explain", "capture"}).out, HasSubstr("  simplevisor.capture.files  "));
  const Result all = simplevisor({"explain"});
  EXPECT_EQ(all.exit, 0);
  for (const char* part :
       {"[simplevisor]  ", "[supervisor.NAME]  ", "  worker.command ", "  pool.size ", "limits = "})
    EXPECT_THAT(all.out, HasSubstr(part));
}

TEST(Explain, GivesTheSameAsJson) {
  const json::value one = json::parse(simplevisor({"explain", "period", "--json"}).out);
  const json::object& key = one.at("keys").at(0).as_object();
  EXPECT_EQ(key.at("key"), "supervisor.period");
  EXPECT_EQ(key.at("table"), "[supervisor.NAME]");
  EXPECT_EQ(key.at("type"), "duration");
  EXPECT_EQ(key.at("default"), "\"5s\"");
  EXPECT_EQ(key.at("minimum"), 1);
  EXPECT_EQ(key.at("unit"), "ms");
  const json::value choice = json::parse(simplevisor({"explain", "--json", "strategy"}).out);
  EXPECT_EQ(choice.at("keys").at(0).at("choices").as_array().size(), 3U);
  const json::value all = json::parse(simplevisor({"explain", "--json"}).out);
  EXPECT_GT(all.at("tables").as_array().size(), 8U);
}

TEST(Explain, NamesTheNearestOfAnUnknownKey) {
  const Result result = simplevisor({"explain", "restrat"});
  EXPECT_EQ(result.exit, 2);
  EXPECT_EQ(result.err, "simplevisor: no key 'restrat' (did you mean 'restart'?)\n");
  const Result odd = simplevisor({"explain", "\x1b[31m\xff" + std::string(5000, 'x'), "--json"});
  EXPECT_EQ(odd.exit, 2);
  EXPECT_EQ(json::parse(odd.out).at("code"), "no_such_key");
  EXPECT_LT(odd.out.size(), 400U);
}

class Init : public ::testing::Test {
 protected:
  testing::PrivateDir dir;
};

TEST_F(Init, WritesTreesThatAreValid) {
  for (const Starter& starter : starters()) {
    const std::string file = dir / (std::string(starter.kind) + ".toml");
    const Result written = simplevisor({"init", "--kind", std::string(starter.kind), file});
    ASSERT_EQ(written.exit, 0) << written.err;
    EXPECT_THAT(written.out, HasSubstr(file + " is written"));
    EXPECT_EQ(contents(file), starter.text);
    const Result checked = simplevisor({"--conf", file, "check_configuration"});
    EXPECT_EQ(checked.exit, 0) << starter.kind << checked.err;
  }
}

TEST_F(Init, NeverTouchesWhatIsThere) {
  const std::string file = dir / "mine.toml";
  std::ofstream(file) << "mine";
  const Result result = simplevisor({"init", file});
  EXPECT_EQ(result.exit, 1);
  EXPECT_EQ(result.err, "simplevisor: " + file + " is there already; it is left as it is\n");
  EXPECT_EQ(contents(file), "mine");
  // A link that leads nowhere is there, too: what it names might be anybody's.
  ASSERT_EQ(::symlink((dir / "elsewhere").c_str(), (dir / "link").c_str()), 0);
  EXPECT_EQ(simplevisor({"init", dir / "link"}).exit, 1);
  EXPECT_EQ(simplevisor({"init", dir / "no/such/directory"}).exit, 1);
  EXPECT_EQ(simplevisor({"init", "/dev/full", "--json"}).exit, 1);
}

TEST_F(Init, WritesToStandardOutput) {
  const Result result = simplevisor({"init", "-", "--kind=transfer"});
  EXPECT_EQ(result.exit, 0);
  EXPECT_THAT(result.out, HasSubstr("kind      = \"transfer\""));
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(Init, RefusesAKindThatIsNone) {
  const Result result = simplevisor({"init", "-", "--kind", "consumr"});
  EXPECT_EQ(result.exit, 2);
  EXPECT_THAT(result.err, HasSubstr("(did you mean 'consumer'?)"));
}

}  // namespace
}  // namespace simplevisor::cli
