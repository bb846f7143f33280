// workers/queue/normal_messages.hpp
//
// Messages as elements of a normal directory queue ("DQN"), the way python-messaging and Messaging::Message keep them.
//
// Fields     `header`, a table, always there; then `text`, if the body is text, or `binary`. A body that is empty has its
//            file too, so that whether it is text is not lost. No JSON, no compression.
// Reading    without either field the body is empty and binary; with both, which nobody writes, it is the text.
// Threads    plain functions.
#pragma once

#include "workers/dirq/normal/schema.hpp"
#include "workers/message/message.hpp"

namespace simplevisor::queue {

[[nodiscard]] dirq::Schema message_schema();
[[nodiscard]] dirq::Element element_of(const message::Message& message);
// Requires an element of message_schema().
[[nodiscard]] message::Message message_of(dirq::Element element);

}  // namespace simplevisor::queue
