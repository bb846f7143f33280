#include "workers/sarra/wire_v02.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <set>

#include "workers/message/text.hpp"
#include "workers/sarra/digest.hpp"
#include "workers/sarra/part.hpp"
#include "workers/sarra/time.hpp"

namespace simplevisor::sarra {
namespace {

using Failed = std::unexpected<std::string>;
using Done = std::expected<void, std::string>;

// sr3 refuses to send a longer one, and other readers need not take it.
constexpr std::size_t field_bytes_max = 254;

struct Method {
  char letter;
  std::string_view name;
  bool hexadecimal;
};
constexpr std::array methods{Method{'d', "md5", true}, Method{'s', "sha512", true},
                             Method{'n', "md5name", true}, Method{'0', "random", false},
                             Method{'a', "arbitrary", false}};

const Method* method_of(char letter) {
  const auto* const found = std::ranges::find(methods, letter, &Method::letter);
  return found == methods.end() ? nullptr : found;
}
const Method* method_named(std::string_view name) {
  const auto* const found = std::ranges::find(methods, name, &Method::name);
  return found == methods.end() ? nullptr : found;
}

bool is_of_transport(std::string_view name) {
  static const std::set<std::string_view> names{
      "content-type", "content-encoding", "persistent",  "priority",        "correlation-id", "reply-to",
      "timestamp",    "amqp-message-id",  "type",        "user-id",         "app-id",         "expiration",
      "redelivered",  "amqp-exchange",    "destination", "amqp-routing-key"};
  return names.contains(name);
}

// What the new format says by these names is said otherwise in the old one, so there they are nobody's.
bool is_of_v03(std::string_view name) {
  static const std::set<std::string_view> names{"pubTime",      "baseUrl", "relPath", "identity",
                                                "integrity",    "fileOp",  "size",    "content",
                                                "retrievePath", "retPath", "topic",   "blocks"};
  return names.contains(name);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

std::string base_name(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string{path.substr(path.rfind('/') + 1)};
}

Done read_sum(Announcement& to, std::string_view sum) {
  if (sum.size() < 2 || sum[1] != ',') return Failed("sum is no LETTER,VALUE");
  const char letter = sum[0];
  const std::string_view value = sum.substr(2);
  switch (letter) {
    case 'L':
      to.file_op.try_emplace("link", "");  // the target is in the header `link`, if it is anywhere
      return {};
    case 'R':
      to.file_op.emplace("remove", "");
      return {};
    case 'm':
      to.file_op.emplace("directory", "");
      return {};
    case 'r':
      to.file_op.insert({{"remove", ""}, {"directory", ""}});
      return {};
    case 'z': {
      const Method* const later = value.size() == 1 ? method_of(value[0]) : nullptr;
      to.identity = Identity{"cod", std::string{later != nullptr ? later->name : value}, false};
      return {};
    }
    default:
      break;
  }
  const Method* const method = method_of(letter);
  if (method == nullptr) {
    to.identity = Identity{std::string(1, letter), std::string{value}, false};
    return {};
  }
  if (!method->hexadecimal) {
    to.identity = Identity{std::string{method->name}, std::string{value}, false};
    return {};
  }
  const auto bytes = unhex(value);
  if (!bytes) return Failed("sum is no hexadecimal number");
  to.identity = Identity{std::string{method->name}, message::base64(*bytes), false};
  return {};
}

Done read_parts(Announcement& to, std::string_view parts) {
  if (!parts.starts_with("1,")) {
    to.partial = true;
    return {};
  }
  parts = parts.substr(2, parts.find(',', 2) - 2);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(parts.data(), parts.data() + parts.size(), size);
  if (error != std::errc{} || end != parts.data() + parts.size()) return Failed("parts names no size");
  to.size = size;
  return {};
}

Done read_field(Announcement& to, const std::string& name, const std::string& value) {
  if (name == "sum") return read_sum(to, value);
  if (name == "parts") {
    if (auto done = read_parts(to, value); !done || !to.partial) return done;
  }
  if (name == "source") {
    to.source = value;
  } else if (name == "mode") {
    to.mode = value;
  } else if (name == "mtime") {
    to.mtime = with_t(value);
  } else if (name == "atime") {
    to.atime = with_t(value);
  } else if (name == "contentType") {
    to.content_type = value;
  } else if (name == "oldname") {
    to.file_op["rename"] = value;
  } else if (name == "link") {
    to.file_op["link"] = value;
  } else if (!is_of_transport(name) && !is_of_v03(name)) {
    std::string text;
    message::append_json_string(text, value);
    to.others.emplace_back(name, std::move(text));
  }
  return {};
}

std::string sum_of_identity(const Identity& identity) {
  if (identity.method == "cod") {
    const Method* const later = method_named(identity.value);
    return fmt::format("z,{}", later != nullptr ? std::string(1, later->letter) : identity.value);
  }
  const Method* const method = method_named(identity.method);
  if (method == nullptr) return {};
  if (!method->hexadecimal) return fmt::format("{},{}", method->letter, identity.value);
  const auto bytes = message::base64_decoded(identity.value);
  return bytes ? fmt::format("{},{}", method->letter, hex(*bytes)) : std::string{};
}

// Empty: there is none, or the old format has no letter for it.
std::string sum_of(const Announcement& announcement) {
  const auto& operation = announcement.file_op;
  const auto named = [&](char letter, std::string_view text) {
    return fmt::format("{},{}", letter, hex(digest("sha512", text).value_or("")));
  };
  if (const auto link = operation.find("link"); link != operation.end()) return named('L', link->second);
  const std::string name = base_name(announcement.rel_path);
  if (operation.contains("remove")) return named(operation.contains("directory") ? 'r' : 'R', name);
  if (operation.contains("directory")) return named('m', name);
  return announcement.identity ? sum_of_identity(*announcement.identity) : std::string{};
}

}  // namespace

std::expected<Announcement, std::string> decode_v02(const message::Header& header, std::string_view body) {
  while (!body.empty() && (body.back() == '\n' || body.back() == '\r' || body.back() == ' '))
    body.remove_suffix(1);
  const std::size_t first = body.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : body.find(' ', first + 1);
  if (second == std::string_view::npos || body.find(' ', second + 1) != std::string_view::npos) {
    return Failed("the body is not \"time base-url path\"");
  }
  Announcement result;
  result.pub_time = with_t(body.substr(0, first));
  result.base_url = body.substr(first + 1, second - first - 1);
  result.rel_path = body.substr(second + 1);
  replace_all(result.rel_path, "%20", " ");
  replace_all(result.rel_path, "%23", "#");
  if (message::first_invalid_utf8(body)) return Failed("the body is not UTF-8");
  if (!parse_time(result.pub_time))
    return Failed(fmt::format("\"{}\" is no time", result.pub_time.substr(0, 60)));
  if (result.base_url.empty() || result.rel_path.empty()) return Failed("without a URL or a path");
  for (const auto& [name, value] : header) {
    if (message::first_invalid_utf8(name) || message::first_invalid_utf8(value)) {
      return Failed("a header that is not UTF-8");
    }
    if (name == "parts") continue;
    if (auto done = read_field(result, name, value); !done) return Failed(done.error());
  }
  // Last, as v03 reads it: the order of what is forwarded is kept.
  if (const auto parts = header.find("parts"); parts != header.end()) {
    if (auto done = read_field(result, parts->first, parts->second); !done) return Failed(done.error());
  }
  return result;
}

std::expected<message::Message, std::string> encode_v02(const Announcement& a) {
  std::string path = a.rel_path;
  replace_all(path, " ", "%20");
  replace_all(path, "#", "%23");
  message::Message made{{}, fmt::format("{} {} {}", without_t(a.pub_time), a.base_url, path), true};
  const auto set = [&](const char* name, const std::optional<std::string>& value) {
    if (value) made.header[name] = *value;
  };
  set("source", a.source);
  set("mode", a.mode);
  if (a.mtime) set("mtime", without_t(*a.mtime));
  if (a.atime) set("atime", without_t(*a.atime));
  set("contentType", a.content_type);
  const bool in_blocks = std::ranges::any_of(a.others, [](const auto& f) { return f.first == "blocks"; });
  if (in_blocks) {
    const auto part = part_of(a);
    const auto parts = part ? parts_field(*part) : Failed(part.error());
    if (!parts) return Failed("what the old format cannot say: " + parts.error());
    made.header["parts"] = *parts;
  } else if (a.size && !a.partial) {
    set("parts", fmt::format("1,{},1,0,0", *a.size));
  }
  if (const std::string sum = sum_of(a); !sum.empty()) set("sum", sum);
  if (const auto link = a.file_op.find("link"); link != a.file_op.end() && !link->second.empty())
    set("link", link->second);
  if (const auto old = a.file_op.find("rename"); old != a.file_op.end()) set("oldname", old->second);
  for (const auto& [name, raw] : a.others) {
    boost::json::error_code error;
    const auto value = boost::json::parse(raw, error);
    // A number or a table is written as the JSON it is: the old format knows only texts.
    if (!is_of_transport(name) && name != "blocks")
      made.header.try_emplace(name, !error && value.is_string() ? std::string{value.as_string()} : raw);
  }
  for (const auto& [name, value] : made.header) {
    if (value.size() > field_bytes_max) {
      return Failed(fmt::format("{} is longer than the {} bytes of the old format", name.substr(0, 40),
                                field_bytes_max));
    }
  }
  return made;
}

}  // namespace simplevisor::sarra
