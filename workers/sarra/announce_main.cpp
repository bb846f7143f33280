// workers/sarra/announce_main.cpp
//
// simplevisor-announce: announces files, directories and links to a broker's exchange.
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <deque>
#include <filesystem>
#include <utility>

#include "workers/broker/credentials.hpp"
#include "workers/broker/uri.hpp"
#include "workers/sarra/command_line.hpp"
#include "workers/sarra/digest.hpp"
#include "workers/sarra/names.hpp"
#include "workers/sarra/post.hpp"
#include "workers/sarra/publisher.hpp"
#include "workers/sarra/wire.hpp"
#include "workers/service/error.hpp"
#include "workers/service/guarded.hpp"
#include "workers/service/report.hpp"

namespace {

using namespace simplevisor::sarra;
namespace amqp = simplevisor::amqp;
namespace broker = simplevisor::broker;
using simplevisor::service::ExitCode;
using simplevisor::service::inform;
using simplevisor::service::report;

struct Settings {
  std::string broker;
  std::vector<std::string> broker_auth;
  std::string ca_file;
  std::string exchange;
  bool declare = true;
  std::string topic_prefix;
  bool v02 = false;
  Size inline_below;
  Size block_size;
  PostOptions post;
  std::vector<std::string> paths;
};

OptionTable options_of(Settings& s) {
  return OptionTable{{
      {"broker-uri", "where the broker is: amqp://USER@HOST", &s.broker},
      {"broker-auth", "who we are: \"plain name=N pass=P\", \"x509 ...\", \"file:PATH\"", &s.broker_auth},
      {"ca-file", "certificates to trust, PEM, instead of the system's", &s.ca_file},
      {"exchange", "to announce to (default: xs_USER, or xpublic for anonymous)", &s.exchange},
      {"declare", "declare the exchange first (default)", &s.declare},
      {"topic-prefix", "what topics begin with (default: v03, or v02.post)", &s.topic_prefix},
      {"v02", "in the old format, which cannot carry data", &s.v02},
      {"base-url", "where the files can be downloaded: the URL of base-dir", &s.post.base_url},
      {"base-dir", "directory that all files are below (default: .)", &s.post.base_directory},
      {"source", "who announces", &s.post.source},
      {"identity", "checksum: sha512 (default), sha256, md5, or cod: whoever downloads calculates it",
       &s.post.identity},
      {"inline-below", "data of files smaller than this come along", &s.inline_below},
      {"block-size", "larger files are announced in parts of this size, which are fetched each by itself",
       &s.block_size},
  }};
}

std::optional<ExitCode> wrong(const std::string& problem) {
  report("{}", problem);
  return ExitCode::config;
}

// Nothing: all is well.
std::optional<ExitCode> connection_of(const Settings& settings, amqp::Options& connection) {
  if (settings.broker.empty()) return wrong("broker-uri: is not given");
  auto address = broker::parse_address(settings.broker);
  if (!address) return wrong("broker-uri: " + address.error().message);
  connection.endpoint = address->endpoints.front();
  if (connection.endpoint.protocol != broker::Protocol::amqp)
    return wrong("broker-uri: must be amqp:// or amqps://");
  std::vector<broker::Credential> credentials;
  for (const std::string& text : settings.broker_auth) {
    auto credential = broker::parse_credential(text);
    if (!credential) return wrong("broker-auth: " + credential.error().message);
    credentials.push_back(*std::move(credential));
  }
  const auto identity = broker::identity_of(credentials);
  if (!identity) return wrong("broker-auth: " + identity.error().message);
  connection.login = identity->plain;
  if (identity->x509) {
    connection.external = identity->x509->cert.has_value() && !identity->plain;
    connection.tls.certificate_file = identity->x509->cert;
    connection.tls.key_file = identity->x509->key;
    connection.tls.ca_directory = identity->x509->ca;
    connection.tls.ca_file = identity->x509->ca_file;
    if (identity->x509->pass) connection.tls.key_password = *identity->x509->pass;
  }
  if (!settings.ca_file.empty()) connection.tls.ca_file = settings.ca_file;
  connection.connection_name = fmt::format("simplevisor-announce {}", ::getpid());
  return std::nullopt;
}

ExitCode exit_of(broker::Failure::Kind kind) {
  switch (kind) {
    case broker::Failure::Kind::configuration:
      return ExitCode::config;
    case broker::Failure::Kind::authentication:
      return ExitCode::permission;
    case broker::Failure::Kind::no_place:
      return ExitCode::cannot_create;
    case broker::Failure::Kind::unavailable:
      return ExitCode::unavailable;
    case broker::Failure::Kind::temporary:
      return ExitCode::temporary;
    case broker::Failure::Kind::protocol:
      return ExitCode::protocol;
  }
  std::unreachable();
}

// One after the other, so that only those on their way are in memory.
class Announcements {
 public:
  explicit Announcements(const Settings& settings)
      : settings_{settings}, paths_{settings.paths.begin(), settings.paths.end()} {}

  [[nodiscard]] std::size_t failed() const { return failed_; }

  std::optional<Outgoing> next() {
    while (posting_ || !paths_.empty() || !below_.empty()) {
      if (!posting_) {
        if (below_.empty()) open_next();
        if (below_.empty()) continue;
        look_at_next();
        continue;
      }
      const Announcement announcement = posting_->at(next_part_++);
      if (next_part_ == posting_->count()) posting_.reset();
      if (auto outgoing = announce(announcement)) return outgoing;
    }
    return std::nullopt;
  }

 private:
  void open_next() {
    auto all = with_all_below(paths_.front());
    paths_.pop_front();
    if (!all) return fail(all.error());
    // The directory that everything is below is nothing that could be announced itself.
    std::error_code unknown;
    if (std::filesystem::equivalent(all->front(), settings_.post.base_directory, unknown))
      all->erase(all->begin());
    below_.assign(std::make_move_iterator(all->begin()), std::make_move_iterator(all->end()));
  }

  void look_at_next() {
    auto posting = posting_of(below_.front(), settings_.post);
    below_.pop_front();
    if (!posting) return fail(posting.error());
    posting_.emplace(*std::move(posting));
    next_part_ = 0;
  }

  std::optional<Outgoing> announce(const Announcement& announcement) {
    auto message = encode(announcement, settings_.v02 ? Format::v02 : Format::v03);
    if (!message) {
      fail(fmt::format("{}: {}", announcement.rel_path, message.error()));
      return std::nullopt;
    }
    return Outgoing{topic_of(settings_.topic_prefix, announcement.rel_path), *std::move(message)};
  }

  void fail(const std::string& problem) {
    report("{}", problem);
    ++failed_;
  }

  const Settings& settings_;
  std::deque<std::string> paths_;
  std::deque<std::string> below_;   // what is left of the path that was opened last
  std::optional<Posting> posting_;  // of which the next part is next_part_
  std::size_t next_part_ = 0;
  std::size_t failed_ = 0;
};

int run(int argc, char** argv) {
  Settings settings;
  settings.post.base_directory = ".";
  const Program program{.name = "simplevisor-announce",
                        .purpose =
                            "Announces files (and what is below directories) to an exchange, and waits until "
                            "the broker has it.",
                        .exit_status =
                            "0 all announced, 1 some files were not, 64 command line, 69 broker unavailable, "
                            "70 internal fault,\n"
                            "75 try again later, 76 protocol, 77 authentication or permission, 78 settings.",
                        .words = &settings.paths,
                        .words_help = "files and directories"};
  if (const auto status = configure(argc, argv, program, options_of(settings))) return *status;
  PublisherOptions options;
  if (const auto status = connection_of(settings, options.connection)) return static_cast<int>(*status);
  if (settings.post.base_url.empty()) return static_cast<int>(*wrong("base-url: is not given"));
  if (const auto why = why_no_base_url(settings.post.base_url))
    return static_cast<int>(*wrong("base-url: " + *why));
  if (constexpr std::array<std::string_view, 4> methods{"sha512", "sha256", "md5", "cod"};
      std::ranges::find(methods, settings.post.identity) == methods.end()) {
    return static_cast<int>(*wrong(
        fmt::format("identity: \"{}\" is no word of {}", settings.post.identity, fmt::join(methods, ", "))));
  }
  if (settings.v02 && settings.inline_below.bytes > 0) {
    return static_cast<int>(*wrong("inline-below: the old format cannot carry data"));
  }
  if (settings.topic_prefix.empty())
    settings.topic_prefix = settings.v02 ? v02_topic_prefix : v03_topic_prefix;
  settings.post.block_bytes = settings.block_size.bytes;
  if (settings.block_size.bytes > 0 && !can_calculate(settings.post.identity)) {
    return static_cast<int>(
        *wrong("block-size: needs an identity that can be calculated, or nobody could verify a part"));
  }
  settings.post.inline_bytes_max = settings.inline_below.bytes;
  const std::string user = options.connection.login ? options.connection.login->name
                                                    : options.connection.endpoint.user.value_or("anonymous");
  options.exchange = settings.exchange.empty() ? exchange_of(user) : settings.exchange;
  options.declare = settings.declare;
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT: cannot fail for this one
  Announcements announcements{settings};
  const auto sent = publish_all(options, [&] { return announcements.next(); });
  if (!sent) {
    report("{}", sent.error().message);
    return static_cast<int>(exit_of(sent.error().kind));
  }
  inform({{"announced", *sent}, {"failed", announcements.failed()}}, "announced {}, failed {}", *sent,
         announcements.failed());
  return static_cast<int>(announcements.failed() > 0 ? ExitCode::failed : ExitCode::done);
}

}  // namespace

int main(int argc, char** argv) {
  return simplevisor::service::guarded([&] { return run(argc, argv); });
}
