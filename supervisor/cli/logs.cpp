// What workers printed. The supervisor gives the lines in order; here they are chosen by --grep, and shown.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/insight_text.hpp"
#include "supervisor/cli/pattern_search.hpp"
#include "supervisor/cli/text_table.hpp"
#include "supervisor/control/logs.hpp"
#include "supervisor/control/text.hpp"

namespace simplevisor::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t prefix_width_max = 40;

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  const json::string* const text = value ? value->if_string() : nullptr;
  return text ? std::string{text->data(), text->size()} : "";
}

// Tabs stay: programs align what they print by them, and they cannot hurt a terminal.
std::string shown(std::string_view text) {
  std::string clean;
  for (bool first = true;; first = false) {
    const std::size_t end = std::min(text.find('\t'), text.size());
    if (!first) clean += '\t';
    clean += printable(text.substr(0, end));
    if (end == text.size()) return clean;
    text.remove_prefix(end + 1);
  }
}

class LogPrinter {
 public:
  // `width` of the names before the lines; 0 for none.
  LogPrinter(Terminal& terminal, bool as_json, std::size_t width)
      : terminal_(terminal), json_(as_json), width_(width) {}

  void line(const json::object& line) {
    if (json_) {
      terminal_.out << json::serialize(line) << '\n';
      return;
    }
    const std::string path = text_in(line, "path");
    const std::string stream = text_in(line, "stream");
    // A part goes on where the part before it ended, when nobody has come between.
    if (open_ != path + " " + stream) {
      end_line();
      terminal_.out << prefix(path, stream, line);
    }
    terminal_.out << shown(text_in(line, "text"));
    const json::value* const partial = line.if_contains("partial");
    if (partial && partial->is_bool() && partial->get_bool()) {
      open_ = path + " " + stream;
    } else {
      terminal_.out << '\n';
      open_.clear();
    }
  }
  void note(std::string_view text) {
    if (!json_) terminal_.err << "simplevisor: " << shown(text) << '\n' << std::flush;
  }
  void end_line() {
    if (!open_.empty()) terminal_.out << '\n';
    open_.clear();
  }

 private:
  std::string prefix(const std::string& path, const std::string& stream, const json::object& line) const {
    const Colour colour = stream == "stderr" ? Colour::red : Colour::yellow;
    std::string text;
    // A time that we wrote is not in the text; one that the worker wrote is.
    if (!stream.empty()) text += local_time(text_in(line, "time"), true) + ' ';
    if (width_ > 0)
      text += coloured(fmt::format("{:<{}} |", shown(path), width_), colour, terminal_.colour) + ' ';
    return text;
  }

  Terminal& terminal_;
  bool json_;
  std::size_t width_;
  std::string open_;  // whose unfinished line was printed last
};

// What is shown of lines that are there already: those that match, and of each worker the last ones.
class Sieve {
 public:
  Sieve(const PatternSearch* wanted, std::size_t lines) : wanted_(wanted), lines_(lines) {}

  [[nodiscard]] bool lets_pass(const json::object& line) const {
    return !wanted_ || wanted_->matches(text_in(line, "text"));
  }
  void keep(json::object line) {
    if (!lets_pass(line)) return;
    ++kept_of_[text_in(line, "path")];
    kept_.push_back(std::move(line));
  }
  void print(LogPrinter& printer) {
    for (const json::object& line : kept_) {
      // So many of this worker are still to come.
      if (kept_of_[text_in(line, "path")]-- <= lines_) printer.line(line);
    }
    kept_.clear();
  }

 private:
  const PatternSearch* wanted_;
  std::size_t lines_;
  std::vector<json::object> kept_;
  std::map<std::string, std::size_t> kept_of_;
};

struct Request {
  std::string target;
  std::size_t prefix_width = 0;
};

std::expected<Request, Failure> request_for(const CommandLine& line, const Asker& asker,
                                            std::string_view since) {
  Request request{.target = "/v1/logs"};
  char separator = '?';
  std::size_t widest = 0;
  std::size_t workers = 0;
  for (const std::string& node : line.nodes) {
    const auto found = asker.nodes("status", node);  // the names of nodes may be shortened
    if (!found) return std::unexpected(found.error());
    for (const auto& row : found->rows) {
      if (row.type != runtime::NodeType::worker) continue;
      ++workers;
      widest = std::max(widest, row.path.size());
    }
    request.target +=
        fmt::format("{}pattern={}", std::exchange(separator, '&'), control::percent_encoded(node));
  }
  if (workers > 1) request.prefix_width = std::min(widest, prefix_width_max);
  // What is chosen by --grep is chosen from all there is.
  if (!line.grep.empty())
    request.target += fmt::format("&lines={}", control::logs_lines_max);
  else if (line.lines)
    request.target += fmt::format("&lines={}", *line.lines);
  if (!since.empty()) request.target += fmt::format("&since={}", control::percent_encoded(since));
  return request;
}

std::expected<void, Failure> show_kept(const Asker& asker, const Request& request, Sieve& sieve,
                                       LogPrinter& printer) {
  auto found = asker.object(request.target);
  if (!found) return std::unexpected(found.error());
  json::value* const lines = found->members.if_contains("lines");
  if (!lines || !lines->is_array()) return std::unexpected(unreadable("there are no \"lines\""));
  for (json::value& line : lines->get_array()) {
    if (line.is_object()) sieve.keep(std::move(line.get_object()));
  }
  const json::value* const notes = found->members.if_contains("notes");
  for (const json::value& note : notes && notes->is_array() ? notes->get_array() : json::array{}) {
    if (note.is_string()) printer.note({note.get_string().data(), note.get_string().size()});
  }
  sieve.print(printer);
  printer.end_line();
  return {};
}

std::expected<void, Failure> show_and_follow(Context& context, const Asker& asker, const Request& request,
                                             Sieve& sieve, LogPrinter& printer) {
  bool live = false;
  const auto take = [&](const control::Client::Message& message) {
    boost::system::error_code error;
    json::value value = json::parse({message.data.data(), message.data.size()}, error);
    if (error || !value.is_object()) return true;
    json::object& object = value.get_object();
    if (message.name == "live") {
      live = true;
      sieve.print(printer);
    } else if (message.name == "note") {
      printer.note(text_in(object, "text"));
    } else if (message.name.empty() && !live) {
      sieve.keep(std::move(object));
    } else if (message.name.empty() && sieve.lets_pass(object)) {
      printer.line(object);
    }
    if (live) context.terminal.out << std::flush;
    return context.terminal.out.good();
  };
  const auto ended = asker.follow(request.target + "&follow=true", take);
  sieve.print(printer);
  printer.end_line();
  context.terminal.out << std::flush;
  return ended;
}

Failure usage(std::string message) {
  return {Exit::usage, "usage", std::move(message)};
}

}  // namespace

int logs(Context& context) {
  const CommandLine& line = context.line;
  const auto failed = [&](const Failure& failure) { return report(failure, context.terminal, line.json); };
  std::optional<PatternSearch> wanted;
  if (!line.grep.empty()) {
    auto compiled = PatternSearch::of(line.grep);
    if (!compiled) return failed(usage(fmt::format("--grep: {}", compiled.error())));
    wanted = *std::move(compiled);
  }
  std::string since;
  if (!line.since.empty()) {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto time = runtime::logs::parse_since(line.since, now);
    if (!time) return failed(usage(fmt::format("--since {}: {}", printable(line.since), time.error())));
    since = runtime::logs::time_text(*time);
  }
  const auto asker = asker_for(context);
  if (!asker) return failed(asker.error());
  const auto request = request_for(line, *asker, since);
  if (!request) return failed(request.error());
  const std::size_t usual = since.empty() ? control::logs_lines_default : control::logs_lines_max;
  Sieve sieve{wanted ? &*wanted : nullptr, static_cast<std::size_t>(line.lines.value_or(usual))};
  LogPrinter printer{context.terminal, line.json, request->prefix_width};
  const auto shown_all = line.follow ? show_and_follow(context, *asker, *request, sieve, printer)
                                     : show_kept(*asker, *request, sieve, printer);
  if (!shown_all) return failed(shown_all.error());
  context.terminal.out << std::flush;
  return code(Exit::done);
}

}  // namespace simplevisor::cli
