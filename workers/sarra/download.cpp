#include "workers/sarra/download.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <utility>

#include "workers/broker/uri.hpp"

namespace simplevisor::sarra {
namespace {

// Once, before any thread; its end is the process's.
void initialise() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (done != CURLE_OK) throw std::runtime_error{"libcurl cannot be initialised"};
}

struct Taking {
  const Downloader::Take& take;
  std::optional<Trouble> trouble;
};

std::size_t on_piece(char* bytes, std::size_t size, std::size_t count, void* context) {
  auto& taking = *static_cast<Taking*>(context);
  // Nothing may be thrown through a C library.
  try {
    const auto taken = taking.take(std::string_view{bytes, size * count});
    if (taken) return size * count;
    taking.trouble = taken.error();
  } catch (const std::exception& exception) {
    taking.trouble = Trouble{true, exception.what()};
  }
  return 0;
}

bool is_temporary(CURLcode code, long status) {
  switch (code) {
    case CURLE_HTTP_RETURNED_ERROR:
      return status >= 500 || status == 408 || status == 425 || status == 429;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_OUT_OF_MEMORY:
      return true;
    default:
      return false;
  }
}

void check(CURLcode code) {
  if (code != CURLE_OK) throw std::runtime_error{fmt::format("libcurl: {}", curl_easy_strerror(code))};
}

std::string known_to_the_user() {
  const char* const home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return home == nullptr ? "/dev/null" : fmt::format("{}/.ssh/known_hosts", home);
}

}  // namespace

std::vector<std::string> unsupported(const std::vector<std::string>& protocols) {
  initialise();
  std::vector<std::string> missing;
  for (const std::string& protocol : protocols) {
    const char* const* known = curl_version_info(CURLVERSION_NOW)->protocols;
    while (*known != nullptr && protocol != *known) ++known;
    if (*known == nullptr) missing.push_back(protocol);
  }
  return missing;
}

void Downloader::Free::operator()(void* handle) const {
  curl_easy_cleanup(handle);
}

Downloader::Downloader(DownloadOptions options) : options_{std::move(options)} {
  initialise();
  if (options_.known_hosts.empty()) options_.known_hosts = known_to_the_user();
  const auto missing = unsupported(options_.protocols);
  std::vector<std::string> usable;
  for (const std::string& protocol : options_.protocols) {
    if (std::ranges::find(missing, protocol) == missing.end()) usable.push_back(protocol);
  }
  protocols_ = fmt::format("{}", fmt::join(usable, ","));
  handle_.reset(curl_easy_init());
  if (handle_ == nullptr) throw std::runtime_error{"libcurl gives no handle"};
}

Downloader::~Downloader() = default;

std::expected<void, Trouble> Downloader::get(const std::string& url, const Take& take) {
  // Without a scheme libcurl would guess one.
  const std::string scheme = url.substr(0, url.find("://"));
  if (scheme.size() == url.size())
    return std::unexpected(Trouble{false, fmt::format("{}: no URL", broker::presentable_uri(url))});
  CURL* const handle = handle_.get();
  curl_easy_reset(handle);  // keeps connections
  Taking taking{take, std::nullopt};
  std::array<char, CURL_ERROR_SIZE> words{};
  const auto set = [&](CURLoption option, auto value) { check(curl_easy_setopt(handle, option, value)); };
  set(CURLOPT_ERRORBUFFER, words.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, protocols_.c_str());
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, options_.redirects_max > 0 ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, static_cast<long>(options_.redirects_max));
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.timeout_connect.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME,
      static_cast<long>(std::chrono::ceil<std::chrono::seconds>(options_.timeout_stall).count()));
  set(CURLOPT_USERAGENT, "simplevisor-fetch");
  set(CURLOPT_WRITEFUNCTION, &on_piece);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&taking));
  if (!options_.netrc.empty()) {
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
    set(CURLOPT_NETRC_FILE, options_.netrc.c_str());
  }
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  set(CURLOPT_SSH_KNOWNHOSTS, options_.known_hosts.c_str());  // without one libcurl would take any key
  if (!options_.ssh_key.empty()) set(CURLOPT_SSH_PRIVATE_KEYFILE, options_.ssh_key.c_str());
  set(CURLOPT_URL, url.c_str());

  const CURLcode code = curl_easy_perform(handle);
  if (taking.trouble) return std::unexpected(*std::move(taking.trouble));
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  // A part, or nothing, that nobody asked for is not the file.
  if (code == CURLE_OK && scheme.starts_with("http") && status != 200)
    return std::unexpected(Trouble{false, fmt::format("{}: the server answers {}, which is no file",
                                                      broker::presentable_uri(url), status)});
  if (code == CURLE_OK) return {};
  return std::unexpected(Trouble{is_temporary(code, status),
                                 fmt::format("{}: {}", broker::presentable_uri(url),
                                             words[0] != '\0' ? words.data() : curl_easy_strerror(code))});
}

}  // namespace simplevisor::sarra
