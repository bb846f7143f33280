// The fuzz target for frames on damaged vectors, with fixed seeds: what a machine without a fuzzer can try in seconds.
#include <random>

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

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_{seed} {}

  std::string mutate(std::string bytes) {
    for (std::size_t rounds = 1 + below(4); rounds > 0; --rounds) mutate_once(bytes);
    return bytes;
  }
  char any() { return static_cast<char>(below(256)); }

 private:
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>{0, n - 1}(random_); }

  void mutate_once(std::string& bytes) {
    static const std::vector<std::string> pieces{"\n",
                                                 "\r\n",
                                                 ":",
                                                 std::string(1, '\0'),
                                                 "\\n",
                                                 "\\",
                                                 "content-length:3\n",
                                                 "content-length:99999999\n",
                                                 "MESSAGE\n",
                                                 "%",
                                                 "@",
                                                 "//",
                                                 "(",
                                                 ")",
                                                 ",",
                                                 "?",
                                                 "&",
                                                 "=",
                                                 "failover:",
                                                 "nan",
                                                 "%2F",
                                                 "[",
                                                 "]",
                                                 "\xFF",
                                                 "\xC3\xA9"};
    if (bytes.empty()) bytes = "M";
    const std::size_t at = below(bytes.size());
    switch (below(6)) {
      case 0:
        bytes[at] = any();
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 2:
        bytes.erase(at, 1 + below(8));
        break;
      case 3:
        bytes.insert(at, pieces[below(pieces.size())]);
        break;
      case 4:
        bytes.resize(at);
        break;
      default:
        bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(64)));
    }
  }

  std::mt19937 random_;
};

TEST(Mutation, NeverGivesAnythingButAnErrorOrAResult) {
  const auto inputs = healthy();
  for (std::uint32_t seed = 0; seed < 20'000; ++seed) {
    SCOPED_TRACE(seed);
    Mutator mutator{seed};
    std::string input = mutator.mutate(inputs[seed % inputs.size()]);
    input.insert(input.begin(), mutator.any());  // dialect and pieces
    ASSERT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size()), 0);
  }
}

}  // namespace
}  // namespace simplevisor::stomp
