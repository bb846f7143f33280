// workers/dirq/tool/output.cpp
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "workers/dirq/tool/commands.hpp"

namespace simplevisor::dirq::tool {

namespace {

Exit exit_of(Errc code) {
  switch (code) {
    case Errc::busy:
    case Errc::lost_lock:
    case Errc::descriptor_limit:
      return exit_busy;
    case Errc::gone:
    case Errc::no_queue:
      return exit_not_found;
    case Errc::no_space:
      return exit_no_space;
    case Errc::permission:
      return exit_not_allowed;
    case Errc::malformed:
      return exit_bad_name;
    case Errc::cross_device:
    case Errc::too_large:
    case Errc::other:
      return exit_failed;
  }
  std::unreachable();
}

}  // namespace

int fail(Exit code, std::string_view message) {
  fmt::print(stderr, "simplevisor-dirq: {}\n", message);
  return code;
}

int fail(const Error& error) {
  return fail(exit_of(error.code), error.message);
}

int print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
    return exit_done;
  return fail(exit_failed, "write standard output: " + std::generic_category().message(errno));
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace simplevisor::dirq::tool
