#include "workers/rules/text_template.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <cstdlib>

namespace simplevisor::rules {
namespace {

std::string rfc3339(std::chrono::system_clock::time_point time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(time - whole);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                     rest.count());
}

}  // namespace

World World::ours() {
  return {.now = &std::chrono::system_clock::now,
          .uuid = [] { return boost::uuids::to_string(boost::uuids::random_generator{}()); },
          .variable = [](const char* name) -> const char* {
            return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
          }};
}

std::expected<TextTemplate, std::string> TextTemplate::parse(std::string_view text, const World& world) {
  TextTemplate result;
  std::string literal;
  while (!text.empty()) {
    const auto dollar = text.find('$');
    literal += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      literal += '$';
      text.remove_prefix(1);
      continue;
    }
    const auto end = text.find('}');
    if (!text.starts_with('{') || end == std::string_view::npos)
      return std::unexpected(
          "\"$\" begins ${header.NAME}, ${uuid}, ${now} or ${env.NAME}; \"$$\" is a dollar sign");
    const std::string name{text.substr(1, end - 1)};
    text.remove_prefix(end + 1);
    if (name.starts_with("env.")) {
      const char* const value = world.variable(name.c_str() + 4);
      if (value == nullptr) return std::unexpected(fmt::format("${{{}}}: there is no such variable", name));
      literal += value;
      continue;
    }
    if (!literal.empty()) result.parts_.emplace_back(std::exchange(literal, {}));
    if (name == "uuid")
      result.parts_.emplace_back(Uuid{});
    else if (name == "now")
      result.parts_.emplace_back(Now{});
    else if (name.starts_with("header.") && name.size() > 7)
      result.parts_.emplace_back(HeaderField{name.substr(7)});
    else
      return std::unexpected(fmt::format("${{{}}}: there is header.NAME, uuid, now and env.NAME", name));
  }
  if (!literal.empty()) result.parts_.emplace_back(std::move(literal));
  return result;
}

std::string TextTemplate::fill(const message::Header& header, const World& world) const {
  std::string text;
  for (const Part& part : parts_) {
    if (const auto* literal = std::get_if<std::string>(&part)) {
      text += *literal;
    } else if (const auto* field = std::get_if<HeaderField>(&part)) {
      if (const auto found = header.find(field->name); found != header.end()) text += found->second;
    } else if (std::holds_alternative<Uuid>(part)) {
      text += world.uuid();
    } else {
      text += rfc3339(world.now());
    }
  }
  return text;
}

}  // namespace simplevisor::rules
