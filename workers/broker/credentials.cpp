#include "workers/broker/credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "workers/broker/small_file.hpp"
#include "workers/broker/uri.hpp"

namespace simplevisor::broker {
namespace {

constexpr std::size_t credential_bytes_max = std::size_t{64} << 10;
constexpr std::array<std::string_view, 5> x509_keys{"ca", "ca_file", "cert", "key", "pass"};

using Fields = std::map<std::string, std::string>;

std::unexpected<Failure> wrong(std::string_view why) {
  return misconfigured(fmt::format("credential: {}", why));
}

bool is_separator(char c) {
  return c == ' ' || c == ',';
}

bool is_plain_in_values(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view{"/-+_~.:"}.contains(c);
}

bool is_name(std::string_view name) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  if (name == "ca_file") return true;
  return !name.empty() && lower(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return lower(c) || (c >= '0' && c <= '9'); });
}

// Is `name` safe to repeat? A password put in the wrong place may look like anything, but not like a known key.
std::string known_or(std::string_view name, std::string_view otherwise) {
  const bool known = std::ranges::find(x509_keys, name) != x509_keys.end() || name == "name";
  return known ? fmt::format("\"{}\"", name) : std::string{otherwise};
}

Result<Fields> fields_of(std::string_view text) {
  Fields fields;
  std::size_t number = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (is_separator(text[i])) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    while (i < text.size() && !is_separator(text[i])) ++i;
    const std::string_view word = text.substr(begin, i - begin);
    if (number++ == 0) {
      if (!is_name(word)) return wrong("it does not begin with a scheme (none, plain, x509)");
      fields.emplace("scheme", word);
      continue;
    }
    const std::size_t equals = word.find('=');
    const std::string_view key = word.substr(0, equals);
    if (equals == std::string_view::npos || !is_name(key)) {
      return wrong(fmt::format("its {}. word is not KEY=VALUE", number));
    }
    const std::string_view raw = word.substr(equals + 1);
    if (!std::ranges::all_of(raw, [](char c) { return c == '%' || is_plain_in_values(c); })) {
      return wrong(fmt::format("the value of {} holds a character that must be written as %XX",
                               known_or(key, fmt::format("its {}. word", number))));
    }
    auto value = percent_decoded(raw);
    if (!value) {
      return wrong(fmt::format("the value of {} holds a \"%\" that does not begin %XX",
                               known_or(key, fmt::format("its {}. word", number))));
    }
    if (key == "scheme" || !fields.emplace(key, *std::move(value)).second) {
      return wrong(fmt::format("{} is given twice", known_or(key, "a key")));
    }
  }
  return fields;
}

Result<Credential> plain_from(const Fields& fields) {
  for (const auto& [key, value] : fields) {
    if (key != "scheme" && key != "name" && key != "pass") {
      return wrong(
          fmt::format("the scheme plain has no key {}", known_or(key, "of that name; it has name, pass")));
    }
  }
  const auto name = fields.find("name");
  const auto pass = fields.find("pass");
  if (name == fields.end()) return wrong("the scheme plain needs the key \"name\"");
  if (pass == fields.end()) return wrong("the scheme plain needs the key \"pass\"");
  return Plain{name->second, Secret{pass->second}};
}

Result<Credential> x509_from(const Fields& fields) {
  X509 x509;
  for (const auto& [key, value] : fields) {
    if (key == "scheme") continue;
    if (key == "cert") {
      x509.cert = value;
    } else if (key == "key") {
      x509.key = value;
    } else if (key == "ca") {
      x509.ca = value;
    } else if (key == "ca_file") {
      x509.ca_file = value;
    } else if (key == "pass") {
      x509.pass = Secret{value};
    } else {
      return wrong(fmt::format("the scheme x509 has no key {}",
                               known_or(key, "of that name; it has ca, ca_file, cert, key, pass")));
    }
  }
  return x509;
}

Result<Credential> load_credential(const std::string& path) {
  if (path.empty()) return wrong("\"file:\" names no file");
  const auto lines = meaningful_lines(path, "credential", credential_bytes_max);
  if (!lines) return std::unexpected(lines.error());
  if (lines->size() != 1) {
    return misconfigured(
        fmt::format("credential file \"{}\" holds {} lines instead of one", path, lines->size()));
  }
  const auto fields = fields_of(lines->front());
  auto credential = fields ? credential_from(*fields) : std::unexpected(fields.error());
  if (!credential) {
    return misconfigured(fmt::format("credential file \"{}\": {}", path, credential.error().message));
  }
  return credential;
}

void append_pair(std::string& text, std::string_view key, std::string_view value) {
  fmt::format_to(std::back_inserter(text), " {}=", key);
  for (const char c : value) {
    if (is_plain_in_values(c)) {
      text += c;
    } else {
      fmt::format_to(std::back_inserter(text), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

std::string written(const Credential& credential, bool with_secrets) {
  if (std::holds_alternative<NoCredential>(credential)) return "none";
  if (const auto* const plain = std::get_if<Plain>(&credential)) {
    std::string text = "plain";
    append_pair(text, "name", plain->name);
    if (with_secrets) append_pair(text, "pass", plain->pass.reveal());
    return text;
  }
  const X509& x509 = std::get<X509>(credential);
  std::string text = "x509";
  if (x509.ca) append_pair(text, "ca", *x509.ca);
  if (x509.ca_file) append_pair(text, "ca_file", *x509.ca_file);
  if (x509.cert) append_pair(text, "cert", *x509.cert);
  if (x509.key) append_pair(text, "key", *x509.key);
  if (x509.pass && with_secrets) append_pair(text, "pass", x509.pass->reveal());
  return text;
}

}  // namespace

Result<Credential> parse_credential(std::string_view text) {
  if (text.size() > credential_bytes_max) {
    return wrong(fmt::format("{} bytes exceed the limit of {}", text.size(), credential_bytes_max));
  }
  if (text.starts_with("file:")) return load_credential(std::string{text.substr(5)});
  const auto fields = fields_of(text);
  if (!fields) return std::unexpected(fields.error());
  return credential_from(*fields);
}

Result<Credential> credential_from(const std::map<std::string, std::string>& block) {
  const auto scheme = block.find("scheme");
  if (scheme == block.end()) {
    if (block.empty()) return NoCredential{};
    return wrong("it has keys but no scheme");
  }
  if (scheme->second == "plain") return plain_from(block);
  if (scheme->second == "x509") return x509_from(block);
  if (scheme->second != "none") return wrong("its scheme is none of none, plain, x509");
  if (block.size() > 1) return wrong("the scheme none has no keys");
  return NoCredential{};
}

std::string canonical(const Credential& credential) {
  return written(credential, true);
}
std::string presentable(const Credential& credential) {
  return written(credential, false);
}

Result<Identity> identity_of(std::span<const Credential> credentials) {
  Identity identity;
  bool named = false;
  for (const Credential& credential : credentials) {
    if (const auto* const x509 = std::get_if<X509>(&credential)) {
      if (identity.x509) return wrong("at most one x509 for one broker");
      identity.x509 = *x509;
      continue;
    }
    if (std::exchange(named, true)) return wrong("at most one plain or none for one broker");
    if (const auto* const plain = std::get_if<Plain>(&credential)) identity.plain = *plain;
  }
  return identity;
}

X509 with_environment(X509 x509, const Lookup& lookup) {
  if (!x509.cert) x509.cert = lookup("X509_USER_CERT");
  if (!x509.key) x509.key = lookup("X509_USER_KEY");
  if (!x509.ca) x509.ca = lookup("X509_CERT_DIR");
  if (!x509.ca_file) x509.ca_file = lookup("X509_CERT_FILE");
  return x509;
}

}  // namespace simplevisor::broker
