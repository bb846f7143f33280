// What a fuzzer calls with any bytes: broker URIs and credentials, which users write. Nothing is read from files.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "workers/broker/credentials.hpp"
#include "workers/broker/uri.hpp"

namespace {

void require(bool fact) {
  if (!fact) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace simplevisor::broker;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (text.starts_with("file:")) return 0;
  if (const auto address = parse_address(text)) {
    require(!address->endpoints.empty() && address->endpoints.size() <= endpoints_max);
    for (const Endpoint& endpoint : address->endpoints) {
      auto again = parse_address(endpoint.text());
      require(again && again->endpoints.size() == 1);
      again->endpoints[0].user = endpoint.user;
      again->endpoints[0].password = endpoint.password;
      require(again->endpoints[0] == endpoint);
    }
  } else {
    require(!address.error().message.empty() && address.error().message.size() < 1000);
  }
  if (const auto credential = parse_credential(text)) {
    require(parse_credential(canonical(*credential)) == *credential);
    (void)presentable(*credential);
  } else {
    require(!credential.error().message.empty() && credential.error().message.size() < 300);
  }
  return 0;
}
