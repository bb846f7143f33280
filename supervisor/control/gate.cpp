#include "supervisor/control/gate.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "supervisor/runtime/unique_fd.hpp"

namespace simplevisor::control {
namespace {

constexpr std::size_t token_bytes_min = 16;
constexpr std::size_t token_bytes_max = 1024;

std::string lower(std::string_view text) {
  std::string low{text};
  std::ranges::transform(low, low.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return low;
}

// "" or ":80".
bool is_port(std::string_view text) {
  return text.empty() || (text.size() > 1 && text.size() <= 6 && text[0] == ':' &&
                          text.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

// "name:80" without the port; "" when it is neither that nor "[address]:80".
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return "";
    const std::string_view address = host.substr(1, end - 1);
    return address.contains(':') && is_port(host.substr(end + 1)) ? address : "";
  }
  const std::size_t colon = std::min(host.find(':'), host.size());
  return is_port(host.substr(colon)) ? host.substr(0, colon) : "";
}

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;  // the length is no secret
  unsigned different = 0;
  for (std::size_t n = 0; n < a.size(); ++n)
    different |= static_cast<unsigned char>(a[n]) ^ static_cast<unsigned char>(b[n]);
  return different == 0;
}

std::string_view bearer_of(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() < scheme.size() || lower(authorization.substr(0, scheme.size())) != scheme)
    return "";
  authorization.remove_prefix(scheme.size());
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  return authorization;
}

std::string trouble(int error) {
  return std::system_category().message(error);
}

class OpenGate final : public Gate {
 public:
  explicit OpenGate(Rights rights) : rights_(std::move(rights)) {}
  std::expected<void, Reply> admit(const Credentials&) const override { return {}; }
  std::expected<Rights, Reply> rights(const Credentials&) override { return rights_; }

 private:
  const Rights rights_;
};

class TokenGate final : public Gate {
 public:
  TokenGate(TokenFile token, Rights rights, std::vector<std::string> hosts, bool tls)
      : token_(std::move(token)), rights_(std::move(rights)), hosts_(std::move(hosts)), tls_(tls) {}

  std::expected<void, Reply> admit(const Credentials& given) const override {
    if (!is_own_host(given.host, hosts_))
      return std::unexpected(refusal(403, "wrong_host", "the request's Host is no name of this service"));
    if (!given.origin.empty() && !is_own_origin(given.origin, given.host, tls_))
      return std::unexpected(
          refusal(403, "foreign_origin", "the request comes from a page of another origin"));
    return {};
  }

  std::expected<Rights, Reply> rights(const Credentials& given) override {
    if (token_.holds(bearer_of(given.authorization))) return rights_;
    Reply reply = refusal(401, "no_token",
                          given.authorization.empty() ? "this takes a token: \"Authorization: Bearer TOKEN\""
                                                      : "the token is not the right one");
    reply.fields = "WWW-Authenticate: Bearer realm=\"simplevisor\"\r\n";
    return std::unexpected(std::move(reply));
  }

 private:
  TokenFile token_;
  const Rights rights_;
  const std::vector<std::string> hosts_;
  const bool tls_;
};

}  // namespace

bool is_own_host(std::string_view host, const std::vector<std::string>& hosts) {
  const std::string name = lower(without_port(host));
  return name == "localhost" || is_address(name) || std::ranges::find(hosts, name) != hosts.end();
}

bool is_own_origin(std::string_view origin, std::string_view host, bool tls) {
  return lower(origin) == (tls ? "https://" : "http://") + lower(host);
}

std::expected<TokenFile, std::string> TokenFile::open(std::string path,
                                                      std::function<void(const std::string&)> report) {
  TokenFile file(std::move(path), std::move(report));
  if (auto read = file.read(); !read) return std::unexpected(read.error());
  return file;
}

std::expected<void, std::string> TokenFile::read() {
  token_.clear();
  stamp_ = {};
  const runtime::UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return std::unexpected(fmt::format("cannot read the token in {}: {}", path_, trouble(errno)));
  struct stat is{};
  if (::fstat(fd.get(), &is) != 0)
    return std::unexpected(fmt::format("cannot read {}: {}", path_, trouble(errno)));
  stamp_ = stamp_of(is);
  if (!S_ISREG(is.st_mode)) return std::unexpected(fmt::format("the token in {}: that is no file", path_));
  if ((is.st_mode & S_IRWXO) != 0)
    return std::unexpected(
        fmt::format("the token in {} can be read by everybody: its mode is to be 0640 or less", path_));
  std::array<char, token_bytes_max + 2> bytes{};
  const ssize_t count = ::read(fd.get(), bytes.data(), bytes.size());
  if (count < 0)
    return std::unexpected(fmt::format("cannot read the token in {}: {}", path_, trouble(errno)));
  std::string_view text(bytes.data(), static_cast<std::size_t>(count));
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const bool clean = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
  if (!clean || text.size() < token_bytes_min || text.size() > token_bytes_max) {
    return std::unexpected(
        fmt::format("the token in {} is not one line of {} to {} printable characters without blanks", path_,
                    token_bytes_min, token_bytes_max));
  }
  token_ = text;
  return {};
}

bool TokenFile::holds(std::string_view candidate) {
  if (stamp_of(path_) != stamp_) {
    const auto again = read();
    const std::string trouble = again ? "" : again.error();
    if (trouble != told_ && !trouble.empty() && report_) report_(trouble);
    told_ = trouble;
  }
  return !token_.empty() && equal_in_constant_time(candidate, token_);
}

std::shared_ptr<Gate> open_gate(Rights rights) {
  return std::make_shared<OpenGate>(std::move(rights));
}

std::shared_ptr<Gate> token_gate(TokenFile token, Rights rights, std::vector<std::string> hosts, bool tls) {
  return std::make_shared<TokenGate>(std::move(token), std::move(rights), std::move(hosts), tls);
}

}  // namespace simplevisor::control
