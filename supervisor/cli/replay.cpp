// The command `replay`: decisions from a tape, beside those that stand in the journal.
#include "supervisor/runtime/journal/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "supervisor/cli/commands.hpp"
#include "supervisor/cli/text_table.hpp"
#include "supervisor/config/describe.hpp"
#include "supervisor/runtime/journal/event_json.hpp"

namespace simplevisor::cli {
namespace {

namespace json = boost::json;
namespace journal = runtime::journal;
using journal::Decision;

constexpr std::size_t line_bytes_max = std::size_t{64} << 20;  // one run may answer for thousands of workers
constexpr std::size_t differences_shown = 10;

// The lines of a file; an end that is no whole line is left out: whoever wrote it was killed, or is at it.
class Lines {
 public:
  explicit Lines(const std::filesystem::path& path) : file_(path, std::ios::binary) {}
  [[nodiscard]] bool good() const { return file_.is_open(); }
  [[nodiscard]] bool met_too_long() const { return too_long_; }
  std::optional<std::string> next() {
    std::string line;
    while (file_.good()) {
      file_.getline(piece_.data(), static_cast<std::streamsize>(piece_.size()));
      line.append(piece_.data(), static_cast<std::size_t>(file_.gcount()));
      if (file_.good()) {
        line.pop_back();  // the end of the line, which was counted
        return line;
      }
      too_long_ = line.size() > line_bytes_max;
      if (file_.fail() && !file_.bad() && !file_.eof() && !too_long_)
        file_.clear();  // a full piece: there is more
    }
    return std::nullopt;
  }

 private:
  std::ifstream file_;
  std::vector<char> piece_ = std::vector<char>(std::size_t{1} << 16U);
  bool too_long_ = false;
};

struct Recorded {
  std::vector<Decision> decisions;  // `at` is not known
  bool from_the_beginning = false;
  bool to_the_end = false;  // the supervisor ended in order
};

// What stands in the journal of the supervisor that made the tape.
Recorded recorded_in(const std::filesystem::path& dir, const std::string& tape_time) {
  Recorded recorded;
  std::vector<std::filesystem::path> files{dir / "events.jsonl"};
  for (int n = 1; std::filesystem::exists(dir / fmt::format("events.jsonl.{}", n)); ++n)
    files.insert(files.begin(), dir / fmt::format("events.jsonl.{}", n));
  for (const auto& path : files) {
    Lines lines(path);
    while (const auto line = lines.next()) {
      const journal::Line parsed = journal::parse_line(*line);
      const auto* const event = std::get_if<journal::Event>(&parsed);
      if (!event || journal::in_text(event->time) < tape_time || recorded.to_the_end) continue;
      if (event->kind == journal::Kind::began) {
        if (recorded.from_the_beginning) {  // the next one's
          recorded.to_the_end = true;
          continue;
        }
        recorded.from_the_beginning = true;
      }
      if (event->kind == journal::Kind::over) recorded.to_the_end = true;
      if (journal::is_decision(event->kind))
        recorded.decisions.push_back(
            {.at = {}, .kind = event->kind, .path = event->path, .about = event->about});
    }
  }
  return recorded;
}

std::string sentence(const Decision& decision) {
  const std::string about = decision.about.empty() ? "" : " (" + decision.about + ")";
  return fmt::format("{}: {}{}", decision.path, journal::name_of(decision.kind), about);
}

bool is_same(const Decision& a, const Decision& b) {
  return a.kind == b.kind && a.path == b.path && a.about == b.about;
}

// In words; none when one is a beginning of the other, and they are equal where both are whole.
std::vector<std::string> differences(const journal::Replayed& replayed, const Recorded& recorded) {
  std::vector<std::string> found;
  const auto& a = replayed.decisions;
  const auto& b = recorded.decisions;
  // A journal whose beginning is not kept any more is compared by its end.
  const std::size_t skipped = !recorded.from_the_beginning && a.size() > b.size() ? a.size() - b.size() : 0;
  const std::size_t common = std::min(a.size() - skipped, b.size());
  for (std::size_t n = 0; n < common && found.size() < differences_shown; ++n) {
    if (!is_same(a[n + skipped], b[n]))
      found.push_back(fmt::format("decision {}: replayed {}; recorded {}", n + skipped + 1,
                                  sentence(a[n + skipped]), sentence(b[n])));
  }
  const bool whole = recorded.to_the_end && recorded.from_the_beginning && !replayed.cut;
  if (whole && a.size() != b.size())
    found.push_back(fmt::format("{} decisions were replayed and {} recorded", a.size(), b.size()));
  return found;
}

std::string as_json(const journal::Replayed& replayed, const Recorded& recorded,
                    const std::vector<std::string>& different) {
  json::array decisions;
  for (const Decision& decision : replayed.decisions) {
    json::object object{{"at_ms", std::chrono::duration<double, std::milli>(decision.at).count()},
                        {"kind", std::string(journal::name_of(decision.kind))},
                        {"path", decision.path},
                        {"rule", std::string(journal::rule_of(decision.kind))}};
    if (!decision.about.empty()) object["about"] = decision.about;
    decisions.push_back(std::move(object));
  }
  json::array told;
  for (const std::string& each : different) told.emplace_back(each);
  return json::serialize(json::object{{"began", replayed.head.time},
                                      {"version", replayed.head.version},
                                      {"events", replayed.events},
                                      {"cut", replayed.cut},
                                      {"decisions", std::move(decisions)},
                                      {"recorded", recorded.decisions.size()},
                                      {"differences", std::move(told)}});
}

void show(const journal::Replayed& replayed, const Recorded& recorded,
          const std::vector<std::string>& different, std::ostream& out) {
  for (const Decision& decision : replayed.decisions) {
    out << fmt::format("{:>13.6f} s  {}\n{:17}{}\n", std::chrono::duration<double>(decision.at).count(),
                       printable(sentence(decision)), "", journal::rule_of(decision.kind));
  }
  for (const std::string& each : different) out << "DIFFERENT: " << printable(each) << '\n';
  if (!different.empty()) {
    out << fmt::format("{} decisions from {} events since {} are not those of the journal\n",
                       replayed.decisions.size(), replayed.events, replayed.head.time);
    return;
  }
  out << fmt::format(
      "{} decisions from {} events since {}{}; {} of them stand in the journal, as they were taken\n",
      replayed.decisions.size(), replayed.events, replayed.head.time,
      replayed.cut ? ", where the tape was full" : "",
      std::min(replayed.decisions.size(), recorded.decisions.size()));
}

}  // namespace

int replay(Context& context) {
  const CommandLine& line = context.line;
  const auto failed = [&](const Failure& failure) { return report(failure, context.terminal, line.json); };
  const auto file = find_configuration(line, context.environment);
  if (!file) return failed(file.error());
  const auto configuration = config::load(*file, load_options(context.environment));
  if (!configuration) return failed(failure_of(configuration.error()));

  std::filesystem::path tape = line.file.empty()
                                   ? std::filesystem::path(configuration->settings.state_dir) / "journal"
                                   : std::filesystem::path(line.file);
  std::error_code ignored;
  if (std::filesystem::is_directory(tape, ignored)) tape /= "tape.jsonl";
  Lines lines(tape);
  if (!lines.good())
    return failed(
        {Exit::failed, "no_tape", fmt::format("cannot read {}: {}", tape.string(), std::strerror(errno))});
  const journal::Replayed replayed = journal::replay(configuration->root, [&] { return lines.next(); });
  if (lines.met_too_long())
    return failed({Exit::failed, "bad_tape",
                   fmt::format("{}: line {} is longer than {} bytes", tape.string(), replayed.lines + 1,
                               line_bytes_max)});
  if (const std::string digest = config::digest(*configuration);
      !replayed.head.configuration.empty() && replayed.head.configuration != digest) {
    return failed({Exit::failed, "other_configuration",
                   fmt::format("{} was made with another configuration than {}: give that one with --conf",
                               tape.string(), file->string())});
  }
  if (!replayed.trouble.empty())
    return failed({Exit::failed, "bad_tape", fmt::format("{}: {}", tape.string(), replayed.trouble)});
  const Recorded recorded = recorded_in(tape.parent_path(), replayed.head.time);
  const auto different = differences(replayed, recorded);
  if (line.json)
    context.terminal.out << as_json(replayed, recorded, different) << '\n' << std::flush;
  else
    show(replayed, recorded, different, context.terminal.out);
  context.terminal.out << std::flush;
  return code(different.empty() ? Exit::done : Exit::failed);
}

}  // namespace simplevisor::cli
