#include "workers/amqp/destination.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "workers/broker/uri.hpp"

namespace simplevisor::amqp {
namespace {

using Failed = std::unexpected<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t destination_bytes_max = 65'536;  // a subscriber may have many bindings
constexpr std::size_t name_bytes_max = 255;            // a short string on the wire

std::expected<std::string, std::string> decoded(std::string_view text) {
  auto plain = broker::percent_decoded(text);
  if (!plain) return Failed(fmt::format("\"{}\": a % that no two hex digits follow", text));
  return *std::move(plain);
}

std::expected<std::string, std::string> decoded_name(std::string_view text, std::string_view what) {
  auto name = decoded(text);
  if (name && name->empty()) return Failed(fmt::format("{} has no name", what));
  if (name && name->size() > name_bytes_max) {
    return Failed(fmt::format("the name of the {} is longer than {} bytes", what, name_bytes_max));
  }
  return name;
}

std::expected<Pairs, std::string> parse_pairs(std::string_view text) {
  constexpr std::string_view separators = ", \t";
  Pairs pairs;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return Failed(fmt::format("\"{}\" is not KEY=VALUE", part));
    }
    auto key = decoded(part.substr(0, equals));
    auto value = decoded(part.substr(equals + 1));
    if (!key) return Failed(key.error());
    if (!value) return Failed(value.error());
    for (const auto& [earlier, ignored] : pairs) {
      if (earlier == *key) return Failed(fmt::format("{} is said twice", *key));
    }
    pairs.emplace_back(*std::move(key), *std::move(value));
  }
  return pairs;
}

Argument argument(std::string text) {
  if (text == "true") return true;
  if (text == "false") return false;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) return number;
  return text;
}

std::expected<Arguments, std::string> parse_arguments(std::string_view text) {
  auto pairs = parse_pairs(text);
  if (!pairs) return Failed(pairs.error());
  Arguments arguments;
  for (auto& [key, value] : *pairs) {
    if (key.size() > name_bytes_max) return Failed("an argument's name is too long");
    arguments.emplace(std::move(key), argument(std::move(value)));
  }
  return arguments;
}

// The keys that a list knows, by what they set.
struct Keys {
  std::map<std::string_view, std::string*> texts;
  std::map<std::string_view, bool*> flags;
  Arguments* arguments = nullptr;
};

std::expected<void, std::string> fill(std::string_view what, std::string_view text, const Keys& keys) {
  auto pairs = parse_pairs(text);
  if (!pairs) return Failed(fmt::format("{}: {}", what, pairs.error()));
  for (auto& [key, value] : *pairs) {
    if (const auto found = keys.texts.find(key); found != keys.texts.end()) {
      if (value.size() > name_bytes_max) return Failed(fmt::format("{}: {} is too long", what, key));
      *found->second = std::move(value);
    } else if (const auto flag = keys.flags.find(key); flag != keys.flags.end()) {
      if (value != "true" && value != "false") {
        return Failed(fmt::format("{}: {} is \"{}\", neither true nor false", what, key, value));
      }
      *flag->second = value == "true";
    } else if (key == "arguments" && keys.arguments != nullptr) {
      auto arguments = parse_arguments(value);
      if (!arguments) return Failed(fmt::format("{}: arguments: {}", what, arguments.error()));
      *keys.arguments = *std::move(arguments);
    } else {
      return Failed(fmt::format("{}: there is no key {}", what, key));
    }
  }
  return {};
}

// Of a list without keys.
std::expected<std::vector<std::string>, std::string> parse_words(std::string_view text) {
  constexpr std::string_view separators = ", \t";
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find_first_of(separators));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (part.empty()) continue;
    auto word = decoded(part);
    if (!word) return Failed(word.error());
    words.push_back(*std::move(word));
  }
  return words;
}

std::expected<std::vector<std::string>, std::string> parse_keys(std::string_view text) {
  auto keys = parse_words(text);
  if (keys && keys->empty()) return Failed("routing_keys: none");
  if (keys && std::ranges::any_of(*keys, [](const auto& key) { return key.size() > name_bytes_max; }))
    return Failed("one of the routing_keys is too long");
  return keys;
}

std::expected<Exchange, std::string> parse_exchange(std::string_view text) {
  Exchange made;
  made.declare = true;
  const auto filled = fill(
      "exchange", text,
      {.texts = {{"name", &made.name}, {"type", &made.type}},
       .flags = {{"durable", &made.durable}, {"auto_delete", &made.auto_delete}, {"declare", &made.declare}},
       .arguments = &made.arguments});
  if (!filled) return Failed(filled.error());
  made.declare = made.declare && !made.name.empty() && !made.name.starts_with("amq.");
  return made;
}

std::expected<Queue, std::string> parse_queue(std::string_view text) {
  Queue made;
  const auto filled = fill("queue", text,
                           {.texts = {{"name", &made.name}},
                            .flags = {{"durable", &made.durable},
                                      {"exclusive", &made.exclusive},
                                      {"auto_delete", &made.auto_delete},
                                      {"declare", &made.declare},
                                      {"expected", &made.expected}},
                            .arguments = &made.arguments});
  if (!filled) return Failed(filled.error());
  return made;
}

std::expected<Binding, std::string> parse_binding(std::string_view text) {
  auto pairs = parse_pairs(text);
  if (!pairs) return Failed(pairs.error());
  Binding made;
  for (const auto& [key, value] : *pairs) {
    if (key == "exchange") {
      auto exchange = parse_exchange(value);
      if (!exchange) return Failed(exchange.error());
      made.exchange = *std::move(exchange);
    } else if (key == "routing_keys") {
      auto keys = parse_keys(value);
      if (!keys) return Failed(keys.error());
      made.routing_keys = *std::move(keys);
    } else {
      return Failed(fmt::format("there is no key {} (exchange, routing_keys)", key));
    }
  }
  if (made.exchange.name.empty()) return Failed("without an exchange");
  if (made.routing_keys.empty()) return Failed("without routing_keys");
  return made;
}

std::expected<std::vector<Binding>, std::string> parse_bindings(std::string_view text) {
  const auto failed = [](const std::string& what) { return Failed("bindings: " + what); };
  auto lists = parse_words(text);
  if (!lists) return failed(lists.error());
  std::vector<Binding> bindings;
  for (const std::string& list : *lists) {
    auto binding = parse_binding(list);
    if (!binding) return failed(binding.error());
    bindings.push_back(*std::move(binding));
  }
  return bindings;
}

// Puts what was parsed where it belongs, or says why it could not be.
template <class T>
std::expected<void, std::string> put(std::expected<T, std::string> parsed, auto& place) {
  if (!parsed) return Failed(std::move(parsed).error());
  place = *std::move(parsed);
  return {};
}

std::expected<void, std::string> set(Destination& to, std::string_view key, const std::string& value) {
  if (key == "exchange") return put(parse_exchange(value), to.exchange);
  if (key == "queue") return put(parse_queue(value), to.queue);
  if (key == "bindings") return put(parse_bindings(value), to.further_bindings);
  if (key == "routing_keys") {
    if (auto done = put(parse_keys(value), to.further_keys); !done) return done;
    to.routing_key = std::move(to.further_keys.front());
    to.further_keys.erase(to.further_keys.begin());
    return {};
  }
  if (key != "routing_key") {
    return Failed(
        fmt::format("there is no key {} (exchange, queue, routing_key, routing_keys, bindings)", key));
  }
  if (value.size() > name_bytes_max) return Failed("routing_key is too long");
  to.routing_key = value;
  return {};
}

std::expected<Destination, std::string> parse_list(std::string_view text) {
  auto pairs = parse_pairs(text);
  if (!pairs) return Failed(pairs.error());
  Destination result;
  for (const auto& [key, value] : *pairs) {
    if (auto done = set(result, key, value); !done) return Failed(std::move(done).error());
  }
  // The default exchange binds every queue by its name, and only so.
  if (result.exchange.name.empty() && result.queue && result.routing_key.empty()) {
    result.routing_key = result.queue->name;
  }
  return result;
}

std::expected<Destination, std::string> queue_named(std::string_view text, bool declare) {
  auto name = decoded_name(text, "queue");
  if (!name) return Failed(name.error());
  Destination result;
  result.routing_key = *name;
  result.queue = Queue{.name = *std::move(name), .durable = declare, .declare = declare, .arguments = {}};
  return result;
}

std::expected<Destination, std::string> exchange_with_key(std::string_view name_text,
                                                          std::string_view key_text) {
  auto name = decoded_name(name_text, "exchange");
  if (!name) return Failed(name.error());
  auto key = decoded(key_text);
  if (!key) return Failed(key.error());
  if (key->size() > name_bytes_max) return Failed("the routing key is too long");
  Destination result;
  result.exchange.name = *std::move(name);
  result.routing_key = *std::move(key);
  return result;
}

std::expected<Destination, std::string> parse(std::string_view text) {
  const auto after = [&](std::string_view prefix) { return text.substr(prefix.size()); };
  if (text.empty()) return Failed("it is empty");
  if (text.size() > destination_bytes_max) return Failed("it is too long");
  if (text.starts_with("/queue/")) return queue_named(after("/queue/"), true);
  if (text.starts_with("/amq/queue/")) return queue_named(after("/amq/queue/"), false);
  if (text.starts_with("/topic/")) {
    if (after("/topic/").empty()) return Failed("topic has no name");
    return exchange_with_key("amq.topic", after("/topic/"));
  }
  if (text.starts_with("/exchange/")) {
    const std::string_view rest = after("/exchange/");
    const std::size_t slash = rest.find('/');
    return exchange_with_key(rest.substr(0, slash),
                             slash == std::string_view::npos ? "" : rest.substr(slash + 1));
  }
  if (text.front() == '/') return Failed("it begins with none of /queue/, /topic/, /exchange/, /amq/queue/");
  if (text.find('=') == std::string_view::npos) return Failed("neither a path nor KEY=VALUE");
  return parse_list(text);
}

}  // namespace

std::expected<Destination, std::string> parse_destination(std::string_view text) {
  auto result = parse(text);
  if (!result) return Failed(fmt::format("destination \"{}\": {}", text.substr(0, 200), result.error()));
  return result;
}

}  // namespace simplevisor::amqp
