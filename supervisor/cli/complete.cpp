// What the completions of shells ask for. Whoever presses TAB wants candidates or nothing: there are no errors here, and not
// much time.
#include <algorithm>
#include <map>

#include "supervisor/cli/commands.hpp"
#include "supervisor/config/key_paths.hpp"

namespace simplevisor::cli {
namespace {

constexpr std::chrono::milliseconds patience{700};

// Shells put candidates into a line that is executed later.
bool is_plain(std::string_view word) {
  return std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/';
  });
}

// Paths, and behind them last parts that only one node has; these only for who has begun to type one.
std::vector<std::string> node_words(const Rows& rows, std::string_view begun) {
  std::vector<std::string> words;
  std::map<std::string_view, int> count;
  for (const runtime::NodeStatus& row : rows) {
    words.push_back(row.path);
    ++count[row.name];
  }
  if (begun.empty() || begun.find('/') != std::string_view::npos) return words;
  for (const auto& [name, times] : count) {
    if (times == 1 && std::ranges::find(words, name) == words.end()) words.emplace_back(name);
  }
  return words;
}

std::vector<std::string> nodes(const Context& context) {
  CommandLine line = context.line;
  line.timeout = patience;
  const Context hurried{line, context.environment, context.terminal, context.run_supervisor};
  const auto asker = asker_for(hurried);
  if (!asker) return {};
  const auto found = asker->nodes("tree", "");
  return found ? node_words(found->rows, line.begun) : std::vector<std::string>{};
}

std::vector<std::string> keys() {
  std::vector<std::string> words;
  for (const config::KeyPlace& place : config::key_places()) words.push_back(place.path);
  return words;
}

}  // namespace

int complete(Context& context) {
  const std::string& begun = context.line.begun;
  for (const std::string& word : context.line.what == "nodes" ? nodes(context) : keys()) {
    if (word.starts_with(begun) && is_plain(word)) context.terminal.out << word << '\n';
  }
  return code(Exit::done);
}

}  // namespace simplevisor::cli
