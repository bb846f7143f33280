#include "workers/queue/normal_messages.hpp"

#include <string>
#include <utility>

namespace simplevisor::queue {

dirq::Schema message_schema() {
  return dirq::Schema::parse({{"header", "table"}, {"binary", "binary?"}, {"text", "string?"}}).value();
}

dirq::Element element_of(const message::Message& message) {
  return {{"header", message.header}, {message.text ? "text" : "binary", message.body}};
}

message::Message message_of(dirq::Element element) {
  message::Message message;
  message.header = std::get<dirq::Table>(std::move(element.at("header")));
  const auto text = element.find("text");
  const auto body = text != element.end() ? text : element.find("binary");
  if (body != element.end()) message.body = std::get<std::string>(std::move(body->second));
  message.text = text != element.end();
  return message;
}

}  // namespace simplevisor::queue
