// Lines as they stand in logs, what of JSON is merged, and the counting of floods.
#include "supervisor/runtime/line_format.hpp"

#include <gmock/gmock.h>

#include "supervisor/runtime/flood_gate.hpp"
#include "supervisor/runtime/json_members.hpp"

namespace simplevisor::runtime {
namespace {

using namespace std::chrono_literals;

std::string members(std::string_view text) {
  std::string to = "x";
  const bool taken = append_members(to, text);
  return taken ? to : to == "x" ? "not taken" : "left a mess";
}

TEST(LineFormat, IsReadBackAsItWasWritten) {
  for (const auto format : {config::LogFormat::text, config::LogFormat::json}) {
    for (const bool partial : {false, true}) {
      for (const std::string_view text : {"", "plain", " blank \t", "\"quoted\" \\ \x01 caf\xc3\xa9"}) {
        std::string log;
        const LineWriter writer{format,
                                {"root/a \"b\"", 3, logs::Stream::err, logs::LogTime{1'700'000'000'123ms}}};
        writer.append(log, {text, partial});
        ASSERT_TRUE(log.ends_with('\n'));
        log.pop_back();
        const logs::StoredLine line = logs::parse_line(log);
        EXPECT_EQ(line.text, text);
        EXPECT_EQ(line.partial, partial);
        EXPECT_EQ(line.stream, logs::Stream::err);
        EXPECT_EQ(line.time, logs::LogTime{1'700'000'000'123ms});
      }
    }
  }
}

TEST(JsonMembers, AreTakenFromWholeObjectsOnly) {
  EXPECT_EQ(members("{}"), "x");
  EXPECT_EQ(members(R"( {"a":1})"), "not taken");
  EXPECT_EQ(members(R"({"a" : -1.5e+3 , "b":[ true,null,{"c":"\u00e9\n"} ]} )"),
            R"(x,"a":-1.5e+3,"b":[ true,null,{"c":"\u00e9\n"} ])");
  EXPECT_EQ(members(R"({"path":1,"life":2,"mine":3})"), R"(x,"worker_path":1,"worker_life":2,"mine":3)");
  for (const char* const wrong :
       {"", "{", R"({"a"})", R"({"a":})", R"({"a":01})", R"({"a":1,})", R"({"a":1}x)", R"({"a":"\x"})",
        R"({"a":tru})", "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}", "[1]", "1", R"({"a":1.})", R"({"a":"\u12"})"})
    EXPECT_EQ(members(wrong), "not taken") << wrong;
}

TEST(JsonMembers, HaveABoundedDepth) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(members(nested(json_depth_max)),
            "x" + ("," + nested(json_depth_max).substr(1, json_depth_max * 2 + 4)));
  EXPECT_EQ(members(nested(json_depth_max + 1)), "not taken");
  EXPECT_EQ(members(nested(1'000'000)), "not taken");
}

TEST(FloodGate, LetsSoManyThroughInASecondAndCountsTheRest) {
  FloodGate gate{{.lines = 2}};
  const FloodGate::Time start{100s};
  EXPECT_TRUE(gate.admit(10, start));
  EXPECT_TRUE(gate.admit(10, start + 100ms));
  EXPECT_FALSE(gate.due());
  EXPECT_FALSE(gate.admit(10, start + 200ms));
  EXPECT_FALSE(gate.admit(20, start + 700ms));
  EXPECT_FALSE(gate.take_dropped(start + 999ms));
  EXPECT_EQ(gate.due(), start + 1s);
  const auto dropped = gate.take_dropped(start + 1s);
  ASSERT_TRUE(dropped);
  EXPECT_EQ(dropped->lines, 2u);
  EXPECT_EQ(dropped->bytes, 30u);
  EXPECT_EQ(dropped->during, 500ms);
  EXPECT_FALSE(gate.take_dropped(start + 2s));
  EXPECT_TRUE(gate.admit(10, start + 1s));
}

TEST(FloodGate, CountsBytesToo) {
  FloodGate gate{{.bytes = 100}};
  const FloodGate::Time start{100s};
  EXPECT_TRUE(gate.admit(1000, start));  // a line larger than the limit comes through once a second
  EXPECT_FALSE(gate.admit(1, start));
  EXPECT_TRUE(gate.admit(1000, start + 1s));
}

}  // namespace
}  // namespace simplevisor::runtime
