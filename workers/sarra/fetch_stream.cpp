#include "workers/sarra/fetch_stream.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "workers/handler/protocol.hpp"
#include "workers/message/codec.hpp"
#include "workers/message/text.hpp"
#include "workers/sarra/assembly.hpp"
#include "workers/sarra/json_object.hpp"
#include "workers/service/error.hpp"
#include "workers/service/report.hpp"

namespace simplevisor::sarra {
namespace {

namespace json = boost::json;
using service::ExitCode;
using service::report;
using service::warn;

struct Job {
  std::uint64_t seq = 0;
  std::expected<message::Message, std::string> message;
};

// Whole lines, one after the other, whoever has something to say.
class Answers {
 public:
  explicit Answers(int output) : output_{output} {}

  void say(const std::string& line) {
    const std::lock_guard one{mutex_};
    std::string_view rest = line;
    while (!rest.empty()) {
      const ssize_t written = ::write(output_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return;  // nobody listens any more; the end of input will follow
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  std::mutex mutex_;
  int output_;
};

std::string answer(std::uint64_t seq, const std::expected<void, Trouble>& outcome,
                   std::chrono::milliseconds delay) {
  if (outcome) return fmt::format("{{\"seq\":{},\"action\":\"done\"}}\n", seq);
  if (outcome.error().temporary) {
    return fmt::format("{{\"seq\":{},\"action\":\"retry\",\"delay\":{:.3f}}}\n", seq,
                       static_cast<double>(delay.count()) / 1000);
  }
  std::string reason = outcome.error().reason.substr(0, handler::protocol::reason_bytes_max);
  while (const auto bad = message::first_invalid_utf8(reason)) reason[*bad] = '?';
  std::string quoted;
  message::append_json_string(quoted, reason);
  return fmt::format("{{\"seq\":{},\"action\":\"fail\",\"reason\":{}}}\n", seq, quoted);
}

class Workers {
 public:
  Workers(const FetchSettings& settings, const Tree& tree, Answers& answers)
      : settings_{settings}, answers_{answers} {
    for (std::uint64_t i = 0; i < settings.window; ++i) {
      // The downloader belongs to its thread; the directory's descriptor each has of its own.
      auto own = tree.duplicate();
      if (!own) throw std::runtime_error{own.error().message};
      threads_.emplace_back(
          [this, tree = std::make_shared<Tree>(*std::move(own))] { work(std::move(*tree)); });
    }
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  // What was given is finished first.
  ~Workers() {
    {
      const std::lock_guard one{mutex_};
      over_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void give(Job job) {
    std::unique_lock one{mutex_};
    // More than was asked for waits in the pipe.
    changed_.wait(one, [this] { return jobs_.size() < settings_.window; });
    jobs_.push_back(std::move(job));
    one.unlock();
    changed_.notify_all();
  }

 private:
  void work(Tree tree) {
    Fetcher fetcher{settings_, std::move(tree)};
    while (auto job = next()) answers_.say(answer(job->seq, handle(fetcher, *job), settings_.retry_delay));
  }

  static std::expected<void, Trouble> handle(Fetcher& fetcher, const Job& job) {
    if (!job.message) return std::unexpected(Trouble{false, job.message.error()});
    try {
      auto outcome = fetcher.fetch(job.message->body);
      if (!outcome)
        warn({{"reason", outcome.error().reason}}, "{}: {}", outcome.error().temporary ? "later" : "failed",
             outcome.error().reason);
      return outcome;
    } catch (const std::exception& exception) {
      report("failed: {}", exception.what());
      return std::unexpected(Trouble{true, exception.what()});
    }
  }

  std::optional<Job> next() {
    std::unique_lock one{mutex_};
    changed_.wait(one, [this] { return over_ || !jobs_.empty(); });
    if (jobs_.empty()) return std::nullopt;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    one.unlock();
    changed_.notify_all();
    return job;
  }

  const FetchSettings& settings_;
  Answers& answers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool over_ = false;
  std::vector<std::thread> threads_;
};

struct Start {
  json::object data;
};
struct Stop {};
struct Nothing {};
using Order = std::variant<Start, Stop, Nothing, Job>;

std::expected<Order, std::string> parse_order(std::string_view line) {
  const auto fields = raw_fields(line);
  if (!fields) return std::unexpected(fields.error());
  std::string op;
  json::value seq;
  std::string_view message;
  std::string_view data = "{}";
  for (const auto& [name, raw] : *fields) {
    if (name == "op") op = raw;
    if (name == "seq") seq = json::parse(raw);
    if (name == "message") message = raw;
    if (name == "data") data = raw;
  }
  if (op == "\"stop\"") return Stop{};
  if (op == "\"idle\"") return Nothing{};
  if (op == "\"start\"") {
    json::value value = json::parse(data);
    if (!value.is_object()) return std::unexpected("\"data\" is not an object");
    return Start{std::move(value.as_object())};
  }
  if (op != "\"handle\"") return std::unexpected("unknown \"op\"");
  json::error_code error;
  const auto number = seq.to_number<std::uint64_t>(error);
  if (error) return std::unexpected("\"seq\" is not a number");
  auto decoded = message::decode(message);
  if (!decoded) return Job{number, std::unexpected(decoded.error().text())};
  return Job{number, std::move(decoded->message)};
}

// The next line; nothing at the end. An error is told.
class Input {
 public:
  explicit Input(int input) : input_{input} {}

  std::optional<std::string_view> line() {
    for (;;) {
      if (const auto line = lines_.next()) return line;
      if (lines_.overlong()) {
        report("a line longer than {} bytes", message::input_bytes_default_max);
        return std::nullopt;
      }
      const ssize_t got = ::read(input_, piece_.data(), piece_.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return std::nullopt;
      lines_.append({piece_.data(), static_cast<std::size_t>(got)});
    }
  }

 private:
  int input_;
  handler::protocol::Lines lines_{message::input_bytes_default_max};
  std::array<char, 65536> piece_{};
};

std::expected<Tree, ExitCode> tree_for(const FetchSettings& settings) {
  const auto problems = contradictions(settings);
  for (const std::string& problem : problems) report("{}", problem);
  if (!problems.empty()) return std::unexpected(ExitCode::config);
  auto tree = Tree::open(settings.directory);
  if (tree) return *std::move(tree);
  report("{}", tree.error().message);
  switch (tree.error().kind) {
    case TreeError::Kind::passing:
      return std::unexpected(ExitCode::temporary);
    case TreeError::Kind::denied:
      return std::unexpected(ExitCode::permission);
    case TreeError::Kind::absent:
    case TreeError::Kind::other:
      break;
  }
  return std::unexpected(ExitCode::cannot_create);
}

}  // namespace

ExitCode serve_stream(FetchSettings settings, int input, int output) {
  Input lines{input};
  Answers answers{output};
  std::optional<Tree> tree;
  std::optional<Workers> workers;
  while (const auto line = lines.line()) {
    auto order = parse_order(*line);
    if (!order) {
      report("no order of a consumer: {}", order.error());
      return ExitCode::protocol;
    }
    if (std::holds_alternative<Stop>(*order)) return ExitCode::done;
    if (const auto* start = std::get_if<Start>(&*order); start != nullptr && !workers) {
      const auto problems = fetch_options(settings).set(start->data);
      for (const std::string& problem : problems) report("data: {}", problem);
      if (!problems.empty()) return ExitCode::config;
      auto opened = tree_for(settings);
      if (!opened) return opened.error();
      tree.emplace(*std::move(opened));
      if (const auto swept = Assembly::sweep(*tree, settings.unfinished_max()); !swept)
        report("{}", swept.error().message);
      workers.emplace(settings, *tree, answers);
      answers.say(fmt::format("{{\"op\":\"ready\",\"window\":{}}}\n", settings.window));
    }
    if (auto* job = std::get_if<Job>(&*order)) {
      if (!workers) {
        report("a message before the start");
        return ExitCode::protocol;
      }
      workers->give(std::move(*job));
    }
  }
  return ExitCode::done;
}

ExitCode serve_one(const FetchSettings& settings, int input) {
  std::string body;
  std::array<char, 65536> piece{};
  for (ssize_t got = 1; got != 0;) {
    got = ::read(input, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      report("standard input: {}", std::strerror(errno));
      return ExitCode::data;
    }
    body.append(piece.data(), static_cast<std::size_t>(got));
    if (body.size() > message::body_bytes_default_max) {
      report("an announcement of more than {} bytes", message::body_bytes_default_max);
      return ExitCode::data;
    }
  }
  auto tree = tree_for(settings);
  if (!tree) return tree.error();
  const auto outcome = Fetcher{settings, *std::move(tree)}.fetch(body);
  if (outcome) return ExitCode::done;
  report("{}: {}", outcome.error().temporary ? "later" : "failed", outcome.error().reason);
  return outcome.error().temporary ? ExitCode::temporary : ExitCode::data;
}

}  // namespace simplevisor::sarra
