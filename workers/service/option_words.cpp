#include "workers/service/option_words.hpp"

#include <fmt/format.h>

#include <boost/algorithm/string/erase.hpp>
#include <boost/json/array.hpp>
#include <memory>

namespace simplevisor::service {
namespace {

constexpr std::string_view denied_value = "{-1}";

// CLI11 shows what a flag's second name stands for, "--no-window{-1}", which is of no use to who reads the help.
class HelpForm final : public CLI::Formatter {
  std::string make_option_name(const CLI::Option* option, bool positional) const override {
    std::string name = CLI::Formatter::make_option_name(option, positional);
    boost::algorithm::erase_all(name, denied_value);
    return name;
  }
};

}  // namespace

void OptionWords::declare(CLI::App& app, std::string_view name, Takes takes, std::string_view help,
                          std::string_view also) {
  Said& option = options_.emplace_back(Said{.name = std::string{name}, .takes = takes, .words = {}});
  const std::string separator = also.empty() ? "" : ",";
  if (takes == Takes::nothing) {
    app.formatter(std::make_shared<HelpForm>());
    app.add_flag(fmt::format("--{0},--no-{0}{1}{2}{3}", name, denied_value, separator, also), option.flag,
                 std::string{help});
    return;
  }
  auto* const declared =
      app.add_option(fmt::format("--{}{}{}", name, separator, also), option.words, std::string{help});
  declared->expected(1)->allow_extra_args(false);  // what follows its one value is something else
  if (takes == Takes::many)
    declared->take_all();
  else
    declared->take_last();
}

std::vector<OptionWords::Said> OptionWords::said() const {
  std::vector<Said> said;
  for (const Said& option : options_) {
    if (option.flag != 0 || !option.words.empty()) said.push_back(option);
  }
  return said;
}

boost::json::object OptionWords::object() const {
  boost::json::object object;
  for (const Said& option : said()) {
    switch (option.takes) {
      case Takes::nothing:
        object[option.name] = option.flag > 0;
        break;
      case Takes::one:
        object[option.name] = option.words.back();
        break;
      case Takes::many:
        object[option.name] = boost::json::array(option.words.begin(), option.words.end());
        break;
    }
  }
  return object;
}

}  // namespace simplevisor::service
