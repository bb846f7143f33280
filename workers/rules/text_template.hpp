// workers/rules/text_template.hpp
//
// Texts with holes that each message fills: ${header.NAME}, ${uuid}, ${now}, ${env.NAME}; "$$" is a dollar sign.
//
// Semantics  ${now}: UTC, RFC 3339 with milliseconds. ${uuid}: random (version 4). ${env.NAME}: of this process when the
//            template is parsed; a variable that is not set is an error then. A header that is missing is empty.
// Threads    plain values.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "workers/message/message.hpp"

namespace simplevisor::rules {

// What a template takes from the world.
struct World {
  std::function<std::chrono::system_clock::time_point()> now = &std::chrono::system_clock::now;
  std::function<std::string()> uuid;
  std::function<const char*(const char*)> variable;

  // The real one.
  static World ours();
};

class TextTemplate {
 public:
  static std::expected<TextTemplate, std::string> parse(std::string_view text, const World& world);

  [[nodiscard]] std::string fill(const message::Header& header, const World& world) const;

 private:
  struct HeaderField {
    std::string name;
  };
  struct Uuid {};
  struct Now {};
  using Part = std::variant<std::string, HeaderField, Uuid, Now>;

  std::vector<Part> parts_;
};

}  // namespace simplevisor::rules
