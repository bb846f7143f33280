#include "workers/transfer/setters.hpp"

#include <utility>

#include "workers/broker/uri.hpp"

namespace simplevisor::transfer {
namespace setters {

Complaint needs(std::string_view what, const json::value& value) {
  std::string shown = json::serialize(value);
  if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
  return fmt::format("{} is no {}", shown, what);
}

std::optional<Pairs> pairs_of(const json::value& value) {
  if (value.is_string()) return parse_pairs(std::string_view{value.as_string()});
  if (!value.is_object()) return std::nullopt;
  Pairs pairs;
  for (const auto& [key, part] : value.as_object()) {
    const auto given = text_of(part);
    if (!given) return std::nullopt;
    pairs.emplace(key, *given);
  }
  return pairs;
}

Complaint set_filter(Settings& settings, const json::value& value) {
  std::vector<std::string> words;
  if (value.is_string()) words.emplace_back(value.as_string());
  if (value.is_array()) {
    for (const json::value& word : value.as_array()) {
      if (!word.is_string()) return "must be a list of texts";
      words.emplace_back(word.as_string());
    }
  }
  if (words.empty() || words.front().empty())
    return "must be a program, or a list of a program and its arguments";
  settings.filter = std::move(words);
  return {};
}

Complaint set_filter_data(Settings& settings, const json::value& value) {
  json::value table = value;
  if (value.is_string()) {
    json::error_code error;
    table = json::parse(value.as_string(), error);
    if (error) return "is not JSON";
  }
  if (!table.is_object()) return "must be a table";
  settings.filter_data = json::serialize(table);
  return {};
}

Complaint set_log_level(Settings& settings, const json::value& value) {
  const std::string given = text_of(value).value_or("");
  if (given != "debug" && given != "info" && given != "warning" && given != "error")
    return needs("word of debug, info, warning, error", value);
  if (given == "debug") settings.debug = true;
  settings.log_level = service::Severity::info;
  if (given == "warning") settings.log_level = service::Severity::warning;
  if (given == "error") settings.log_level = service::Severity::error;
  return {};
}

// stompclt's words. Of those that have no lines of their own here each brings the commands.
std::optional<stomp::Trace> trace_of(std::string_view words) {
  constexpr std::string_view known[] = {"command", "header", "body", "io", "connection", "api", "all"};
  constexpr std::string_view separators = " \t,+";
  std::optional<stomp::Trace> trace;
  while (true) {
    const auto begin = words.find_first_not_of(separators);
    if (begin == std::string_view::npos) return trace;
    words.remove_prefix(begin);
    const std::string_view word = words.substr(0, words.find_first_of(separators));
    words.remove_prefix(word.size());
    if (std::ranges::find(known, word) == std::end(known)) return std::nullopt;
    if (!trace) trace.emplace();
    if (word == "header" || word == "all") trace->headers = true;
  }
}

Complaint set_rules(Settings& settings, const json::value& value) {
  auto rules = rules::Rules::parse(value);
  if (!rules) return fmt::format("{}", fmt::join(rules.error(), "; "));
  settings.rules = *std::move(rules);
  return {};
}

Setter refuse(std::string why) {
  return [why = std::move(why)](Settings&, const json::value&) -> Complaint { return why; };
}

}  // namespace setters

std::optional<Pairs> parse_pairs(std::string_view text) {
  Pairs pairs;
  constexpr std::string_view separators = " \t\r\n,";
  while (true) {
    const auto begin = text.find_first_not_of(separators);
    if (begin == std::string_view::npos) return pairs;
    text.remove_prefix(begin);
    const std::string_view pair = text.substr(0, text.find_first_of(separators));
    text.remove_prefix(pair.size());
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    const auto key = broker::percent_decoded(pair.substr(0, equals));
    const auto value = broker::percent_decoded(pair.substr(equals + 1));
    if (!key || !value) return std::nullopt;
    pairs[*key] = *value;
  }
}

}  // namespace simplevisor::transfer
