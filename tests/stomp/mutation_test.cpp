// The fuzz target for frames on damaged vectors, with fixed seeds: what a machine without a fuzzer can try in seconds.
#include "tests/mutator.hpp"
#include "tests/stomp/codec_support.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace simplevisor::stomp {
namespace {

std::vector<std::string> healthy() {
  std::vector<std::string> inputs;
  const auto frames = vectors("stomp-frames.json");
  for (const auto& item : frames.at("decode").as_array()) inputs.push_back(bytes_of(item.at("frame_base64")));
  const auto wire = vectors("stomp-wire.json");
  for (const auto& session : wire.at("sessions").as_array()) {
    std::string all;
    for (const auto& step : session.at("steps").as_array()) all += bytes_of(step.at("received_base64"));
    inputs.push_back(std::move(all));
  }
  return inputs;
}

constexpr std::string_view pieces[] = {"M",
                                       "\n",
                                       "\r\n",
                                       ":",
                                       {"\0", 1},
                                       "\\n",
                                       "\\",
                                       "content-length:3\n",
                                       "content-length:99999999\n",
                                       "MESSAGE\n",
                                       "%",
                                       "\xFF",
                                       "\xC3\xA9"};

TEST(Mutation, NeverGivesAnythingButAnErrorOrAResult) {
  const auto inputs = healthy();
  for (std::uint32_t seed = 0; seed < 20'000; ++seed) {
    SCOPED_TRACE(seed);
    test::Mutator mutator{seed, pieces};
    std::string input = mutator.mutate(inputs[seed % inputs.size()]);
    input.insert(input.begin(), static_cast<char>(mutator.below(256)));  // dialect and pieces
    ASSERT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size()), 0);
  }
}

}  // namespace
}  // namespace simplevisor::stomp
