#include "supervisor/config/control.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>

namespace simplevisor::config {
namespace {

constexpr std::size_t host_bytes_max = 253;  // of a name in the DNS

struct GrantKey {
  std::string_view name;
  Given<std::vector<Text>> SettingsDraft::* member;
  Grant::Role role;
};
constexpr std::array<GrantKey, 3> grant_keys{
    {{"read", &SettingsDraft::control_read, Grant::Role::read},
     {"operate", &SettingsDraft::control_operate, Grant::Role::operate},
     {"admin", &SettingsDraft::control_admin, Grant::Role::admin}}};

std::string key_of(std::string_view name) {
  return fmt::format("simplevisor.control.{}", name);
}
std::string key_of(std::string_view name, std::size_t index) {
  return fmt::format("simplevisor.control.{}[{}]", name, index);
}

// "WHO" or "WHO PATH"; the reader has put "" where there was no string, and complained.
Grant parse_grant(std::string_view text, Grant::Role role) {
  const std::size_t blank = text.find(' ');
  std::string_view who = text.substr(0, blank);
  Grant grant{.role = role, .name = "", .path = ""};
  if (blank != std::string_view::npos) grant.path = text.substr(text.find_first_not_of(' ', blank));
  if (who == "*") {
    grant.who = Grant::Who::everybody;
    return grant;
  }
  if (who.starts_with('%')) {
    grant.who = Grant::Who::group;
    who.remove_prefix(1);
  }
  grant.name = who;
  return grant;
}

bool is_well_formed(std::string_view text) {
  const bool blanks_outside = text.starts_with(' ') || text.ends_with(' ');
  return !blanks_outside && text != "%" && !text.starts_with("% ") &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

std::vector<Grant> grants_of(const SettingsDraft& draft, Report& report) {
  std::vector<Grant> grants;
  for (const GrantKey& key : grant_keys) {
    const auto& given = (draft.*key.member).value;
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (given[i].text.empty()) continue;
      if (!is_well_formed(given[i].text)) {
        report.add(given[i].where, key_of(key.name, i),
                   "not of the form \"user\", \"%group\" or \"*\", with the path of a node after a blank");
        continue;
      }
      grants.push_back(parse_grant(given[i].text, key.role));
      if (key.role == Grant::Role::admin && !grants.back().path.empty()) {
        report.add(given[i].where, key_of(key.name, i),
                   "an administrator is one of the whole tree; for a part of it there is `operate`");
      }
    }
  }
  return grants;
}

bool names_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

bool parse_listen(std::string_view text, Listen& listen) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view address = text.substr(0, colon);
  const bool bracketed = address.starts_with('[') && address.ends_with(']');
  if (bracketed) address = address.substr(1, address.size() - 2);
  if (bracketed != address.contains(':')) return false;
  listen.address = address == "localhost" ? "127.0.0.1" : address;
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), listen.port);
  return error == std::errc{} && end == port.data() + port.size() && listen.port > 0 &&
         names_address(listen.address);
}

void take_hosts(const SettingsDraft& draft, Listen& listen, Report& report) {
  const auto& hosts = draft.control_hosts.value;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    std::string name = hosts[i].text;
    const bool is_name = name.size() <= host_bytes_max && std::ranges::all_of(name, [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                  (c >= '0' && c <= '9') || c == '-' || c == '.';
                         });
    if (!is_name) report.add(hosts[i].where, key_of("hosts", i), "not the name of a host, without its port");
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    if (!name.empty()) listen.hosts.push_back(std::move(name));
  }
}

std::optional<Listen> listen_of(const SettingsDraft& draft, Paths& paths, Report& report) {
  if (!draft.control_listen.set) {
    const auto useless = [&](std::string_view name, const auto& given) {
      if (given.set) report.add(given.where, key_of(name), "means nothing without `listen`");
    };
    useless("token_file", draft.control_token_file);
    useless("write", draft.control_write);
    useless("hosts", draft.control_hosts);
    useless("certificate", draft.control_certificate);
    useless("key", draft.control_key);
    return std::nullopt;
  }
  Listen listen;
  const Text& where = draft.control_listen.value;
  if (!parse_listen(where.text, listen))
    report.add(where.where, key_of("listen"), "not \"ADDRESS:PORT\", with a numeric address or localhost");
  if (!draft.control_token_file.set)
    report.add(where.where, key_of("listen"), "needs a `token_file`: nobody is let in without a token");
  if (draft.control_certificate.set != draft.control_key.set)
    report.add(where.where, key_of("listen"), "needs both `certificate` and `key` for TLS, or neither");
  const auto absolute = [&](std::string_view name, const Given<Text>& given) {
    return given.set ? paths.absolute(given.value, key_of(name)) : std::string{};
  };
  listen.token_file = absolute("token_file", draft.control_token_file);
  listen.certificate = absolute("certificate", draft.control_certificate);
  listen.key = absolute("key", draft.control_key);
  listen.write = draft.control_write.value_or(false);
  take_hosts(draft, listen, report);
  return listen;
}

// Whether a node of the tree, or an instance of a pool, has this path.
bool exists(const core::ChildSpec& root, std::string_view path) {
  const core::ChildSpec* node = nullptr;
  for (const auto part : std::views::split(path, '/')) {
    const std::string_view name{part.begin(), part.end()};
    if (node == nullptr) {
      if (name != root.name) return false;
      node = &root;
      continue;
    }
    if (!node->supervisor) return false;
    const auto& children = node->supervisor->children;
    if (node->supervisor->strategy == core::Strategy::simple_one_for_one) {
      if (name.find_first_not_of("0123456789") != std::string_view::npos || name.empty()) return false;
      node = children.front().get();
      continue;
    }
    const auto child = std::ranges::find(children, name, [](const auto& spec) { return spec->name; });
    if (child == children.end()) return false;
    node = child->get();
  }
  return node != nullptr;
}

}  // namespace

ControlSettings settle_control(const SettingsDraft& draft, Paths& paths, Report& report) {
  return {.grants = grants_of(draft, report), .listen = listen_of(draft, paths, report)};
}

void check_grants(const SettingsDraft& draft, const core::ChildSpec& root, Report& report) {
  for (const GrantKey& key : grant_keys) {
    const auto& given = (draft.*key.member).value;
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (given[i].text.empty() || !is_well_formed(given[i].text)) continue;
      const std::string path = parse_grant(given[i].text, key.role).path;
      if (!path.empty() && !exists(root, path))
        report.add(given[i].where, key_of(key.name, i), fmt::format("there is no node {}", path));
    }
  }
}

}  // namespace simplevisor::config
