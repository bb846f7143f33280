// supervisor/cli/exit_codes.hpp
//
// What the exit codes of `simplevisor` mean, decided in one place and documented in docs/cli.md.
//
// Semantics  0 to 8 for all commands, except `check` (0 to 3 tell the condition of the tree) and `status` without
//            a path (the LSB's codes for init scripts). A number, once given away, keeps its meaning.
// Threads    pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "supervisor/control/client.hpp"
#include "supervisor/runtime/service.hpp"

namespace simplevisor::cli {

enum class Exit : std::uint8_t {
  done = 0,
  failed = 1,
  usage = 2,
  no_such_node = 4,
  not_permitted = 5,
  timed_out = 6,
  not_running = 7,
  bad_configuration = 8,
};

// What `check` says. Its own trouble (no such node, usage, configuration) keeps the codes above.
enum class CheckExit : std::uint8_t { as_expected = 0, healing = 1, failed = 2, unreachable = 3 };

// What `status` without a path says: LSB 5.0, "Init Script Actions".
enum class StatusExit : std::uint8_t { running = 0, dead_with_remains = 1, not_running = 3, unknown = 4 };

constexpr int code(Exit exit) {
  return static_cast<int>(exit);
}
constexpr int code(CheckExit exit) {
  return static_cast<int>(exit);
}
constexpr int code(StatusExit exit) {
  return static_cast<int>(exit);
}

Exit exit_of(control::ClientErrc error);
// Of an answer of the control API: its HTTP status, and the code of its error object ("" when there is none).
Exit exit_of(unsigned http_status, std::string_view error_code);
CheckExit check_exit(runtime::Verdict verdict);
StatusExit status_exit(const control::ClientError& error);

// The word that stands for it in {"error":{"code":...}} of --json.
std::string_view word_of(control::ClientErrc error);

}  // namespace simplevisor::cli
