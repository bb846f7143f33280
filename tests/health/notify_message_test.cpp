#include "supervisor/health/notify_message.hpp"

#include <gtest/gtest.h>

#include <string>

namespace simplevisor::health {
namespace {

using namespace std::chrono_literals;

struct Case {
  const char* name;
  std::string datagram;
  NotifyMessage expected;
};

class NotifyMessageTest : public testing::TestWithParam<Case> {};

TEST_P(NotifyMessageTest, IsReadAsWritten) {
  EXPECT_EQ(parse_notify(GetParam().datagram), GetParam().expected) << GetParam().datagram;
}

INSTANTIATE_TEST_SUITE_P(
    Table, NotifyMessageTest,
    testing::Values(
        Case{"empty", "", {}}, Case{"ready", "READY=1", {.ready = true}},
        Case{"ready_with_newline", "READY=1\n", {.ready = true}}, Case{"not_ready", "READY=0", {}},
        Case{"last_of_equal_lines_counts", "READY=1\nREADY=0", {}},
        Case{"several", "READY=1\nSTATUS=up\nWATCHDOG=1", {.ready = true, .watchdog = true, .status = "up"}},
        Case{"reloading", "RELOADING=1", {.reloading = true}},
        Case{"stopping", "STOPPING=1", {.stopping = true}}, Case{"barrier", "BARRIER=1", {.barrier = true}},
        Case{"trigger", "WATCHDOG=trigger", {.watchdog_trigger = true}},
        Case{"odd_watchdog", "WATCHDOG=2", {}},
        Case{"period", "WATCHDOG_USEC=2000000", {.watchdog_period = 2s}},
        Case{"period_off", "WATCHDOG_USEC=0", {.watchdog_period = 0us}},
        Case{"extension", "EXTEND_TIMEOUT_USEC=1500", {.extend_timeout = 1500us}},
        Case{"endless_extension_is_bounded",
             "EXTEND_TIMEOUT_USEC=18446744073709551615",
             {.extend_timeout = 24h * 366}},
        Case{"overflowing_extension_is_bounded",
             "EXTEND_TIMEOUT_USEC=99999999999999999999999",
             {.extend_timeout = 24h * 366}},
        Case{"negative_extension", "EXTEND_TIMEOUT_USEC=-5", {}},
        Case{"bad_number_voids_its_line_only", "WATCHDOG_USEC=5x\nREADY=1", {.ready = true}},
        Case{"empty_number", "WATCHDOG_USEC=", {}}, Case{"errno", "ERRNO=2", {.error = 2}},
        Case{"ignored", "MAINPID=1\nFDSTORE=1\nFDNAME=x\nX_OWN=1\nno equals sign\n=value\n\n\n", {}},
        Case{"names_are_exact", "ready=1\n READY=1\nREADY =1", {}},
        Case{"empty_status", "STATUS=", {.status = ""}},
        Case{"status_keeps_equals_signs", "STATUS=a=b", {.status = "a=b"}},
        Case{"status_keeps_utf8",
             "STATUS=gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x90\x87",
             {.status = "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x90\x87"}},
        Case{"status_replaces_bad_bytes",
             "STATUS=a\xFF"
             "b\xC3",
             {.status = "a\xEF\xBF\xBD"
                        "b\xEF\xBF\xBD"}},
        Case{"status_replaces_overlong_forms", "STATUS=\xC0\xAF", {.status = "\xEF\xBF\xBD\xEF\xBF\xBD"}},
        Case{"status_replaces_surrogates",
             "STATUS=\xED\xA0\x80",
             {.status = "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}},
        Case{"status_replaces_escape_sequences",
             "STATUS=\x1B[2J\r\tx",
             {.status = "\xEF\xBF\xBD[2J\xEF\xBF\xBD x"}},
        Case{"status_replaces_c1_controls", "STATUS=\xC2\x9B", {.status = "\xEF\xBF\xBD"}},
        Case{"null_bytes_are_controls",
             std::string{"STATUS=a\0b", 10},
             {.status = "a\xEF\xBF\xBD"
                        "b"}},
        Case{"status_is_cut",
             "STATUS=" + std::string(status_bytes_max + 1, 's'),
             {.status = std::string(status_bytes_max, 's')}},
        Case{"status_is_cut_between_characters",
             "STATUS=" + std::string(status_bytes_max - 1, 's') + "\xC3\xBC",
             {.status = std::string(status_bytes_max - 1, 's')}}),
    [](const auto& instance) { return std::string{instance.param.name}; });

}  // namespace
}  // namespace simplevisor::health
