// workers/sarra/download.hpp
//
// Gets what a URL names, over libcurl, piece by piece.
//
// Protocols  those that are allowed, and that this libcurl has. A redirection leads to http or https only.
// Trust      a server's certificate, or for sftp its key, has to be known: there is no way around it.
// Bounds     bytes, time altogether, time without a byte, redirections.
// Ranges     asked for where a part is wanted. A server of http that answers with the whole is heard until the part is through;
//            one that answers with another range is not.
// Outcome    Temporary: the server is not there, stalls, or says that it is its fault (5xx, 408, 425, 429). Failed: it does not
//            have it, or does not let us, or what it has is not what was asked for.
// Errors     one line; a password in a URL is not part of it.
// Threads    a downloader belongs to one thread at a time; it keeps its connections for the next download.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simplevisor::sarra {

struct Trouble {
  bool temporary = false;
  std::string reason;
};

struct DownloadOptions {
  std::vector<std::string> protocols{"http", "https", "sftp"};
  std::chrono::milliseconds timeout{600'000};
  std::chrono::milliseconds timeout_connect{30'000};
  std::chrono::milliseconds timeout_stall{60'000};
  std::uint64_t redirects_max = 5;
  std::string netrc;        // file with names and passwords
  std::string ca_file;      // whom to trust, instead of the system's
  std::string known_hosts;  // sftp: hosts and their keys; empty: the user's own, ~/.ssh/known_hosts
  std::string ssh_key;      // sftp: the private key
};

struct Range {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // not 0
};

// Which of `protocols` this libcurl has not.
[[nodiscard]] std::vector<std::string> unsupported(const std::vector<std::string>& protocols);

class Downloader {
 public:
  // Gives each piece; an error of its own ends the download, and is what get() gives.
  using Take = std::function<std::expected<void, Trouble>(std::string_view piece)>;

  explicit Downloader(DownloadOptions options);
  ~Downloader();
  Downloader(const Downloader&) = delete;
  Downloader& operator=(const Downloader&) = delete;

  std::expected<void, Trouble> get(const std::string& url, const Take& take,
                                   const std::optional<Range>& range = std::nullopt);

 private:
  struct Free {
    void operator()(void* handle) const;
  };
  DownloadOptions options_;
  std::string protocols_;
  std::unique_ptr<void, Free> handle_;
};

}  // namespace simplevisor::sarra
