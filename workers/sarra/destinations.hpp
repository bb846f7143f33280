// workers/sarra/destinations.hpp
//
// Exchanges and queues as workers/amqp takes them in its destinations.
//
// Threads    free functions without state.
#pragma once

#include <string>
#include <string_view>

namespace simplevisor::sarra {

// For a value of the lists, or a name in the paths.
[[nodiscard]] std::string encoded_for_list(std::string_view text);

// A durable topic exchange.
[[nodiscard]] std::string exchange_list(std::string_view name, bool declare);

// One that is declared takes a round trip more.
[[nodiscard]] std::string destination_of_post(std::string_view exchange, std::string_view routing_key,
                                              bool declare);

}  // namespace simplevisor::sarra
