// workers/transfer/setters.hpp
//
// How the text or JSON of a setting becomes a field of the settings: one setter for each type of field.
//
// Errors     a setter's answer, words that follow the setting's name; what may be a secret is not repeated in them.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workers/service/setting_text.hpp"
#include "workers/service/units.hpp"
#include "workers/transfer/settings.hpp"

namespace simplevisor::transfer::setters {

namespace json = boost::json;
using service::text_of;

using Complaint = std::optional<std::string>;
using Setter = std::function<Complaint(Settings&, const json::value&)>;

[[nodiscard]] Complaint needs(std::string_view what, const json::value& value);
[[nodiscard]] std::optional<Pairs> pairs_of(const json::value& value);
[[nodiscard]] Complaint set_filter(Settings& settings, const json::value& value);
[[nodiscard]] Complaint set_filter_data(Settings& settings, const json::value& value);
[[nodiscard]] Complaint set_log_level(Settings& settings, const json::value& value);
[[nodiscard]] Complaint set_rules(Settings& settings, const json::value& value);
[[nodiscard]] Setter refuse(std::string why);

template <class Field>
Setter text(Field field) {
  return [field](Settings& settings, const json::value& value) -> Complaint {
    const auto given = text_of(value);
    if (!given || given->empty()) return "must be a text that is not empty";
    std::invoke(field, settings) = *given;
    return {};
  };
}

template <class Field>
Setter flag(Field field) {
  return [field](Settings& settings, const json::value& value) -> Complaint {
    const auto given = text_of(value);
    if (given == "true" || given == "1" || given == "yes" || given == "on") {
      std::invoke(field, settings) = true;
    } else if (given == "false" || given == "0" || given == "no" || given == "off") {
      std::invoke(field, settings) = false;
    } else {
      return needs("boolean: true or false", value);
    }
    return {};
  };
}

template <class Field>
Setter number(Field field, std::uint64_t min, std::uint64_t max) {
  return [=](Settings& settings, const json::value& value) -> Complaint {
    const std::string given = text_of(value).value_or("");
    std::uint64_t parsed = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), parsed);
    if (given.empty() || error != std::errc{} || end != given.data() + given.size() || parsed < min ||
        parsed > max)
      return needs(fmt::format("whole number from {} to {}", min, max), value);
    std::invoke(field, settings) = parsed;
    return {};
  };
}

template <class Field>
Setter time(Field field) {
  return [field](Settings& settings, const json::value& value) -> Complaint {
    const auto given = text_of(value);
    const auto parsed = given ? service::parse_duration(*given) : std::nullopt;
    if (!parsed) return needs("time such as 5, 0.5 or \"250ms\"", value);
    std::invoke(field, settings) = *parsed;
    return {};
  };
}

template <class Field>
Setter size(Field field) {
  return [field](Settings& settings, const json::value& value) -> Complaint {
    const auto given = text_of(value);
    const auto parsed = given ? service::parse_size(*given) : std::nullopt;
    if (!parsed || *parsed == 0) return needs("size such as 65536 or \"64KiB\"", value);
    std::invoke(field, settings) = *parsed;
    return {};
  };
}

template <class Field>
Setter pairs(Field field) {
  return [field](Settings& settings, const json::value& value) -> Complaint {
    auto given = pairs_of(value);
    if (!given) return "must be \"KEY=VALUE ...\" or a table";
    std::invoke(field, settings) = *std::move(given);
    return {};
  };
}

// The last word says whether a text may be something else than pairs.
template <class Field>
Setter list_of_pairs(Field field, bool free_text = false) {
  return [=](Settings& settings, const json::value& value) -> Complaint {
    std::vector<Pairs> all;
    const auto add = [&](const json::value& one) {
      auto given = free_text && one.is_string() ? Pairs{{"", std::string{one.as_string()}}} : pairs_of(one);
      if (!given) return false;
      all.push_back(*std::move(given));
      return true;
    };
    bool well = true;
    if (value.is_array()) {
      for (const json::value& one : value.as_array()) well = add(one) && well;
    } else {
      well = add(value);
    }
    // What it says may be a secret, so it is not repeated.
    if (!well) return "must be \"KEY=VALUE ...\", a table, or a list of these";
    std::invoke(field, settings) = std::move(all);
    return {};
  };
}

[[nodiscard]] std::optional<stomp::Trace> trace_of(std::string_view words);

template <class Field>
Setter stomp_debug(Field field) {
  return [field](Settings& settings, const json::value& value) -> Complaint {
    const auto given = trace_of(text_of(value).value_or(""));
    if (!given) return needs("list of the words command, header, body, io, connection, api, all", value);
    std::invoke(field, settings) = *given;
    return {};
  };
}

template <class Field>
Setter one_of(Field field, std::vector<std::string_view> words) {
  return [field, words = std::move(words)](Settings& settings, const json::value& value) -> Complaint {
    const std::string given = text_of(value).value_or("");
    if (std::ranges::find(words, given) == words.end())
      return needs(fmt::format("word of {}", fmt::join(words, ", ")), value);
    std::invoke(field, settings) = given;
    return {};
  };
}

}  // namespace simplevisor::transfer::setters
