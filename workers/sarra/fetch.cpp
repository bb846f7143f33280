#include "workers/sarra/fetch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "workers/message/text.hpp"
#include "workers/sarra/digest.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {
namespace {

using Outcome = std::expected<void, Trouble>;

std::unexpected<Trouble> failed(std::string reason) {
  return std::unexpected(Trouble{false, std::move(reason)});
}

std::unexpected<Trouble> failed(TreeError error) {
  return std::unexpected(Trouble{error.passing, std::move(error.message)});
}

template <class T>
Outcome outcome_of(TreeResult<T> result) {
  if (!result) return failed(std::move(result).error());
  return {};
}

std::optional<mode_t> mode_of(const Announcement& announcement) {
  if (!announcement.mode) return std::nullopt;
  unsigned mode = 0;
  const std::string& text = *announcement.mode;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return static_cast<mode_t>(mode);
}

// UTF-8 as the bytes that ISO-8859-1 has for it.
std::optional<std::string> latin1(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      bytes += text[i];
      continue;
    }
    if ((byte != 0xC2 && byte != 0xC3) || i + 1 == text.size()) return std::nullopt;
    bytes += static_cast<char>((byte & 3U) << 6U | (static_cast<unsigned char>(text[++i]) & 0x3FU));
  }
  return bytes;
}

std::expected<std::string, Trouble> data_of(const Content& content) {
  if (content.encoding == "utf-8") return content.value;
  if (content.encoding == "base64") {
    std::string text = content.value;
    std::erase(text, '\n');  // Python's encoder breaks lines
    auto bytes = message::base64_decoded(text);
    if (!bytes) return failed(fmt::format("content: {}", bytes.error().text()));
    return *std::move(bytes);
  }
  if (content.encoding == "iso-8859-1") {
    if (auto bytes = latin1(content.value)) return *std::move(bytes);
    return failed("content: a character that ISO-8859-1 does not have");
  }
  return failed(fmt::format("content: unknown encoding \"{}\"", content.encoding.substr(0, 40)));
}

// What comes in, on its way to the file: counted and summed up.
class Intake {
 public:
  Intake(const Announcement& announcement, std::uint64_t bytes_max, Draft& draft)
      : announcement_{announcement}, bytes_max_{bytes_max}, draft_{draft} {
    if (announcement.identity) digest_ = Digest::of(announcement.identity->method);
  }

  Outcome take(std::string_view piece) {
    bytes_ += piece.size();
    if (announcement_.size && bytes_ > *announcement_.size) return wrong_size("more than");
    if (bytes_ > bytes_max_)
      return failed(fmt::format("larger than the {} bytes that are taken", bytes_max_));
    if (digest_) digest_->update(piece);
    return outcome_of(draft_.write(piece));
  }
  Outcome finish() {
    if (announcement_.size && bytes_ < *announcement_.size) return wrong_size("only");
    if (!digest_) return {};
    const std::string found = message::base64(digest_->finish());
    std::string wanted = announcement_.identity->value;
    std::erase(wanted, '\n');
    if (found == wanted) return {};
    return failed(fmt::format("{} is {} and not {} as announced", announcement_.identity->method, found,
                              wanted.substr(0, 100)));
  }

 private:
  [[nodiscard]] Outcome wrong_size(std::string_view how) const {
    return failed(fmt::format("{} {} bytes, and not {} as announced", how, bytes_, *announcement_.size));
  }

  const Announcement& announcement_;
  std::uint64_t bytes_max_;
  Draft& draft_;
  std::optional<Digest> digest_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

OptionTable fetch_options(FetchSettings& s) {
  return OptionTable{{
      {"directory", "where files go, below it by their path", &s.directory},
      {"protocols", "which may be used: http, https, sftp, file (default: the first three)",
       &s.download.protocols},
      {"bytes-max", "larger files are not taken", &s.bytes_max},
      {"timeout", "for one download; the handler_timeout of a consumer must be longer", &s.download.timeout},
      {"timeout-connect", "for a connection", &s.download.timeout_connect},
      {"timeout-stall", "without a single byte", &s.download.timeout_stall},
      {"redirects-max", "redirections to follow", &s.download.redirects_max, 0, 100},
      {"netrc", "file with names and passwords for hosts", &s.download.netrc},
      {"ca-file", "certificates to trust, PEM, instead of the system's", &s.download.ca_file},
      {"known-hosts", "file with the keys of sftp hosts (default: ~/.ssh/known_hosts)",
       &s.download.known_hosts},
      {"ssh-key", "private key for sftp", &s.download.ssh_key},
      {"retry-delay", "before trouble that may pass is tried again", &s.retry_delay},
      {"retry-ttl", "age of an announcement from which such trouble is a failure", &s.retry_ttl},
      {"window", "downloads at a time", &s.window, 1, 64},
  }};
}

std::vector<std::string> contradictions(const FetchSettings& settings) {
  std::vector<std::string> problems;
  if (settings.directory.empty()) problems.emplace_back("directory: is not given");
  if (settings.download.protocols.empty()) problems.emplace_back("protocols: none");
  static constexpr std::string_view known[] = {"http", "https", "sftp", "file"};
  for (const std::string& protocol : settings.download.protocols) {
    if (std::ranges::find(known, protocol) == std::ranges::end(known)) {
      problems.push_back(fmt::format("protocols: \"{}\" is none of {}", protocol, fmt::join(known, ", ")));
    }
  }
  if (problems.empty() &&
      unsupported(settings.download.protocols).size() == settings.download.protocols.size()) {
    problems.emplace_back("protocols: this libcurl has none of them");
  }
  return problems;
}

Outcome Fetcher::fetch(std::string_view body) {
  const auto announcement = decode_v03(body);
  if (!announcement) return failed(announcement.error());
  auto outcome = act(*announcement);
  if (outcome || !outcome.error().temporary) return outcome;
  const auto published = parse_time(announcement->pub_time);
  if (!published || std::chrono::system_clock::now() - *published < settings_.retry_ttl) return outcome;
  return failed(fmt::format("{}; announced too long ago to be tried again", outcome.error().reason));
}

Outcome Fetcher::act(const Announcement& announcement) {
  if (announcement.partial)
    return failed("a part of a file (blocks, or parts), which is not supported: only whole files are");
  auto outcome = announcement.file_op.empty() ? get_file(announcement) : operate(announcement);
  if (outcome) return outcome;
  const std::string& path = announcement.rel_path;
  if (outcome.error().reason.find(path) == std::string::npos) {
    outcome.error().reason = fmt::format("{}: {}", path.substr(0, 200), outcome.error().reason);
  }
  return outcome;
}

Outcome Fetcher::operate(const Announcement& announcement) {
  const auto& operation = announcement.file_op;
  const std::string& path = announcement.rel_path;
  const bool directory = operation.contains("directory");
  if (const auto old = operation.find("rename"); old != operation.end()) {
    const auto renamed = tree_.rename(old->second, path);
    if (!renamed) return failed(renamed.error());
    if (*renamed) return {};
    // Never had it under its old name: then as if it were new.
    Announcement fresh = announcement;
    fresh.file_op.erase("rename");
    return act(fresh);
  }
  if (operation.contains("remove")) return outcome_of(tree_.remove(path, directory));
  if (directory) return outcome_of(tree_.make_directory(path, mode_of(announcement)));
  if (const auto link = operation.find("link"); link != operation.end()) {
    return outcome_of(tree_.make_link(path, link->second));
  }
  return failed(fmt::format("unknown operation \"{}\"", operation.begin()->first.substr(0, 40)));
}

Outcome Fetcher::get_file(const Announcement& announcement) {
  auto draft = tree_.draft(announcement.rel_path);
  if (!draft) return failed(std::move(draft).error());
  Intake intake{announcement, settings_.bytes_max.bytes, *draft};
  Outcome outcome;
  if (announcement.content) {
    const auto data = data_of(*announcement.content);
    if (!data) return std::unexpected(data.error());
    outcome = intake.take(*data);
  } else {
    outcome = downloader_.get(download_url(announcement),
                              [&](std::string_view piece) { return intake.take(piece); });
  }
  if (outcome) outcome = intake.finish();
  if (!outcome) return outcome;
  return outcome_of(draft->commit(mode_of(announcement),
                                  announcement.mtime ? parse_time(*announcement.mtime) : std::nullopt));
}

}  // namespace simplevisor::sarra
