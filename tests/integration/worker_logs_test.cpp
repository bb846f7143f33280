// What the workers report ends as data in the supervisor's log, when that is kept as JSON.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/integration/host.hpp"

namespace simplevisor::integration {
namespace {

namespace json = boost::json;

std::string tree(const std::string& keys) {
  return R"([worker.take]
kind = "consumer"
with = { queue = "@DIR@/in", handler = ["/bin/false"], attempts = 1 }
)" + keys;
}

// A simple queue with one element.
void make_queue(const std::string& path) {
  std::filesystem::create_directories(path + "/00000000");
  std::ofstream(path + "/00000000/6a22b6f0abcdef") << R"({"body":"one"})";
}

std::vector<json::object> reports(const Host& host, const std::string& log) {
  std::vector<json::object> found;
  for (const std::string& line : host.lines(log)) {
    const json::value value = json::parse(line);  // every line is an object, or this throws
    if (value.as_object().contains("level")) found.push_back(value.as_object());
  }
  return found;
}

const json::object* with_member(const std::vector<json::object>& reports, std::string_view name) {
  const auto found =
      std::ranges::find_if(reports, [&](const json::object& report) { return report.contains(name); });
  return found == reports.end() ? nullptr : &*found;
}

TEST(WorkerLogs, AreDataWhereTheLogIsJson) {
  Host host{tree("log_format = \"json\"\n")};
  make_queue(host.dir() + "/in");
  host.up();
  const std::string log = "state/log/root.take.log";
  ASSERT_TRUE(eventually([&] { return with_member(reports(host, log), "dead_letter") != nullptr; }))
      << host.read(log);
  const auto all = reports(host, log);
  const json::object& buried = *with_member(all, "dead_letter");
  EXPECT_EQ(buried.at("level"), "warning");
  EXPECT_EQ(buried.at("program"), "simplevisor-consumer");
  EXPECT_EQ(buried.at("path"), "root/take") << "the supervisor's members stand beside the worker's";
  EXPECT_EQ(buried.at("queue").as_string(), host.dir() + "/in");
  EXPECT_EQ(buried.at("element"), "00000000/6a22b6f0abcdef");
  EXPECT_EQ(buried.at("failures"), 1);
  EXPECT_TRUE(buried.at("message").as_string().starts_with("dead letter: ")) << buried;
  EXPECT_EQ(buried.at("pid"), host.pid_of("root/take"));
}

// Keys of the worker, and what then begins a line of its log.
using Written = std::pair<std::string, std::string>;
class WorkerLogsAsText : public testing::TestWithParam<Written> {};

TEST_P(WorkerLogsAsText, HoldTheSentence) {
  const auto& [keys, beginning] = GetParam();
  Host host{tree(keys)};
  make_queue(host.dir() + "/in");
  host.up();
  ASSERT_TRUE(eventually([&] {
    return host.read("state/log/root.take.log").find(beginning + "dead letter: ") != std::string::npos;
  })) << host.read("state/log/root.take.log");
}

// The second: the user has the last word.
INSTANTIATE_TEST_SUITE_P(
    WorkerLogs, WorkerLogsAsText,
    testing::Values(Written{"", "F simplevisor-consumer: "},
                    Written{"log_format = \"json\"\nenv = { SIMPLEVISOR_LOG_FORMAT = \"text\" }\n",
                            "\"message\":\"simplevisor-consumer: "}));

}  // namespace
}  // namespace simplevisor::integration
