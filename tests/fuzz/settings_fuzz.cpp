// What a fuzzer calls with any bytes: the configuration files of the transfer agent, in either language, and the settings made of them.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "workers/transfer/config_general.hpp"
#include "workers/transfer/settings.hpp"
#include "workers/transfer/settings_files.hpp"

namespace {

using namespace simplevisor::transfer;

void require(bool fact) {
  if (!fact) std::abort();
}

void use(const std::expected<boost::json::object, std::string>& object) {
  if (!object) return require(object.error().find(':') != std::string::npos);
  Settings settings;
  for (const std::string& problem : set_from(settings, flattened(*object))) require(!problem.empty());
  (void)contradictions(settings);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  // Every include brings the same text again, so that its bounds are met.
  const ReadFile read = [&](const std::string&) { return std::expected<std::string, std::string>{text}; };
  use(parse_config_general(text, "fuzz.conf", read));
  use(parse_toml(std::string{text}, "fuzz.toml"));
  return 0;
}
