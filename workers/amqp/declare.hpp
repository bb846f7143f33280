// workers/amqp/declare.hpp
//
// Makes what a destination speaks of: exchange, queue, binding.
//
// Receiving  waits for each answer: without its queue a subscription is nothing.
// Sending    only asks. A sender may lack the right to declare what is there already, or describe it in another way;
//            whether the message gets anywhere is what `mandatory` is for.
#pragma once

#include <string>

#include "workers/amqp/connection.hpp"
#include "workers/amqp/destination.hpp"

namespace simplevisor::amqp {

// Asked on `channel`, which is opened for it: a broker closes the one on which an absent queue is asked for.
[[nodiscard]] Outcome<bool> is_there(Connection& connection, Channel channel, const Queue& queue);

// The queue to consume from. `passive`: nothing is made, only looked for.
[[nodiscard]] Outcome<std::string> declare_for_receiving(Connection& connection, Channel channel,
                                                         const Destination& destination, bool passive);

// How many answers will come, if the broker does not close the channel before.
[[nodiscard]] Outcome<int> ask_for_sending(Connection& connection, Channel channel,
                                           const Destination& destination);

}  // namespace simplevisor::amqp
