#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/insight_text.hpp"

namespace simplevisor::cli {
namespace {

namespace json = boost::json;

std::uint64_t number_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  boost::system::error_code error;
  const auto number = value && value->is_number() ? value->to_number<std::uint64_t>(error) : 0;
  return error ? 0 : number;
}

bool concerns(const json::object& event, const runtime::Scope& scope) {
  if (scope.is_everything()) return true;
  for (const std::string_view name : {"path", "about"}) {
    const json::value* const value = event.if_contains({name.data(), name.size()});
    if (!value || !value->is_string()) continue;
    const std::string_view node{value->get_string().data(), value->get_string().size()};
    if (scope.covers(node)) return true;
  }
  return false;
}

void show(Context& context, const json::value& event) {
  if (context.line.json)
    context.terminal.out << json::serialize(event) << '\n';
  else
    context.terminal.out << event_text(event.get_object(), context.terminal.colour);
}

// The last that are kept, or all; the number of the very last one.
std::expected<std::uint64_t, Failure> show_kept(Context& context, const Asker& asker,
                                                const runtime::Scope& scope) {
  std::deque<json::value> last_ones;
  const auto take = [&](const json::value& event) {
    if (!event.is_object() || !concerns(event.get_object(), scope)) return;
    if (!context.line.lines) return show(context, event);
    last_ones.push_back(event);
    if (last_ones.size() > *context.line.lines) last_ones.pop_front();
  };
  std::uint64_t after = 0;
  for (;;) {
    const auto found = asker.object(fmt::format("/v1/events?after={}", after));
    if (!found) return std::unexpected(found.error());
    const json::value* const events = found->members.if_contains("events");
    if (!events || !events->is_array()) return std::unexpected(unreadable("there are no \"events\""));
    std::ranges::for_each(events->get_array(), take);
    const std::uint64_t last = number_in(found->members, "last");
    if (last <= after) break;
    after = last;
  }
  for (const json::value& event : last_ones) show(context, event);
  return after;
}

}  // namespace

int events(Context& context) {
  const auto failed = [&](const Failure& failure) {
    return report(failure, context.terminal, context.line.json);
  };
  const auto asker = asker_for(context);
  if (!asker) return failed(asker.error());
  const auto scope = asker->scope(context.line.path);  // names may be shortened, those in events are not
  if (!scope) return failed(scope.error());
  const auto last = show_kept(context, *asker, *scope);
  if (!last) return failed(last.error());
  context.terminal.out << std::flush;
  if (!context.line.follow) return code(Exit::done);

  bool cut_off = false;
  const auto take = [&](const control::Client::Message& message) {
    cut_off = message.name == "cut_off";
    boost::system::error_code error;
    const json::value event = json::parse({message.data.data(), message.data.size()}, error);
    if (!cut_off && !error && event.is_object() && concerns(event.get_object(), *scope)) show(context, event);
    context.terminal.out << std::flush;
    return !cut_off && context.terminal.out.good();
  };
  const auto ended = asker->follow(fmt::format("/v1/events?follow=true&after={}", *last), take);
  if (!ended) return failed(ended.error());
  if (cut_off)
    return failed(
        {Exit::failed, "cut_off", "events came faster than they were read, and some are not kept any more"});
  return code(Exit::done);
}

}  // namespace simplevisor::cli
