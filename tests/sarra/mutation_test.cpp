// Captured messages, damaged at random: none is a surprise.
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "tests/mutator.hpp"
#include "tests/sarra/round_trip.hpp"

namespace simplevisor::sarra {
namespace {

namespace json = boost::json;

std::vector<message::Message> originals() {
  std::ifstream in{VECTORS_DIR "/sarra/wire.json"};
  const json::value parsed = json::parse(std::string{std::istreambuf_iterator<char>{in}, {}});
  std::vector<message::Message> all;
  for (const json::value& one : parsed.at("messages").as_array()) {
    message::Message message{{{"content-type", std::string{one.at("content_type").as_string()}}},
                             std::string{one.at("body_text").as_string()},
                             false};
    for (const auto& [name, value] : one.at("headers").as_object())
      message.header[name] = std::string{value.as_string()};
    all.push_back(std::move(message));
  }
  all.push_back(
      {{{"content-type", "application/json"}},
       R"({"retPath":"a","retrievePath":"b","integrity":{"method":"md5","value":"x"},"parts":"1,5,1,0,0","blocks":{},)"
       R"("pubTime":"20261121T221128","baseUrl":"h","relPath":"p","identity":"cod,","mtime":7})",
       false});
  all.push_back(
      {{{"content-type", "application/json"}},
       R"({"pubTime":"20261121T221128","baseUrl":"h","relPath":"p§block_0001,4_§","identity":{"method":"md5","value":"x"},)"
       R"("blocks":{"method":"separate","size":"4","number":1,"count":2,"remainder":3,"identity":{"method":"md5",)"
       R"("value":"y"},"manifest":{"0":{"size":4,"identity":"x"},"1":{"size":2,"identity":"x"}}}})",
       false});
  all.push_back({{{"content-type", "text/plain"}, {"sum", "0,1"}, {"parts", "p,4,3,2,1"}},
                 "20261121221128 h p.4.3.2.1.0.Part",
                 false});
  all.push_back({{{"content-type", "text/plain"},
                  {"size", "x"},
                  {"pubTime", "y"},
                  {"sum", "x,y"},
                  {"oldname", "o"},
                  {"parts", "p,1"}},
                 "20261121221128 h p",
                 false});
  return all;
}

constexpr std::string_view pieces[] = {"{", "\"", "\\", "}", "[", "]", ",",       ":",    "0",    "9e",  ".",
                                       "T", "L",  "%",  "#", "/", " ", {"\0", 1}, "\x7f", "\x80", "\xc3"};

TEST(DamagedMessages, AreRefusedOrMeanTheSameWhenWrittenAgain) {
  const auto all = originals();
  for (const message::Message& message : all) EXPECT_EQ(broken_promise(message), "") << message.body;
  constexpr std::uint32_t seed = 20261122;
  test::Mutator mutator{seed, pieces};
  for (int round = 0; round < 20'000; ++round) {
    message::Message message = all[mutator.below(all.size())];
    if (message.header.size() > 1 && mutator.below(2) == 0) {
      auto field = message.header.begin();
      std::advance(field, static_cast<long>(mutator.below(message.header.size())));
      field->second = mutator.mutate(field->second);
    } else {
      message.body = mutator.mutate(message.body);
    }
    ASSERT_EQ(broken_promise(message), "") << "seed " << seed << ", round " << round << "\n" << message.body;
  }
}

}  // namespace
}  // namespace simplevisor::sarra
