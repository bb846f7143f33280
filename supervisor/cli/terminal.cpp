#include "supervisor/cli/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "supervisor/cli/text_table.hpp"
#include "supervisor/control/json.hpp"

namespace simplevisor::cli {
namespace {

std::string printable_lines(std::string_view text) {
  std::string lines;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (at > 0) lines += '\n';
    lines += printable(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

std::string failure_text(const Failure& failure, bool json) {
  if (json) return control::problem_json(0, failure.code, failure.message) + "\n";
  return "simplevisor: " + printable_lines(failure.message) + "\n";
}

int report(const Failure& failure, Terminal& terminal, bool json) {
  (json ? terminal.out : terminal.err) << failure_text(failure, json) << std::flush;
  return code(failure.exit);
}

Failure failure_of(const control::ClientError& error) {
  return {exit_of(error.code), std::string(word_of(error.code)), error.message, error};
}

Failure failure_of(const control::Response& response) {
  auto error = control::parse_problem(response.body);
  if (!error) return unreadable(fmt::format("HTTP status {}", response.status));
  return {exit_of(response.status, error->code), std::move(error->code), std::move(error->detail)};
}

Failure unreadable(const std::string& reason) {
  return {Exit::failed, "bad_answer", fmt::format("the supervisor's answer makes no sense: {}", reason)};
}

}  // namespace simplevisor::cli
