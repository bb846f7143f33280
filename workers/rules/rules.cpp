#include "workers/rules/rules.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "workers/message/text.hpp"
#include "workers/service/nearest.hpp"

namespace simplevisor::rules {
namespace {

namespace json = boost::json;
using message::Message;

constexpr std::size_t rules_max = 1'000;
constexpr std::size_t field_bytes_max = 64 << 10;

using Complaint = std::optional<std::string>;

struct Key {
  std::string_view name;
  Complaint (*take)(Rule&, const json::value&, const World&);
};

Complaint take_if(Rule& rule, const json::value& value, const World&) {
  if (!value.is_string()) return "must be a text";
  auto condition = parse_condition(std::string_view{value.as_string()});
  if (!condition) return condition.error();
  rule.condition = *std::move(condition);
  return {};
}

Complaint take_set(Rule& rule, const json::value& value, const World& world) {
  if (!value.is_object()) return "must be a table";
  for (const auto& [name, text] : value.as_object()) {
    if (name.empty() || !text.is_string()) return fmt::format("{}: must be a text", std::string_view{name});
    auto filled = TextTemplate::parse(std::string_view{text.as_string()}, world);
    if (!filled) return fmt::format("{}: {}", std::string_view{name}, filled.error());
    rule.set.emplace(name, *std::move(filled));
  }
  return {};
}

Complaint take_remove(Rule& rule, const json::value& value, const World&) {
  const auto add = [&](const json::value& one) {
    if (one.is_string()) rule.remove.emplace_back(one.as_string());
    return one.is_string();
  };
  const bool well = value.is_array() ? std::ranges::all_of(value.as_array(), add) : add(value);
  if (!well) return "must be a name or a list of names";
  return {};
}

Complaint take_rename(Rule& rule, const json::value& value, const World&) {
  if (!value.is_object()) return "must be a table";
  for (const auto& [name, other] : value.as_object()) {
    if (!other.is_string() || other.as_string().empty()) return "must be a table of names";
    rule.rename.emplace(name, other.as_string());
  }
  return {};
}

Complaint take_body(Rule& rule, const json::value& value, const World&) {
  if (!value.is_object() || value.as_object().size() != 1 || !value.as_object().contains("text") ||
      !value.as_object().at("text").is_bool())
    return "must be { text = true } or { text = false }";
  rule.text = value.as_object().at("text").as_bool();
  return {};
}

Complaint take_copy_to(Rule& rule, const json::value& value, const World&) {
  if (!value.is_string() || value.as_string().empty()) return "must be the path of a queue";
  rule.copy_to = value.as_string();
  return {};
}

Complaint take_then(Rule& rule, const json::value& value, const World&) {
  if (value == "accept")
    rule.then = Then::accept;
  else if (value == "reject")
    rule.then = Then::reject;
  else if (value == "continue")
    rule.then = Then::go_on;
  else
    return "must be \"accept\", \"reject\" or \"continue\"";
  return {};
}

constexpr Key keys[] = {
    {"if", take_if},     {"set", take_set},         {"remove", take_remove}, {"rename", take_rename},
    {"body", take_body}, {"copy-to", take_copy_to}, {"then", take_then},
};

std::vector<std::string_view> names_of_keys() {
  std::vector<std::string_view> names;
  for (const Key& key : keys) names.push_back(key.name);
  return names;
}

void parse_rule(const json::value& given, std::size_t number, const World& world, Rule& rule,
                std::vector<std::string>& problems) {
  if (!given.is_object()) {
    problems.push_back(fmt::format("rule {}: must be a table", number));
    return;
  }
  for (const auto& [given_name, value] : given.as_object()) {
    std::string name{given_name};
    std::ranges::replace(name, '_', '-');
    const auto* const key = std::ranges::find(keys, std::string_view{name}, &Key::name);
    const Complaint complaint = key != std::end(keys)
                                    ? key->take(rule, value, world)
                                    : fmt::format("unknown{}", service::did_you_mean(name, names_of_keys()));
    if (complaint)
      problems.push_back(fmt::format("rule {}: {}: {}", number, name.substr(0, 100), *complaint));
  }
}

bool is_glob(const std::string& name) {
  return name.find_first_of("*?[") != std::string::npos;
}

void rename(const Rule& rule, message::Header& header) {
  for (const auto& [old_name, new_name] : rule.rename) {
    auto field = header.extract(old_name);
    if (field.empty()) continue;
    header.insert_or_assign(new_name, std::move(field.mapped()));
  }
}

void remove(const Rule& rule, message::Header& header) {
  for (const std::string& name : rule.remove) {
    if (!is_glob(name))
      header.erase(name);
    else
      std::erase_if(header,
                    [&](const auto& field) { return ::fnmatch(name.c_str(), field.first.c_str(), 0) == 0; });
  }
}

// Why the message cannot become what the rule wants.
Complaint change(const Rule& rule, const World& world, Message& message) {
  rename(rule, message.header);
  const message::Header before = rule.set.empty() ? message::Header{} : message.header;
  for (const auto& [name, text] : rule.set) {
    std::string value = text.fill(before, world);
    if (value.size() > field_bytes_max)
      return fmt::format("header {} would have {} bytes", name, value.size());
    message.header.insert_or_assign(name, std::move(value));
  }
  remove(rule, message.header);
  if (rule.text == true && message::first_invalid_utf8(message.body)) return "the body is no text";
  if (rule.text) message.text = *rule.text;
  return {};
}

}  // namespace

std::expected<Rules, std::vector<std::string>> Rules::parse(const json::value& given, World world) {
  Rules rules;
  rules.world_ = std::move(world);
  if (!given.is_array() || given.as_array().size() > rules_max)
    return std::unexpected(
        std::vector<std::string>{fmt::format("must be a list of at most {} tables", rules_max)});
  std::vector<std::string> problems;
  for (const json::value& one : given.as_array()) {
    Rule& rule = rules.rules_.emplace_back();
    parse_rule(one, rules.rules_.size(), rules.world_, rule, problems);
  }
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return rules;
}

std::expected<Verdict, std::string> Rules::apply(Message& message) const {
  Verdict verdict;
  // Rules leave the bytes of a body alone: what there is to put back is small.
  const message::Header header_before = message.header;
  const bool text_before = message.text;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_[i];
    if (rule.condition && !(*rule.condition)(message)) continue;
    if (const auto trouble = change(rule, world_, message)) {
      message.header = header_before;
      message.text = text_before;
      return std::unexpected(fmt::format("rule {}: {}", i + 1, *trouble));
    }
    if (!rule.copy_to.empty()) verdict.copies.push_back({rule.copy_to, message});
    if (rule.then == Then::go_on) continue;
    verdict.accepted = rule.then == Then::accept;
    verdict.rule = i + 1;
    break;
  }
  return verdict;
}

}  // namespace simplevisor::rules
