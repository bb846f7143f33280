#include "workers/amqp/declare.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "workers/amqp/bytes.hpp"

namespace simplevisor::amqp {
namespace {

// Arguments as a table of the library's, for as long as both live.
class Table {
 public:
  explicit Table(const Arguments& arguments) {
    for (const auto& [name, value] : arguments) {
      amqp_table_entry_t entry{};
      entry.key = bytes(name);
      if (const auto* flag = std::get_if<bool>(&value)) {
        entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
        entry.value.value.boolean = *flag ? 1 : 0;
      } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
        entry.value.kind = AMQP_FIELD_KIND_I64;
        entry.value.value.i64 = *number;
      } else {
        entry.value.kind = AMQP_FIELD_KIND_UTF8;
        entry.value.value.bytes = bytes(std::get<std::string>(value));
      }
      entries_.push_back(entry);
    }
  }
  [[nodiscard]] amqp_table_t get() { return {static_cast<int>(entries_.size()), entries_.data()}; }

 private:
  std::vector<amqp_table_entry_t> entries_;
};

std::vector<const Exchange*> exchanges_of(const Destination& destination) {
  std::vector<const Exchange*> exchanges{&destination.exchange};
  for (const Binding& binding : destination.further_bindings) exchanges.push_back(&binding.exchange);
  return exchanges;
}

// All that the queue is bound by.
std::vector<std::pair<const Exchange*, const std::string*>> bindings_of(const Destination& destination) {
  std::vector<std::pair<const Exchange*, const std::string*>> bindings;
  // The default exchange binds every queue by itself.
  if (!destination.exchange.name.empty()) {
    bindings.emplace_back(&destination.exchange, &destination.routing_key);
    for (const std::string& key : destination.further_keys)
      bindings.emplace_back(&destination.exchange, &key);
  }
  for (const Binding& binding : destination.further_bindings) {
    for (const std::string& key : binding.routing_keys) bindings.emplace_back(&binding.exchange, &key);
  }
  return bindings;
}

Outcome<> declare_exchange(Connection& connection, Channel channel, const Exchange& exchange, bool passive) {
  Table arguments(exchange.arguments);
  amqp_exchange_declare(connection.library(), channel, bytes(exchange.name), bytes(exchange.type),
                        passive ? 1 : 0, exchange.durable ? 1 : 0, exchange.auto_delete ? 1 : 0, 0,
                        arguments.get());
  return connection.outcome_of(fmt::format("exchange {}", exchange.name));
}

Outcome<std::string> declare_queue(Connection& connection, Channel channel, const Queue& queue,
                                   bool passive) {
  Table arguments(queue.arguments);
  const amqp_queue_declare_ok_t* made = amqp_queue_declare(
      connection.library(), channel, bytes(queue.name), passive && !queue.name.empty() ? 1 : 0,
      queue.durable ? 1 : 0, queue.exclusive ? 1 : 0, queue.auto_delete ? 1 : 0, arguments.get());
  if (auto done = connection.outcome_of(fmt::format("queue {}", queue.name)); !done) {
    return std::unexpected(done.error());
  }
  return std::string(view(made->queue));
}

}  // namespace

Outcome<bool> is_there(Connection& connection, Channel channel, const Queue& queue) {
  amqp_channel_open(connection.library(), channel);
  if (auto done = connection.outcome_of("opening a channel"); !done) return std::unexpected(done.error());
  const auto found = declare_queue(connection, channel, queue, true);
  if (!found && found.error().code == AMQP_NOT_FOUND) {
    amqp_channel_close_ok_t farewell{};
    if (auto done = connection.send(channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &farewell); !done)
      return std::unexpected(done.error());
    return false;
  }
  if (!found) return std::unexpected(found.error());
  amqp_channel_close(connection.library(), channel, AMQP_REPLY_SUCCESS);
  if (auto done = connection.outcome_of("closing a channel"); !done) return std::unexpected(done.error());
  return true;
}

Outcome<std::string> declare_for_receiving(Connection& connection, Channel channel,
                                           const Destination& destination, bool passive) {
  for (const Exchange* const exchange : exchanges_of(destination)) {
    if (!exchange->declare) continue;
    if (auto done = declare_exchange(connection, channel, *exchange, passive); !done) {
      return std::unexpected(done.error());
    }
  }
  const bool of_our_own = !destination.queue || destination.queue->name.empty();
  Queue queue =
      destination.queue.value_or(Queue{.name = {}, .exclusive = true, .auto_delete = true, .arguments = {}});
  std::string name = queue.name;
  if (queue.declare) {
    auto declared = declare_queue(connection, channel, queue, passive);
    if (!declared) return declared;
    name = *std::move(declared);
  }
  if (passive && !of_our_own) return name;
  for (const auto& [exchange, key] : bindings_of(destination)) {
    amqp_queue_bind(connection.library(), channel, bytes(name), bytes(exchange->name), bytes(*key),
                    amqp_empty_table);
    if (auto done =
            connection.outcome_of(fmt::format("binding queue {} to exchange {}", name, exchange->name));
        !done) {
      return std::unexpected(done.error());
    }
  }
  return name;
}

Outcome<int> ask_for_sending(Connection& connection, Channel channel, const Destination& destination) {
  int answers = 0;
  const auto ask = [&](amqp_method_number_t id, void* method) -> Outcome<> {
    ++answers;
    return connection.send(channel, id, method);
  };
  for (const Exchange* const exchange : exchanges_of(destination)) {
    if (!exchange->declare) continue;
    Table arguments(exchange->arguments);
    amqp_exchange_declare_t method{};
    method.exchange = bytes(exchange->name);
    method.type = bytes(exchange->type);
    method.durable = exchange->durable ? 1 : 0;
    method.auto_delete = exchange->auto_delete ? 1 : 0;
    method.arguments = arguments.get();
    if (auto done = ask(AMQP_EXCHANGE_DECLARE_METHOD, &method); !done) return std::unexpected(done.error());
  }
  // A queue that the broker names is nobody's destination.
  if (!destination.queue || !destination.queue->declare || destination.queue->name.empty()) return answers;
  const Queue& queue = *destination.queue;
  Table arguments(queue.arguments);
  amqp_queue_declare_t method{};
  method.queue = bytes(queue.name);
  method.durable = queue.durable ? 1 : 0;
  method.exclusive = queue.exclusive ? 1 : 0;
  method.auto_delete = queue.auto_delete ? 1 : 0;
  method.arguments = arguments.get();
  if (auto done = ask(AMQP_QUEUE_DECLARE_METHOD, &method); !done) return std::unexpected(done.error());
  for (const auto& [exchange, key] : bindings_of(destination)) {
    amqp_queue_bind_t binding{};
    binding.queue = bytes(queue.name);
    binding.exchange = bytes(exchange->name);
    binding.routing_key = bytes(*key);
    if (auto done = ask(AMQP_QUEUE_BIND_METHOD, &binding); !done) return std::unexpected(done.error());
  }
  return answers;
}

}  // namespace simplevisor::amqp
