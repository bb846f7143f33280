#include "workers/consumer/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace simplevisor::consumer {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

TEST(VariableName, HasOnlyWhatAShellTakes) {
  EXPECT_EQ(variable_name("reply-to"), "SIMPLEVISOR_HEADER_REPLY_TO");
  EXPECT_EQ(variable_name("JMSXGroupID"), "SIMPLEVISOR_HEADER_JMSXGROUPID");
  EXPECT_EQ(variable_name("a=b c\n"), "SIMPLEVISOR_HEADER_A_B_C_");
  EXPECT_EQ(variable_name("\u00e9"), "SIMPLEVISOR_HEADER___");
}

TEST(HeaderVariables, CarryWhatFitsAndCountTheRest) {
  Environment environment;
  add_header(environment,
             {{"a-b", "first"}, {"a_b", "same name"}, {"nul", std::string("x\0y", 3)}, {"file", "ours"}});
  EXPECT_THAT(environment, ElementsAre("SIMPLEVISOR_HEADER_A_B=first", "SIMPLEVISOR_HEADER_OMITTED=3"));
}

TEST(HeaderVariables, StayBelowWhatTheKernelAllows) {
  message::Header header{{"large", std::string(field_bytes_max, 'x')}};
  for (int i = 0; i < 100; ++i) header[std::to_string(i)] = std::string(4000, 'y');
  Environment environment;
  add_header(environment, header);
  std::size_t bytes = 0;
  for (const auto& variable : environment) bytes += variable.size();
  EXPECT_LE(bytes, header_bytes_max + 64);
  EXPECT_GT(bytes, header_bytes_max / 2);
  EXPECT_EQ(environment.back(),
            "SIMPLEVISOR_HEADER_OMITTED=" + std::to_string(101 - (environment.size() - 1)));
}

TEST(Inheritable, LeavesOutWhatIsMeantForTheConsumerAlone) {
  const std::array<const char*, 7> ours{"PATH=/bin",      "NOTIFY_SOCKET=/x", "WATCHDOG_USEC=1",
                                        "WATCHDOG_PID=2", "LISTEN_FDS=3",     "SIMPLEVISOR_HEADER_OLD=1",
                                        nullptr};
  EXPECT_THAT(inheritable(ours.data()), ElementsAre("PATH=/bin"));
}

TEST(HeaderJson, IsTheWholeHeader) {
  EXPECT_EQ(header_json({{"a\n", "\"1\""}, {"b", ""}}), "{\"a\\n\":\"\\\"1\\\"\",\"b\":\"\"}\n");
  EXPECT_EQ(header_json({}), "{}\n");
}

}  // namespace
}  // namespace simplevisor::consumer
