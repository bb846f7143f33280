// Damaged input must give an error or a message, never anything else. Seeds are fixed, so a failure repeats.
#include <gtest/gtest.h>

#include <vector>

#include "tests/mutator.hpp"
#include "workers/message/codec.hpp"
#include "workers/message/text.hpp"

namespace simplevisor::message {
namespace {

std::vector<std::string> healthy_inputs() {
  std::string long_text;
  for (int i = 0; i < 60; ++i) long_text += "caf\u00e9 \u263a " + std::to_string(i);
  std::vector<std::string> inputs{
      "{}", R"({"body":"\u00e9\ud83d\ude00\n","text":true,"header":{"a":"b","n":1.5e3},"x":[{"y":null}]})"};
  for (const char* compression : {"", "zlib!", "lz4!", "snappy!"}) {
    const auto options = parse_compression(compression).value();
    inputs.push_back(encode({{{"key", "value"}, {"\u00e9", "\t"}}, long_text, true}, options).value());
    inputs.push_back(encode({{}, std::string(400, '\0') + "abc", false}, options).value());
  }
  return inputs;
}

constexpr std::string_view pieces[] = {"{",    "\"",      "\\",    "}",       "[",       ":",
                                       ",",    "null",    "1e999", "\\u0000", "\\ud800", "\xC0\xAF",
                                       "\xFF", "base64+", "+zlib", "true"};

std::string damaged(std::uint32_t seed, const std::string& input) {
  return test::Mutator{seed, pieces}.mutate(input);
}

TEST(Mutation, NeverGivesAnythingButAnErrorOrAMessage) {
  const DecodeLimits limits{.body_bytes_max = 1 << 20};
  const auto inputs = healthy_inputs();
  int read = 0;
  int refused = 0;
  for (std::uint32_t seed = 0; seed < 20'000; ++seed) {
    const std::string input = damaged(seed, inputs[seed % inputs.size()]);
    const auto decoded = decode(input, limits);
    if (!decoded) {
      ++refused;
      ASSERT_FALSE(decoded.error().reason.empty()) << "seed " << seed;
      ASSERT_LE(decoded.error().offset.value_or(0), input.size()) << "seed " << seed;
      continue;
    }
    ++read;
    // What is read can be written, and reads the same.
    const auto written = encode(decoded->message);
    ASSERT_TRUE(written) << "seed " << seed << ": " << written.error().text();
    const auto again = decode(*written);
    ASSERT_TRUE(again) << "seed " << seed;
    ASSERT_EQ(again->message, decoded->message) << "seed " << seed;
  }
  EXPECT_GT(read, 500);
  EXPECT_GT(refused, 5'000);
}

TEST(Mutation, OfCompressedBytesNeverOverruns) {
  std::string body;
  for (int i = 0; i < 300; ++i) body += "item " + std::to_string(i % 17) + ";";
  for (const std::string algorithm : {"zlib", "lz4", "snappy"}) {
    const auto whole = encode({{}, body, false}, parse_compression(algorithm).value()).value();
    const std::size_t begin = whole.find(":\"") + 2;
    const auto packed = base64_decoded(whole.substr(begin, whole.find('"', begin) - begin)).value();
    for (std::uint32_t seed = 0; seed < 4'000; ++seed) {
      const std::string input =
          R"({"body":")" + base64(damaged(seed, packed)) + R"(","encoding":"base64+)" + algorithm + R"("})";
      const auto decoded = decode(input, {.body_bytes_max = 1 << 20});
      if (!decoded) continue;
      ASSERT_LE(decoded->message.body.size(), std::size_t{1} << 20) << algorithm << " seed " << seed;
    }
  }
}

}  // namespace
}  // namespace simplevisor::message
