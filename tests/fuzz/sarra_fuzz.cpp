// What a fuzzer calls with any bytes: announcements of both formats. In the old one what follows a zero byte is the header,
// NAME=VALUE a line.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/sarra/round_trip.hpp"

namespace {

using namespace simplevisor;

message::Message old_format(std::string_view text) {
  const std::size_t zero = text.find('\0');
  message::Message made{{}, std::string{text.substr(0, zero)}, false};
  for (std::string_view rest = zero == std::string_view::npos ? std::string_view{} : text.substr(zero + 1);
       !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const std::size_t equals = std::min(line.find('='), line.size());
    made.header[std::string{line.substr(0, equals)}] = line.substr(std::min(equals + 1, line.size()));
  }
  made.header["content-type"] = "text/plain";
  return made;
}

void require_kept(const message::Message& message) {
  const std::string broken = sarra::broken_promise(message);
  if (broken.empty()) return;
  std::fprintf(stderr, "%s\n", broken.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  require_kept({{{"content-type", "application/json"}}, std::string{text}, false});
  require_kept(old_format(text));
  return 0;
}
