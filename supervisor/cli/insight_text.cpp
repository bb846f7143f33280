#include "supervisor/cli/insight_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <signal.h>
#include <time.h>

#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "supervisor/cli/text_table.hpp"

namespace simplevisor::cli {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  const json::string* const text = value ? value->if_string() : nullptr;
  return text ? printable({text->data(), text->size()}) : "";
}

std::optional<std::int64_t> number_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  boost::system::error_code error;
  if (!value || !value->is_number()) return std::nullopt;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? std::nullopt : std::optional{number};
}

const json::array& array_in(const json::object& object, std::string_view name) {
  static const json::array none;
  const json::value* const value = object.if_contains({name.data(), name.size()});
  return value && value->is_array() ? value->get_array() : none;
}

// What sysexits.h and shells mean by an exit status; "" for those that mean nothing to everybody.
std::string_view meaning_of(std::int64_t status) {
  static constexpr std::array<std::pair<int, std::string_view>, 17> meanings{{
      {64, "usage"},
      {65, "bad data"},
      {66, "no input"},
      {67, "no such user"},
      {68, "no such host"},
      {69, "service unavailable"},
      {70, "internal error"},
      {71, "system error"},
      {72, "system file missing"},
      {73, "cannot create output"},
      {74, "input/output error"},
      {75, "temporary failure"},
      {76, "protocol error"},
      {77, "permission denied"},
      {78, "bad configuration"},
      {126, "cannot be executed"},
      {127, "not found"},
  }};
  for (const auto& [code, words] : meanings) {
    if (code == status) return words;
  }
  return "";
}

std::string with_meaning(std::string text, const json::object& end) {
  const auto status = number_in(end, "status");
  const std::string_view meaning = status ? meaning_of(*status) : "";
  return meaning.empty() ? text : fmt::format("{} ({})", text, meaning);
}

std::string end_words(const json::object& end) {
  if (const auto signal = number_in(end, "signal")) {
    const char* const name = ::sigabbrev_np(static_cast<int>(*signal));
    return name ? fmt::format("killed by SIG{}", name) : fmt::format("killed by signal {}", *signal);
  }
  if (const auto status = number_in(end, "status"))
    return with_meaning(fmt::format("exited with status {}", *status), end);
  return "did not start";
}

std::string cause_words(const std::string& cause) {
  if (cause == "asked") return "as asked";
  if (cause == "unhealthy") return "hung, or not ready in time";
  return "";
}

std::string action_words(const json::object& end) {
  const std::string action = text_in(end, "action");
  if (action == "restarting") return "restarted";
  if (action == "retrying") return "to be tried again";
  if (action == "cooling_down") return "cooled down";
  if (action == "gave_up") return "its supervisor gave up";
  if (action == "auto_shutdown") return "its supervisor shut down";
  return action.empty() ? "-" : action;
}

std::string lived_words(const json::object& end) {
  const auto lived = number_in(end, "lived_ms");
  return lived && text_in(end, "cause") != "not_started" ? age_text(milliseconds{*lived}) : "-";
}

Colour colour_of(const std::string& kind) {
  if (kind == "gave_up" || kind == "start_failed" || kind == "supervisor_start_failed") return Colour::red;
  if (kind == "unhealthy" || kind == "retrying" || kind == "cooling_down" || kind == "killed")
    return Colour::yellow;
  return Colour::none;
}

std::string ends_table(const json::array& ends, bool colour) {
  static const std::vector<Column> columns{
      {"ENDED", 23, false}, {"LIVED", 6, true}, {"HOW", 12, false}, {"ACTION", 0, false}};
  std::vector<std::vector<Cell>> rows;
  for (const json::value& value : ends) {
    if (!value.is_object()) continue;
    const json::object& end = value.get_object();
    const std::string cause = cause_words(text_in(end, "cause"));
    rows.push_back({{local_time(text_in(end, "time"), true)},
                    {lived_words(end)},
                    {end_words(end) + (cause.empty() ? "" : ", " + cause)},
                    {action_words(end)}});
  }
  return text_table(columns, rows, colour);
}

std::string indented(std::string_view text) {
  std::string all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    all.append("  ").append(text.substr(0, end)).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

void add_section(std::string& text, std::string_view title, std::string_view body) {
  if (!body.empty()) fmt::format_to(std::back_inserter(text), "\n{}\n{}", title, indented(body));
}

std::string budget_text(const json::object& why) {
  const json::array& above = array_in(why, "above");
  if (above.empty() || !above.back().is_object()) return "";
  const json::object& supervisor = above.back().get_object();
  return fmt::format("{} ({}): {} of {} restarts used within {}\n", text_in(supervisor, "path"),
                     text_in(supervisor, "strategy"), number_in(supervisor, "restarts").value_or(0),
                     number_in(supervisor, "restarts_limit").value_or(0),
                     age_text(milliseconds{number_in(supervisor, "restarts_window_ms").value_or(0)}));
}

}  // namespace

std::string local_time(const std::string& utc, bool with_day) {
  tm fields{};
  const char* const rest = ::strptime(utc.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
  if (rest == nullptr) return utc;
  const time_t seconds = ::timegm(&fields);
  tm here{};
  ::localtime_r(&seconds, &here);
  const std::string fraction = *rest == '.' ? std::string{rest}.substr(0, 4) : "";
  return (with_day ? fmt::format("{:%Y-%m-%d %H:%M:%S}", here) : fmt::format("{:%H:%M:%S}", here)) + fraction;
}

std::string event_text(const json::object& event, bool colour) {
  const std::string kind = text_in(event, "kind");
  std::string line = fmt::format("{} {}", local_time(text_in(event, "time"), false),
                                 coloured(kind, colour_of(kind), colour));
  const auto add = [&](std::string_view between, const std::string& what) {
    if (!what.empty()) line.append(between).append(what);
  };
  add(" ", text_in(event, "path"));
  add(" -> ", text_in(event, "about"));
  if (const auto pid = number_in(event, "pid")) add(", pid ", std::to_string(*pid));
  add(": ", with_meaning(text_in(event, "text"), event));
  if (kind == "ended") add(", after ", lived_words(event));
  add(", by ", text_in(event, "by"));
  return line + "\n";
}

std::string history_text(const json::object& history, bool colour) {
  const json::array& ends = array_in(history, "ends");
  const auto total = number_in(history, "total").value_or(0);
  if (ends.empty()) return fmt::format("{}: no worker of this name has ended\n", text_in(history, "path"));
  return fmt::format("{}: ended {} time{}{}\n", text_in(history, "path"), total, total == 1 ? "" : "s",
                     std::cmp_greater(total, ends.size()) ? fmt::format(", the last {}:", ends.size()) : "") +
         ends_table(ends, colour);
}

std::string why_text(const json::object& why, bool colour) {
  const json::value* const value = why.if_contains("node");
  if (!value || !value->is_object()) return "";
  const json::object& node = value->get_object();
  const std::string verdict = text_in(node, "verdict");
  const Colour shade = verdict == "failed"    ? Colour::red
                       : verdict == "healing" ? Colour::yellow
                                              : Colour::none;
  std::string text =
      fmt::format("{} is {}", text_in(node, "path"), coloured(text_in(node, "state"), shade, colour));
  if (const auto pid = number_in(node, "pid")) fmt::format_to(std::back_inserter(text), ", pid {}", *pid);
  if (const auto age = number_in(node, "age_ms"))
    fmt::format_to(std::back_inserter(text), ", for {}", age_text(milliseconds{*age}));
  text += "\n";
  const auto add = [&](std::string_view label, const std::string& what) {
    if (!what.empty()) fmt::format_to(std::back_inserter(text), "  {:<9}{}\n", label, what);
  };
  add("because", text_in(node, "why"));
  add("says", text_in(node, "status"));
  add("next", text_in(node, "next"));
  std::string budget = budget_text(why);
  if (!budget.empty()) budget.pop_back();
  add("budget", budget);

  if (const json::array& ends = array_in(why, "ends"); !ends.empty())
    add_section(text, "Last ends", ends_table(ends, colour));
  std::string decisions;
  std::string last_rule;
  for (const json::value& event : array_in(why, "decisions")) {
    if (!event.is_object()) continue;
    decisions += event_text(event.get_object(), colour);
    const std::string rule = text_in(event.get_object(), "rule");
    if (!rule.empty() && rule != last_rule) decisions += "    " + rule + "\n";
    if (!rule.empty()) last_rule = rule;
  }
  add_section(text, "What happened", decisions);
  const auto lines_of = [](const json::array& array) {
    std::string lines;
    for (const json::value& line : array) {
      if (line.is_string()) lines += printable({line.get_string().data(), line.get_string().size()}) + "\n";
    }
    return lines;
  };
  add_section(text, "Last output", lines_of(array_in(why, "output")));
  add_section(text, "If it goes on", lines_of(array_in(why, "outlook")));
  return text;
}

}  // namespace simplevisor::cli
