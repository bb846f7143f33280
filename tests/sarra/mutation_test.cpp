// Captured messages, damaged at random: none is a surprise.
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <random>

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

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_{seed} {}

  void damage(std::string& text) {
    using namespace std::string_view_literals;
    static constexpr std::string_view bytes = "\"\\{}[],:0 9e.TL%#/\0\x7f\x80\xc3\xff"sv;
    for (std::size_t times = 1 + below(3); times > 0 && !text.empty(); --times) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text[at] = bytes[below(bytes.size())];
          break;
        case 1:
          text.erase(at, 1 + below(8));
          break;
        case 2:
          text.insert(at, 1, bytes[below(bytes.size())]);
          break;
        default:
          text.insert(at, text.substr(below(text.size()), below(30)));
      }
    }
  }
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random_);
  }

 private:
  std::mt19937 random_;
};

TEST(DamagedMessages, AreRefusedOrMeanTheSameWhenWrittenAgain) {
  const auto all = originals();
  for (const message::Message& message : all) EXPECT_EQ(broken_promise(message), "") << message.body;
  constexpr std::uint32_t seed = 20261122;
  Mutator mutator{seed};
  for (int round = 0; round < 20'000; ++round) {
    message::Message message = all[mutator.below(all.size())];
    if (message.header.size() > 1 && mutator.below(2) == 0) {
      auto field = message.header.begin();
      std::advance(field, static_cast<long>(mutator.below(message.header.size())));
      mutator.damage(field->second);
    } else {
      mutator.damage(message.body);
    }
    ASSERT_EQ(broken_promise(message), "") << "seed " << seed << ", round " << round << "\n" << message.body;
  }
}

}  // namespace
}  // namespace simplevisor::sarra
