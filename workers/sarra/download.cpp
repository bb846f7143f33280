#include "workers/sarra/download.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/case_conv.hpp>
#include <cstdlib>
#include <memory>
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
  CURL* handle;
  std::optional<Range> range;  // of http: what was asked for may not be what is given
  std::optional<Trouble> trouble = {};
  bool begun = false;
  bool whole = false;      // is given instead of the range, of which follow:
  std::uint64_t skip = 0;  // so many bytes before it,
  std::uint64_t left = 0;  // and so many of it
  bool enough = false;
};

// What the server says that it gives.
std::expected<void, Trouble> begin(Taking& taking) {
  taking.begun = true;
  if (!taking.range) return {};
  long status = 0;
  curl_easy_getinfo(taking.handle, CURLINFO_RESPONSE_CODE, &status);
  taking.whole = status == 200;
  taking.skip = taking.range->offset;
  taking.left = taking.range->length;
  if (status != 206) return {};
  const std::string wanted =
      fmt::format("bytes {}-{}/", taking.range->offset, taking.range->offset + taking.range->length - 1);
  curl_header* given = nullptr;
  if (curl_easy_header(taking.handle, "Content-Range", 0, CURLH_HEADER, -1, &given) != CURLHE_OK ||
      !std::string_view{given->value}.starts_with(wanted)) {
    return std::unexpected(Trouble{false, fmt::format("the server gives another part than {}", wanted)});
  }
  return {};
}

std::expected<void, Trouble> take(Taking& taking, std::string_view piece) {
  if (!taking.begun) {
    if (auto begun = begin(taking); !begun) return begun;
  }
  if (!taking.whole) return taking.take(piece);
  const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(taking.skip, piece.size()));
  taking.skip -= skipped;
  piece.remove_prefix(skipped);
  piece = piece.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(taking.left, piece.size())));
  taking.left -= piece.size();
  taking.enough = taking.left == 0;
  return taking.take(piece);
}

std::size_t on_piece(char* bytes, std::size_t size, std::size_t count, void* context) {
  auto& taking = *static_cast<Taking*>(context);
  // Nothing may be thrown through a C library.
  try {
    const auto taken = take(taking, std::string_view{bytes, size * count});
    if (taken) return taking.enough ? 0 : size * count;  // 0: no more, please
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

// libcurl opens whatever a file: URL names, and would wait for ever for somebody to write into a FIFO.
bool is_plain_file(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parts{curl_url(), &curl_url_cleanup};
  char* path = nullptr;
  if (!parts || curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
      curl_url_get(parts.get(), CURLUPART_PATH, &path, CURLU_URLDECODE) != CURLUE_OK) {
    return true;  // libcurl will say what is wrong
  }
  struct stat file{};
  const bool other = ::stat(path, &file) == 0 && !S_ISREG(file.st_mode);
  curl_free(path);
  return !other;
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

std::expected<void, Trouble> Downloader::get(const std::string& url, const Take& take,
                                             const std::optional<Range>& range) {
  // Without a scheme libcurl would guess one.
  const std::string scheme = boost::algorithm::to_lower_copy(url.substr(0, url.find("://")));
  if (scheme.size() == url.size())
    return std::unexpected(Trouble{false, fmt::format("{}: no URL", broker::presentable_uri(url))});
  if (std::ranges::find(options_.protocols, scheme) == options_.protocols.end())
    return std::unexpected(
        Trouble{false, fmt::format("{}: not one of the protocols that may be used: {}",
                                   broker::presentable_uri(url), fmt::join(options_.protocols, ", "))});
  if (scheme == "file" && !is_plain_file(url))
    return std::unexpected(Trouble{false, fmt::format("{}: not a file", url)});
  CURL* const handle = handle_.get();
  curl_easy_reset(handle);  // keeps connections
  const bool http = scheme.starts_with("http");
  Taking taking{take, handle, http ? range : std::nullopt};
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
  if (range)
    set(CURLOPT_RANGE, fmt::format("{}-{}", range->offset, range->offset + range->length - 1).c_str());

  const CURLcode code = curl_easy_perform(handle);
  if (taking.trouble) return std::unexpected(*std::move(taking.trouble));
  if (taking.enough) return {};
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  // A part, or nothing, that nobody asked for is not the file.
  if (code == CURLE_OK && http && status != 200 && !(range && status == 206))
    return std::unexpected(Trouble{false, fmt::format("{}: the server answers {}, which is no file",
                                                      broker::presentable_uri(url), status)});
  if (code == CURLE_OK) return {};
  return std::unexpected(Trouble{is_temporary(code, status),
                                 fmt::format("{}: {}", broker::presentable_uri(url),
                                             words[0] != '\0' ? words.data() : curl_easy_strerror(code))});
}

}  // namespace simplevisor::sarra
