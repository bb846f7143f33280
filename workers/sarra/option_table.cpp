#include "workers/sarra/option_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <optional>

#include "workers/service/nearest.hpp"
#include "workers/service/setting_text.hpp"
#include "workers/service/units.hpp"

namespace simplevisor::sarra {
namespace {

namespace json = boost::json;
using service::text_of;

using Complaint = std::optional<std::string>;

struct Set {
  const Option& option;
  const json::value& value;

  Complaint operator()(std::string* to) const {
    if (!value.is_string() || value.as_string().empty()) return "must be a text that is not empty";
    *to = value.as_string();
    return {};
  }
  Complaint operator()(std::vector<std::string>* to) const {
    std::vector<std::string> texts;
    if (value.is_string()) texts.emplace_back(value.as_string());
    if (value.is_array()) {
      for (const json::value& one : value.as_array()) {
        if (!one.is_string()) return "must be a list of texts";
        texts.emplace_back(one.as_string());
      }
    } else if (!value.is_string()) {
      return "must be a list of texts";
    }
    *to = std::move(texts);
    return {};
  }
  Complaint operator()(bool* to) const { return truth(*to); }
  Complaint operator()(std::optional<bool>* to) const { return truth(*to); }
  Complaint operator()(std::uint64_t* to) const {
    const std::string text = text_of(value).value_or("");
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || number < option.min ||
        number > option.max) {
      return fmt::format("must be a whole number from {} to {}", option.min, option.max);
    }
    *to = number;
    return {};
  }
  Complaint operator()(std::chrono::milliseconds* to) const {
    const auto time = service::parse_duration(text_of(value).value_or(""));
    if (!time) return "must be a time such as 5, \"250ms\" or \"10min\"";
    *to = *time;
    return {};
  }
  Complaint operator()(Size* to) const {
    const auto size = service::parse_size(text_of(value).value_or(""));
    if (!size || *size == 0) return "must be a size such as 65536 or \"64KiB\"";
    to->bytes = *size;
    return {};
  }
  Complaint operator()(const Reader& read) const { return read(value); }

  template <class Truth>
  Complaint truth(Truth& to) const {
    const auto text = text_of(value);
    if (text != "true" && text != "false") return "must be true or false";
    to = text == "true";
    return {};
  }
};

}  // namespace

void OptionTable::add(const Option& option) {
  options_.push_back(option);
}

std::vector<std::string> OptionTable::set(const json::object& given) const {
  std::vector<std::string> problems;
  for (const auto& [key, value] : given) {
    std::string name{key};
    std::ranges::replace(name, '_', '-');
    const auto found = std::ranges::find(options_, name, &Option::name);
    if (found == options_.end()) {
      std::vector<std::string_view> names;
      for (const Option& option : options_) names.push_back(option.name);
      problems.push_back(
          fmt::format("{}: unknown setting{}", name.substr(0, 100), service::did_you_mean(name, names)));
    } else if (const auto complaint = std::visit(Set{*found, value}, found->target)) {
      problems.push_back(fmt::format("{}: {}", name, *complaint));
    }
  }
  return problems;
}

}  // namespace simplevisor::sarra
