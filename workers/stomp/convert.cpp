#include "workers/stomp/convert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "workers/message/text.hpp"
#include "workers/stomp/writer.hpp"

namespace simplevisor::stomp {
namespace {

using broker::Result;
using message::Message;

// Each belongs to one connection, frame or delivery, and would be wrong or forbidden in another.
constexpr std::array<std::string_view, 8> never_sent{"message-id",     "ack",        "subscription",
                                                     "redelivered",    "receipt",    "receipt-id",
                                                     "content-length", "transaction"};
constexpr std::array<std::string_view, 4> of_its_broker{"timestamp", "expires", "priority", "breadcrumbId"};
// ActiveMQ's limit is 10240 for a line, escapes included.
constexpr std::size_t activemq_line_bytes_max = 10'000;
constexpr std::string_view original_prefix = "x-orig-";

template <class List>
bool is_in(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

bool is_integer(std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number >= least && number <= most;
}

constexpr std::int64_t largest = INT64_MAX;

bool is_boolean(std::string_view text) {
  return text == "true" || text == "false";
}

// What RabbitMQ makes properties of the message, or of the queue it declares for a SEND.
bool good_for_rabbitmq(std::string_view name, std::string_view value, std::string_view login) {
  if (name == "persistent") return is_boolean(value);
  if (name == "priority") return is_integer(value, 0, 255);
  if (name == "timestamp" || name == "expiration") return is_integer(value, 0, largest);
  if (name == "user-id") return value == login;
  // Other than its defaults these ask for another queue than there is, and 406 is the answer.
  if (name == "durable") return value == "true";
  if (name == "auto-delete" || name == "exclusive") return value == "false";
  return true;
}

// "/queue/" and its like: ActiveMQ answers a destination without a name by hanging up.
bool is_nameless(std::string_view destination) {
  constexpr std::array<std::string_view, 6> prefixes{
      "/queue/", "/topic/", "/temp-queue/", "/temp-topic/", "/remote-temp-queue/", "/remote-temp-topic/"};
  return is_in(prefixes, destination);
}

// Each of these makes ActiveMQ hang up without a word, so that nobody would know which message it was.
bool good_for_activemq(std::string_view name, std::string_view value) {
  if (name == "persistent") return is_boolean(value);
  if (name == "priority") return is_integer(value, 0, 255);
  if (name == "timestamp" || name == "expires") return is_integer(value, 0, largest);
  if (name == "JMSXGroupSeq" || name == "AMQ_SCHEDULED_REPEAT")
    return is_integer(value, INT32_MIN, INT32_MAX);
  if (name == "AMQ_SCHEDULED_DELAY" || name == "AMQ_SCHEDULED_PERIOD") return is_integer(value, 0, largest);
  if (name == "reply-to") return !is_nameless(value);
  return name != "transformation";
}

bool good_for(const SendContext& context, std::string_view name, std::string_view value) {
  switch (context.broker) {
    case BrokerType::rabbitmq:
      return good_for_rabbitmq(name, value, context.login);
    case BrokerType::activemq:
    case BrokerType::artemis:
    case BrokerType::apollo:
      return good_for_activemq(name, value);
    case BrokerType::unknown:
      return true;
  }
  std::unreachable();
}

std::string lower(std::string_view text) {
  std::string result{text};
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

// The value of "charset=" in a content-type, without quotes.
std::optional<std::string> charset_of(std::string_view lower_type) {
  const std::size_t at = lower_type.find("charset=");
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view value = lower_type.substr(at + std::string_view{"charset="}.size());
  if (value.starts_with('"')) value.remove_prefix(1);
  return std::string{value.substr(0, value.find_first_of("\"; \t"))};
}

bool claims_utf8_text(std::string_view content_type) {
  const std::string type = lower(content_type);
  if (const auto charset = charset_of(type)) {
    return *charset == "utf-8" || *charset == "utf8" || *charset == "us-ascii" || *charset == "ascii";
  }
  return type.starts_with("text/") && type.size() > std::string_view{"text/"}.size();
}

// UTF-8 from bytes that are not.
std::string repaired(std::string_view bytes, Version version) {
  std::string text;
  while (!bytes.empty()) {
    const std::size_t good = message::first_invalid_utf8(bytes).value_or(bytes.size());
    text += bytes.substr(0, good);
    bytes.remove_prefix(good);
    if (bytes.empty()) break;
    const auto bad = static_cast<unsigned char>(bytes.front());
    if (version == Version::v1_0) {
      text += static_cast<char>(0xC0 | (bad >> 6));
      text += static_cast<char>(0x80 | (bad & 0x3F));
    } else {
      text += "\xEF\xBF\xBD";
    }
    bytes.remove_prefix(1);
  }
  return text;
}

void make_utf8(std::string& text, Version version) {
  if (message::first_invalid_utf8(text)) text = repaired(text, version);
}

class Send {
 public:
  Send(std::string& out, const Sending& sending, const SendContext& context)
      : sending_{sending}, context_{context}, writer_{out, context.dialect, "SEND"} {}

  void add_all(const Message& message) {
    for (const auto& [name, value] : message.header) add(name, value);
    if (!message.header.contains("destination")) {
      if (sending_.destination) {
        put("destination", *sending_.destination);
      } else {
        complain("it has no destination, and there is no default one");
      }
    }
    if (message.text && !message.header.contains("content-type")) put("content-type", "text/unknown");
  }

  Result<void> end(const Message& message, std::string_view receipt) {
    if (!receipt.empty()) writer_.header("receipt", receipt);
    const bool as_jms = sending_.text_as_jms && message.text && !message.body.contains('\0');
    // Also when there is a complaint: it is the writer that takes back what it has written.
    if (!trouble_.empty()) writer_.header("", "");
    const auto written = writer_.end(message.body, as_jms ? ContentLength::omitted : ContentLength::always);
    if (!trouble_.empty()) return broker::misconfigured("message cannot be sent: " + trouble_);
    if (!written) return broker::misconfigured("message cannot be sent: " + written.error().message);
    return {};
  }

 private:
  void add(std::string_view name, std::string_view value) {
    const bool left_out =
        is_in(never_sent, name) || (sending_.from_other_broker && is_in(of_its_broker, name));
    if (left_out) {
      if (sending_.keep_originals && name != "content-length") {
        put(fmt::format("{}{}", original_prefix, name), value);
      }
      return;
    }
    if (name == "destination" && (value.empty() || is_nameless(value))) {
      return complain("its destination is empty");
    }
    if (!good_for(context_, name, value)) {
      if (sending_.strict) {
        complain(fmt::format("{} does not take its header {} as it is", name_of(context_.broker), name));
      }
      return;
    }
    put(name, value);
  }

  void put(std::string_view name, std::string_view value) {
    if (name.size() > header_name_bytes_max) {
      return complain(
          fmt::format("a header name of {} bytes exceeds {}", name.size(), header_name_bytes_max));
    }
    if (context_.broker == BrokerType::activemq && name.size() + value.size() > activemq_line_bytes_max) {
      return complain(
          fmt::format("its header {} of {} bytes exceeds what ActiveMQ takes", name, value.size()));
    }
    if (++count_ > sent_header_count_max) {
      return complain(fmt::format("it has more than {} headers", sent_header_count_max));
    }
    bytes_ += name.size() + value.size();
    if (bytes_ > sent_header_bytes_max) {
      return complain(fmt::format("its header exceeds {} bytes", sent_header_bytes_max));
    }
    writer_.header(name, value);
  }

  void complain(std::string why) {
    if (trouble_.empty()) trouble_ = std::move(why);
  }

  const Sending& sending_;
  const SendContext& context_;
  FrameWriter writer_;
  std::size_t bytes_ = 0;
  std::size_t count_ = 0;
  std::string trouble_;
};

}  // namespace

Result<void> append_send(std::string& out, const Message& message, const Sending& sending,
                         const SendContext& context, std::string_view receipt) {
  Send send{out, sending, context};
  send.add_all(message);
  return send.end(message, receipt);
}

Message to_message(Frame&& frame, Version version) {
  Message message;
  for (auto& [name, value] : frame.headers) {
    make_utf8(name, version);
    make_utf8(value, version);
    message.header.emplace(std::move(name), std::move(value));
  }
  message.body = std::move(frame.body);
  const auto type = message.header.find("content-type");
  message.text = type != message.header.end() && claims_utf8_text(type->second) &&
                 !message::first_invalid_utf8(message.body);
  return message;
}

}  // namespace simplevisor::stomp
