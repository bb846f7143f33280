// What a fuzzer calls with any bytes: the configuration files of the transfer agent, and the settings made of them.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "workers/transfer/config_general.hpp"
#include "workers/transfer/settings.hpp"

namespace {

using namespace simplevisor::transfer;

void require(bool fact) {
  if (!fact) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  // Every include brings the same text again, so that its bounds are met.
  const ReadFile read = [&](const std::string&) { return std::expected<std::string, std::string>{text}; };
  const auto object = parse_config_general(text, "fuzz.conf", read);
  if (!object) {
    require(object.error().find(':') != std::string::npos);
    return 0;
  }
  Settings settings;
  for (const std::string& problem : set_from(settings, flattened(*object))) require(!problem.empty());
  (void)contradictions(settings);
  return 0;
}
