#include "supervisor/control/flow.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <set>

#include "supervisor/control/text.hpp"

namespace simplevisor::control {
namespace {

namespace json = boost::json;

json::string text(std::string_view bytes) {
  return json::string(clean_utf8(bytes));
}

// Without user, password, and what follows "?" or "#".
std::string shown_address(std::string_view uri) {
  const std::size_t scheme = uri.find("://");
  const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  // The last one: a password may have any of "/?#" in it, where the URI is a wrong one.
  const std::size_t at = uri.rfind('@');
  const std::string_view rest = uri.substr(at == std::string_view::npos || at < host ? host : at + 1);
  std::string shown{uri.substr(0, host)};
  return shown.append(rest.substr(0, rest.find_first_of("?#")));
}

// One worker's `with`.
class Finder {
 public:
  Finder(std::vector<BrokerEnd>& found, const config::Program& program) : found_(found), program_(program) {
    boost::system::error_code error;
    const json::value value = json::parse(program.with_json, error);
    if (!error && value.is_object()) with_ = value.get_object();
  }

  void find() {
    const std::string name = std::filesystem::path(program_.command.front()).filename();
    if (name == "simplevisor-transfer") transfer();
    if (name == "simplevisor-sarra") sarra();
  }

 private:
  void transfer() {
    if (const std::string broker = first("incoming-broker-uri"); !broker.empty()) {
      auto destinations = subscribed();
      if (destinations.empty()) destinations.emplace_back();
      for (const std::string& destination : destinations) add(broker, destination, "takes");
    }
    if (const std::string broker = first("outgoing-broker-uri"); !broker.empty())
      add(broker, first("destination"), "adds");
  }

  void sarra() {
    const std::string broker = first("broker-uri");
    if (broker.empty()) return;
    if (!with_.contains("from")) {
      std::vector<std::string> exchanges;
      // EXCHANGE:TOPIC
      for (const std::string& binding : texts("binding"))
        exchanges.push_back(binding.substr(0, binding.find(':')));
      if (exchanges.empty()) exchanges.push_back(with_.contains("exchange") ? first("exchange") : "xpublic");
      for (const std::string& exchange : exchanges) add(broker, exchange, "takes");
    }
    if (!with_.contains("path")) add(broker, first("post-exchange"), "adds");
  }

  // Of `subscribe`: one or several of {"destination":"..."} or "destination=... ...".
  std::vector<std::string> subscribed() const {
    std::vector<std::string> destinations;
    const json::value* const value = with_.if_contains("subscribe");
    if (!value) return destinations;
    const auto take = [&](const json::value& one) {
      if (one.is_object()) {
        const json::value* const member = one.get_object().if_contains("destination");
        if (member && member->is_string()) destinations.emplace_back(member->get_string());
      } else if (one.is_string()) {
        std::string_view pairs = one.get_string();
        while (!pairs.empty()) {
          const std::string_view pair = pairs.substr(0, pairs.find_first_of(" \t\r\n,"));
          pairs.remove_prefix(std::min(pair.size() + 1, pairs.size()));
          if (!pair.starts_with("destination=")) continue;
          if (auto plain = percent_decoded(pair.substr(12))) destinations.push_back(*std::move(plain));
        }
      }
    };
    if (value->is_array())
      std::ranges::for_each(value->get_array(), take);
    else
      take(*value);
    return destinations;
  }

  // A setting is one text, or several.
  std::vector<std::string> texts(std::string_view key) const {
    std::vector<std::string> all;
    const json::value* const value = with_.if_contains(key);
    if (value && value->is_string()) all.emplace_back(value->get_string());
    if (value && value->is_array()) {
      for (const json::value& one : value->get_array())
        if (one.is_string()) all.emplace_back(one.get_string());
    }
    return all;
  }
  std::string first(std::string_view key) const {
    auto all = texts(key);
    return all.empty() ? "" : std::move(all.front());
  }

  void add(const std::string& broker, const std::string& destination, std::string_view role) {
    if (found_.size() < ends_max) found_.push_back({shown_address(broker), destination, program_.path, role});
  }

  std::vector<BrokerEnd>& found_;
  const config::Program& program_;
  json::object with_;
};

json::value queue_json(const QueueFigures& queue, std::chrono::system_clock::time_point now) {
  json::object object{{"path", text(queue.path)}, {"readable", queue.readable}, {"whole", queue.whole},
                      {"ready", queue.ready},     {"locked", queue.locked},     {"oldest_ms", nullptr}};
  if (queue.oldest) {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - *queue.oldest);
    object["oldest_ms"] = std::max<std::int64_t>(age.count(), 0);
  }
  return object;
}

}  // namespace

std::vector<BrokerEnd> find_broker_ends(const config::Configuration& configuration) {
  std::vector<BrokerEnd> found;
  for (const auto& program : configuration.programs) {
    if (!program->with_json.empty() && !program->command.empty()) Finder(found, *program).find();
  }
  std::ranges::sort(found);
  const auto doubles = std::ranges::unique(found);
  found.erase(doubles.begin(), doubles.end());
  return found;
}

std::string flow_json(const FlowMoment& moment, const std::function<bool(std::string_view)>& is_shown) {
  std::set<std::string_view> used;
  json::array uses;
  for (const WorkerFiles::Use& use : moment.files.uses) {
    if (!is_shown(use.node)) continue;
    used.insert(use.queue);
    uses.push_back(
        json::object{{"queue", text(use.queue)}, {"node", text(use.node)}, {"role", text(use.role)}});
  }
  json::array queues;
  for (const QueueFigures& queue : moment.figures.queues)
    if (used.contains(queue.path)) queues.push_back(queue_json(queue, moment.now));
  json::array brokers;
  for (const BrokerEnd& end : moment.brokers) {
    if (!is_shown(end.node)) continue;
    brokers.push_back(json::object{{"broker", text(end.broker)},
                                   {"destination", text(end.destination)},
                                   {"node", text(end.node)},
                                   {"role", text(end.role)}});
  }
  json::array counters;
  for (const ReportedCounter& counter : moment.figures.counters) {
    if (is_shown(counter.node))
      counters.push_back(
          json::object{{"node", text(counter.node)}, {"name", text(counter.name)}, {"value", counter.value}});
  }
  return json::serialize(json::object{{"queues", std::move(queues)},
                                      {"uses", std::move(uses)},
                                      {"brokers", std::move(brokers)},
                                      {"counters", std::move(counters)}});
}

}  // namespace simplevisor::control
