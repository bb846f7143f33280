#include "workers/broker/uri.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

#include "workers/broker/small_file.hpp"

namespace simplevisor::broker {
namespace {

struct Scheme {
  std::string_view name;
  Protocol protocol;
  bool tls;
  std::uint16_t default_port;  // 0: must be given
};
constexpr std::array schemes{
    Scheme{"tcp", Protocol::stomp, false, 0},    Scheme{"stomp", Protocol::stomp, false, 0},
    Scheme{"ssl", Protocol::stomp, true, 0},     Scheme{"stomp+ssl", Protocol::stomp, true, 0},
    Scheme{"amqp", Protocol::amqp, false, 5672}, Scheme{"amqps", Protocol::amqp, true, 5671},
    Scheme{"udp", Protocol::udp, false, 0},
};

constexpr std::size_t host_bytes_max = 255;

std::unexpected<Failure> wrong(std::string_view uri, std::string_view why) {
  return misconfigured(fmt::format("broker URI \"{}\": {}", presentable_uri(uri), why));
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > host_bytes_max) return false;
  return std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

// An IPv6 address, with a zone or without: "::1", "fe80::1%eth0".
bool is_bracketed_host(std::string_view host) {
  const std::size_t percent = std::min(host.find('%'), host.size());
  const std::string address{host.substr(0, percent)};
  in6_addr ignored{};
  if (address.size() >= INET6_ADDRSTRLEN || address.contains('\0') ||
      ::inet_pton(AF_INET6, address.c_str(), &ignored) != 1)
    return false;
  if (percent == host.size()) return true;
  const std::string_view zone = host.substr(percent + 1);
  return zone.size() < IF_NAMESIZE && is_host(zone);
}

// "HOST", "HOST:PORT", "[ADDRESS]", "[ADDRESS]:PORT".
Result<void> read_host_and_port(std::string_view uri, std::string_view text, std::uint16_t default_port,
                                Endpoint& endpoint) {
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return wrong(uri, "its \"[\" is never closed");
    if (!is_bracketed_host(text.substr(1, end - 1))) return wrong(uri, "no IPv6 address in its brackets");
    endpoint.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ':') return wrong(uri, "after \"]\" only a port can follow");
    has_port = !text.empty();
    if (has_port) port = text.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    has_port = colon != std::string_view::npos;
    if (has_port) port = text.substr(colon + 1);
    if (!is_host(text.substr(0, colon))) return wrong(uri, "it has no valid host");
    endpoint.host = text.substr(0, colon);
  }
  if (!has_port && default_port != 0) {
    endpoint.port = default_port;
    return {};
  }
  if (!has_port) return wrong(uri, "it has no port");
  const auto number = number_of<std::uint16_t>(port);
  if (!number || *number == 0) return wrong(uri, "its port is not a number from 1 to 65535");
  endpoint.port = *number;
  return {};
}

Result<void> read_user(std::string_view uri, std::string_view text, Endpoint& endpoint) {
  const std::size_t colon = text.find(':');
  auto user = percent_decoded(text.substr(0, colon));
  auto password =
      percent_decoded(colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1));
  if (!user || !password) return wrong(uri, "user or password holds a \"%\" that does not begin %XX");
  endpoint.user = *std::move(user);
  endpoint.password = Secret{*std::move(password)};
  return {};
}

Result<void> read_virtual_host(std::string_view uri, std::string_view path, Endpoint& endpoint) {
  if (path.empty() || path == "/" || path == "//") return {};
  auto name = percent_decoded(path.substr(1));
  if (!name) return wrong(uri, "its virtual host holds a \"%\" that does not begin %XX");
  if (name->size() > 127) return wrong(uri, "its virtual host is longer than 127 bytes");
  endpoint.virtual_host = *std::move(name);
  return {};
}

Result<Endpoint> parse_endpoint(std::string_view uri) {
  const std::size_t colon = uri.find("://");
  if (colon == std::string_view::npos) return wrong(uri, "it does not begin with SCHEME://");
  const auto* const scheme = std::ranges::find(schemes, uri.substr(0, colon), &Scheme::name);
  if (scheme == schemes.end()) {
    return wrong(uri, "its scheme is none of tcp, stomp, ssl, stomp+ssl, udp, amqp, amqps, failover, file");
  }
  std::string_view rest = uri.substr(colon + 3);
  Endpoint endpoint;
  endpoint.protocol = scheme->protocol;
  endpoint.tls = scheme->tls;

  // A "/" in a password is %2F; an "@" we search from the right, within the authority alone.
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  const std::string_view path = rest.substr(slash);
  const std::size_t at = authority.rfind('@');
  if (scheme->protocol != Protocol::amqp) {
    if (at != std::string_view::npos)
      return wrong(uri, "who we are belongs in the option auth, not in the URI");
    if (!path.empty() && path != "/") return wrong(uri, "nothing can follow its port");
  } else {
    if (at != std::string_view::npos) {
      if (auto done = read_user(uri, authority.substr(0, at), endpoint); !done) {
        return std::unexpected(done.error());
      }
      authority.remove_prefix(at + 1);
    }
    if (auto done = read_virtual_host(uri, path, endpoint); !done) return std::unexpected(done.error());
  }
  if (auto done = read_host_and_port(uri, authority, scheme->default_port, endpoint); !done) {
    return std::unexpected(done.error());
  }
  return endpoint;
}

Result<void> set_option(std::string_view uri, std::string_view name, std::string_view value, Failover& to) {
  const auto bad = [&](std::string_view expected) {
    return wrong(uri, fmt::format("failover option {} is not {}", name, expected));
  };
  const auto boolean = [&](bool& field) -> Result<void> {
    if (value != "true" && value != "false") return bad("true or false");
    field = value == "true";
    return {};
  };
  const auto delay = [&](std::chrono::milliseconds& field) -> Result<void> {
    const auto number = number_of<std::uint32_t>(value);
    if (!number || *number > 86'400'000) return bad("a number of milliseconds up to one day");
    field = std::chrono::milliseconds{*number};
    return {};
  };
  if (name == "randomize") return boolean(to.randomize);
  if (name == "useExponentialBackOff") return boolean(to.exponential);
  if (name == "initialReconnectDelay") return delay(to.initial_delay);
  if (name == "maxReconnectDelay") return delay(to.delay_max);
  if (name == "backOffMultiplier") {
    const auto number = number_of<double>(value);
    if (!number || !std::isfinite(*number) || *number < 1 || *number > 1000)
      return bad("a number from 1 to 1000");
    to.multiplier = *number;
    return {};
  }
  if (name == "maxReconnectAttempts") {
    // -1 is how ActiveMQ's own clients write "for ever".
    if (value == "-1") {
      to.reconnects_max.reset();
      return {};
    }
    const auto number = number_of<std::uint32_t>(value);
    if (!number) return bad("a number");
    to.reconnects_max = *number;
    return {};
  }
  return wrong(uri, fmt::format("it has an unknown failover option \"{}\"", presentable_uri(name)));
}

Result<void> read_options(std::string_view uri, std::string_view text, Failover& to) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return wrong(uri, "its options are not NAME=VALUE");
    if (auto done = set_option(uri, pair.substr(0, equals), pair.substr(equals + 1), to); !done) return done;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

Result<void> add_endpoint(std::string_view uri, Address& address) {
  if (address.endpoints.size() >= endpoints_max) {
    return misconfigured(fmt::format("more than {} broker URIs in one list", endpoints_max));
  }
  auto endpoint = parse_endpoint(uri);
  if (!endpoint) return std::unexpected(std::move(endpoint).error());
  if (!address.endpoints.empty() &&
      (endpoint->protocol != address.endpoints.front().protocol || endpoint->protocol == Protocol::udp)) {
    return wrong(uri, "a list of brokers is all of one protocol, and not of udp");
  }
  address.endpoints.push_back(*std::move(endpoint));
  return {};
}

Result<Address> parse_failover(std::string_view uri) {
  std::string_view rest = uri.substr(std::string_view{"failover:"}.size());
  if (rest.starts_with("//")) rest.remove_prefix(2);
  Address address;
  if (rest.starts_with('(')) {
    const std::size_t close = rest.find(')');
    if (close == std::string_view::npos) return wrong(uri, "its \"(\" is never closed");
    const std::string_view options = rest.substr(close + 1);
    if (!options.empty()) {
      if (options.front() != '?') return wrong(uri, "after \")\" only \"?\" and options can follow");
      if (auto done = read_options(uri, options.substr(1), address.failover); !done) {
        return std::unexpected(done.error());
      }
    }
    rest = rest.substr(1, close - 1);
  }
  while (true) {
    const std::size_t end = rest.find(',');
    if (auto done = add_endpoint(rest.substr(0, end), address); !done) return std::unexpected(done.error());
    if (end == std::string_view::npos) return address;
    rest.remove_prefix(end + 1);
  }
}

// Of what wrong() says, what is wrong without the URI: a file may hold something else, such as credentials.
std::string_view reason_of(std::string_view message) {
  const std::size_t end_of_uri = message.rfind("\": ");
  return end_of_uri == std::string_view::npos ? message : message.substr(end_of_uri + 3);
}

Result<Address> parse_file(std::string_view uri) {
  const std::string path{uri.substr(std::string_view{"file:"}.size())};
  if (path.empty()) return wrong(uri, "it names no file");
  const auto lines = meaningful_lines(path, "broker URI", uri_bytes_max);
  if (!lines) return std::unexpected(lines.error());
  if (lines->empty()) return misconfigured(fmt::format("broker URI file \"{}\" holds no URI", path));
  const auto none = [&](std::size_t entry, std::string_view message) {
    return misconfigured(fmt::format("broker URI file \"{}\": entry {} is no broker URI: {}", path, entry,
                                     reason_of(message)));
  };
  Address address;
  if (lines->size() == 1 && lines->front().starts_with("failover:")) {
    auto parsed = parse_failover(lines->front());
    if (!parsed) return none(1, parsed.error().message);
    return parsed;
  }
  for (std::size_t n = 0; n < lines->size(); ++n) {
    if (auto done = add_endpoint((*lines)[n], address); !done) return none(n + 1, done.error().message);
  }
  return address;
}

}  // namespace

std::string Endpoint::text() const {
  std::string_view name = tls ? "ssl" : "tcp";
  if (protocol == Protocol::amqp) name = tls ? "amqps" : "amqp";
  if (protocol == Protocol::udp) name = "udp";
  const bool brackets = host.contains(':');
  std::string text =
      fmt::format("{}://{}{}{}:{}", name, brackets ? "[" : "", host, brackets ? "]" : "", port);
  if (protocol != Protocol::amqp || virtual_host == "/") return text;
  text += '/';
  for (const char c : virtual_host) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7F && c != '/' && c != '%' && c != '@') {
      text += c;
    } else {
      fmt::format_to(std::back_inserter(text), "%{:02X}", byte);
    }
  }
  return text;
}

Result<Address> parse_address(std::string_view uri) {
  if (uri.size() > uri_bytes_max) {
    return misconfigured(
        fmt::format("broker URI of {} bytes exceeds the limit of {}", uri.size(), uri_bytes_max));
  }
  if (uri.starts_with("file:")) return parse_file(uri);
  if (uri.starts_with("failover:")) return parse_failover(uri);
  Address address;
  if (auto done = add_endpoint(uri, address); !done) return std::unexpected(done.error());
  return address;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string presentable_uri(std::string_view text) {
  constexpr std::size_t shown_max = 200;
  std::string shown;
  // From the first "//" to the last "@", or all before it: rather too much is masked than part of a password left.
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    const std::size_t slashes = text.substr(0, at).find("//");
    if (slashes != std::string_view::npos) shown = text.substr(0, slashes + 2);
    shown += "***";
    text.remove_prefix(at);
  }
  shown += text;
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F || static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  if (shown.size() > shown_max) shown = shown.substr(0, shown_max) + "...";
  return shown;
}

}  // namespace simplevisor::broker
