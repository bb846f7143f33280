#include "supervisor/cli/exit_codes.hpp"

#include <utility>

namespace simplevisor::cli {

using control::ClientErrc;

Exit exit_of(ClientErrc error) {
  switch (error) {
    case ClientErrc::not_running:
      return Exit::not_running;
    case ClientErrc::not_permitted:
      return Exit::not_permitted;
    case ClientErrc::timed_out:
      return Exit::timed_out;
    case ClientErrc::lost:
    case ClientErrc::bad_answer:
    case ClientErrc::system:
      return Exit::failed;
  }
  std::unreachable();
}

Exit exit_of(unsigned http_status, std::string_view error_code) {
  if (http_status < 300) return Exit::done;
  // An ambiguous name stands for no node either; its message lists those it might have meant.
  if (error_code == "no_such_node" || error_code == "ambiguous") return Exit::no_such_node;
  if (http_status == 403) return Exit::not_permitted;
  if (http_status == 400 || http_status == 414) return Exit::usage;
  return Exit::failed;
}

CheckExit check_exit(runtime::Verdict verdict) {
  switch (verdict) {
    case runtime::Verdict::good:
      return CheckExit::as_expected;
    case runtime::Verdict::healing:
      return CheckExit::healing;
    case runtime::Verdict::failed:
      return CheckExit::failed;
  }
  std::unreachable();
}

StatusExit status_exit(const control::ClientError& error) {
  if (error.code != ClientErrc::not_running) return StatusExit::unknown;
  return error.stale ? StatusExit::dead_with_remains : StatusExit::not_running;
}

std::string_view word_of(ClientErrc error) {
  switch (error) {
    case ClientErrc::not_running:
      return "not_running";
    case ClientErrc::not_permitted:
      return "not_permitted";
    case ClientErrc::timed_out:
      return "timed_out";
    case ClientErrc::lost:
      return "lost";
    case ClientErrc::bad_answer:
      return "bad_answer";
    case ClientErrc::system:
      return "failed";
  }
  std::unreachable();
}

}  // namespace simplevisor::cli
