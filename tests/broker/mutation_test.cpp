// The fuzz target for URIs and credentials on damaged ones, with fixed seeds: what a machine without a fuzzer can try in seconds.
#include "tests/mutator.hpp"
#include "tests/stomp/codec_support.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace simplevisor::broker {
namespace {

std::vector<std::string> healthy() {
  std::vector<std::string> inputs;
  const auto recorded = stomp::vectors("credentials.json");
  for (const auto& item : recorded.at("cases").as_array()) inputs.emplace_back(item.at("string").as_string());
  for (const char* uri :
       {"tcp://mq.example.org:61613", "ssl://[fe80::1]:61614", "udp://a:1", "amqp://u:p%40@h:5672/a%2Fb",
        "amqps://h//",
        "failover:(tcp://a:1,ssl://b:2)?randomize=false&initialReconnectDelay=5&backOffMultiplier=1.5",
        "failover:amqp://a,amqp://"
        "b?x=y&maxReconnectAttempts=-1&useExponentialBackOff=true&maxReconnectDelay=7"}) {
    inputs.emplace_back(uri);
  }
  return inputs;
}

constexpr std::string_view pieces[] = {"tcp:",      "\n",  ":",   {"\0", 1}, "\\", "%",    "@",
                                       "//",        "(",   ")",   ",",       "?",  "&",    "=",
                                       "failover:", "nan", "%2F", "[",       "]",  "\xFF", "\xC3\xA9"};

TEST(Mutation, NeverGivesAnythingButAnErrorOrAResult) {
  const auto inputs = healthy();
  for (std::uint32_t seed = 0; seed < 20'000; ++seed) {
    SCOPED_TRACE(seed);
    test::Mutator mutator{seed, pieces};
    const std::string input = mutator.mutate(inputs[seed % inputs.size()]);
    ASSERT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size()), 0);
  }
}

}  // namespace
}  // namespace simplevisor::broker
