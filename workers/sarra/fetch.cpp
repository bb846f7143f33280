#include "workers/sarra/fetch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "workers/sarra/assembly.hpp"
#include "workers/sarra/content.hpp"
#include "workers/sarra/intake.hpp"
#include "workers/sarra/wire.hpp"

namespace simplevisor::sarra {
namespace {

using Outcome = std::expected<void, Trouble>;

template <class T>
Outcome outcome_of(TreeResult<T> result) {
  if (!result) return failed(std::move(result).error());
  return {};
}

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
      {"parts-ttl", "an unfinished file of which no part has come for so long is given up", &s.parts_ttl},
      {"verify-parts", "compare the checksum of each part of a file (default); sr3 announces wrong ones",
       &s.verify_parts},
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
  if (announcement.partial && announcement.file_op.empty())
    return named(announcement, get_part(announcement));
  auto outcome = announcement.file_op.empty() ? get_file(announcement) : operate(announcement);
  if (!outcome) return named(announcement, std::move(outcome));
  if (announcement.partial) return {};  // its renaming began it
  // What was being put together of parts until then is older.
  const Time published = parse_time(announcement.pub_time).value_or(Time{});
  auto discarded = Assembly::discard(tree_, announcement.rel_path, published);
  const auto old = announcement.file_op.find("rename");
  if (discarded && old != announcement.file_op.end())
    discarded = Assembly::discard(tree_, old->second, published);
  return named(announcement, outcome_of(std::move(discarded)));
}

Outcome Fetcher::named(const Announcement& announcement, Outcome outcome) {
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
  Intake intake{announcement.size, announcement.identity, settings_.bytes_max.bytes,
                [&](std::string_view piece) { return draft->write(piece); }};
  Outcome outcome;
  if (announcement.content) {
    const auto data = data_of(*announcement.content);
    if (!data) return failed(data.error());
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
