#include "supervisor/cli/top/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "supervisor/cli/top/fit.hpp"
#include "supervisor/config/units.hpp"

namespace simplevisor::cli::live {
namespace {

// As long as anything one types here needs to be; a reason may have no more.
constexpr std::size_t typed_bytes_max = 200;
constexpr std::size_t pane_lines_max = 10'000;
// Wider than any screen: what a worker prints without an end of line must not cost us more.
constexpr std::size_t line_bytes_max = 4096;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() < pane_lines_max) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, std::min(end, line_bytes_max)));
    for (std::size_t tab = 0; (tab = line.find('\t', tab)) != std::string::npos;)
      line.replace(tab, 1, 8 - tab % 8, ' ');  // as terminals do, for text of single bytes
    lines.push_back(printable(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string one_line(std::string_view text) {
  std::string line(text);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  std::ranges::replace(line, '\n', ' ');
  return printable(line);
}

}  // namespace

void Model::show(runtime::ServiceInfo info, Rows rows) {
  info_ = std::move(info);
  trouble_.clear();
  nodes_.show(std::move(rows));
  forget_other_pane();
}

void Model::forget_other_pane() {
  if (wanted() == pane_of_) return;
  pane_ = {};
  pane_of_ = {};
}

void Model::show_trouble(std::string_view text) {
  trouble_ = one_line(text);
}

void Model::show_pane(const Wanted& of, std::string_view text) {
  if (of != wanted()) return;  // of a node that was chosen before
  const bool another = of != pane_of_;
  pane_of_ = of;
  pane_.lines = lines_of(text);
  if (another) {
    pane_.at_end = of.kind == PaneKind::logs;
    pane_.first = 0;
  }
  resize(node_lines_, pane_lines_);
}

void Model::tell(std::string_view text, bool is_bad) {
  message_ = one_line(text);
  message_is_bad_ = is_bad;
}

void Model::resize(std::size_t node_lines, std::size_t pane_lines) {
  node_lines_ = node_lines;
  pane_lines_ = pane_lines;
  nodes_.scroll(node_lines_);
  const std::size_t last = pane_.lines.size() - std::min(pane_.lines.size(), pane_lines_);
  pane_.first = pane_.at_end ? last : std::min(pane_.first, last);
}

Wanted Model::wanted() const {
  const runtime::NodeStatus* const node = nodes_.chosen_node();
  if (kind_ == PaneKind::none || node == nullptr) return {};
  return {kind_, node->path};
}

Wish Model::press(Key key) {
  if (prompt_.kind != Prompt::Kind::none) return answer(key);
  message_.clear();
  const auto does = what_does(key);
  if (help_) {
    turn_help();  // whatever the key
    return does == Does::quit ? Wish{Quit{}} : Wish{};
  }
  const Wish wish = does ? obey(*does) : Wish{};
  nodes_.scroll(node_lines_);
  forget_other_pane();
  return wish;
}

Wish Model::obey(Does does) {
  switch (does) {
    case Does::up:
    case Does::down:
    case Does::page_up:
    case Does::page_down:
    case Does::first:
    case Does::last:
      pane_has_focus() ? scroll_pane(does) : move(does);
      return {};
    case Does::fold:
    case Does::unfold:
    case Does::toggle:
    case Does::fold_well:
    case Does::unfold_all:
    case Does::other_mode:
      fold(does);
      return {};
    case Does::sort_next:
    case Does::sort_previous:
    case Does::reverse:
      sort(does);
      return {};
    case Does::filter:
      ask(Prompt::Kind::filter, "filter: ");
      prompt_.typed = nodes_.filter();
      return {};
    case Does::why:
      open_pane(PaneKind::why);
      return {};
    case Does::logs:
      open_pane(PaneKind::logs);
      return {};
    case Does::other_focus:
      focus_on_pane_ = !focus_on_pane_ && has_pane();
      return {};
    case Does::back:
      back();
      return {};
    case Does::start:
    case Does::stop:
    case Does::restart:
    case Does::hold:
    case Does::signal:
      begin(does);
      return {};
    case Does::help:
      help_ = 0;
      return {};
    case Does::redraw:
      return Redraw{};
    case Does::quit:
      return Quit{};
  }
  std::unreachable();
}

void Model::turn_help() {
  // All lines but a title and the last one.
  const std::size_t page = node_lines_ + (pane_lines_ > 0 ? pane_lines_ + 1 : 0) + 1;
  *help_ += page;
  if (*help_ >= helped_keys()) help_.reset();
}

void Model::move(Does does) {
  const auto page = static_cast<std::ptrdiff_t>(std::max<std::size_t>(node_lines_, 2) - 1);
  if (does == Does::up) nodes_.move(-1);
  if (does == Does::down) nodes_.move(1);
  if (does == Does::page_up) nodes_.move(-page);
  if (does == Does::page_down) nodes_.move(page);
  if (does == Does::first) nodes_.choose_first();
  if (does == Does::last) nodes_.choose_last();
}

void Model::scroll_pane(Does does) {
  const std::size_t page = std::max<std::size_t>(pane_lines_, 2) - 1;
  const std::size_t last = pane_.lines.size() - std::min(pane_.lines.size(), pane_lines_);
  const auto up = [&](std::size_t lines) { pane_.first -= std::min(pane_.first, lines); };
  const auto down = [&](std::size_t lines) { pane_.first = std::min(last, pane_.first + lines); };
  if (does == Does::up) up(1);
  if (does == Does::down) down(1);
  if (does == Does::page_up) up(page);
  if (does == Does::page_down) down(page);
  if (does == Does::first) pane_.first = 0;
  if (does == Does::last) pane_.first = last;
  pane_.at_end = pane_of_.kind == PaneKind::logs && pane_.first == last;
}

void Model::fold(Does does) {
  if (does == Does::fold) nodes_.fold();
  if (does == Does::unfold) nodes_.unfold();
  if (does == Does::toggle) nodes_.toggle();
  if (does == Does::fold_well) nodes_.fold_well();
  if (does == Does::unfold_all) nodes_.unfold_all();
  if (does == Does::other_mode)
    nodes_.set_mode(nodes_.mode() == NodeList::Mode::tree ? NodeList::Mode::table : NodeList::Mode::tree);
}

void Model::sort(Does does) {
  const auto begin = std::ranges::begin(sort_order);
  const auto count = std::ranges::ssize(sort_order);
  auto at = std::ranges::find(sort_order, nodes_.sorted_by().name) - begin;
  const bool in_table = nodes_.mode() == NodeList::Mode::table;
  bool reverse = in_table && nodes_.reversed();
  // From the tree the first step is to the table as it was sorted last.
  if (does == Does::reverse)
    reverse = !reverse;
  else if (in_table)
    at += does == Does::sort_next ? 1 : count - 1;
  nodes_.sort_by(*find_column(begin[at % count]), reverse);
}

void Model::open_pane(PaneKind kind) {
  kind_ = kind_ == kind ? PaneKind::none : kind;
  if (kind_ == PaneKind::none) focus_on_pane_ = false;
}

void Model::back() {
  if (has_pane())
    open_pane(kind_);
  else
    nodes_.set_filter("");
}

void Model::begin(Does does) {
  const runtime::NodeStatus* const node = nodes_.chosen_node();
  if (node == nullptr) return tell("no node is chosen", true);
  Deed deed{.path = node->path};
  if (does == Does::signal) {
    deed.verb = "signal";
    return ask(Prompt::Kind::signal, fmt::format("signal for {} (HUP, USR1, ...): ", printable(deed.path)),
               deed);
  }
  if (does == Does::hold) {
    deed.verb = "stop";
    return ask(Prompt::Kind::hold_time, "hold for how long (2h; nothing: until it is released): ", deed);
  }
  deed.verb = does == Does::start ? "start" : does == Does::stop ? "stop" : "restart";
  confirm(std::move(deed));
}

void Model::confirm(Deed deed) {
  std::string what = deed.verb;
  if (!deed.signal.empty()) what = "send " + printable(deed.signal) + " to";
  if (deed.limit) what = "hold for " + config::duration_text(*deed.limit);
  const std::size_t below = nodes_.chosen_size() - 1;
  const std::string others = below == 0 ? "" : fmt::format(" and the {} below it", below);
  std::string question = fmt::format("{} {}{}? y/n ", what, printable(deed.path), others);
  ask(Prompt::Kind::confirm, std::move(question), std::move(deed));
}

void Model::ask(Prompt::Kind kind, std::string question, Deed deed) {
  prompt_ = {kind, std::move(question), "", std::move(deed)};
}

Wish Model::answer(Key key) {
  if (prompt_.kind == Prompt::Kind::confirm) {
    Deed deed = std::exchange(prompt_, {}).deed;
    if (key == 'y' || key == 'Y') return deed;
    tell(fmt::format("{}: not done", deed.verb), false);
    return {};
  }
  if (key == key::enter) return answered();
  if (key == key::escape) {
    if (prompt_.kind == Prompt::Kind::filter) nodes_.set_filter("");
    prompt_ = {};
  } else if (key == key::backspace) {
    while (!prompt_.typed.empty() && (static_cast<unsigned char>(prompt_.typed.back()) & 0xC0u) == 0x80u)
      prompt_.typed.pop_back();
    if (!prompt_.typed.empty()) prompt_.typed.pop_back();
  } else if (key >= 0x20 && key < 0x110000 && prompt_.typed.size() < typed_bytes_max) {
    prompt_.typed += printable(utf8_of(key));
  }
  if (prompt_.kind == Prompt::Kind::filter) nodes_.set_filter(prompt_.typed);  // one sees what it leaves
  nodes_.scroll(node_lines_);
  return {};
}

Wish Model::answered() {
  Prompt prompt = std::exchange(prompt_, {});
  switch (prompt.kind) {
    case Prompt::Kind::none:
    case Prompt::Kind::confirm:
    case Prompt::Kind::filter:
      break;
    case Prompt::Kind::signal:
      prompt.deed.signal = prompt.typed;
      if (!prompt.typed.empty()) confirm(std::move(prompt.deed));
      break;
    case Prompt::Kind::hold_time: {
      if (!prompt.typed.empty()) {
        const auto limit = config::parse_duration(prompt.typed);
        if (!limit || limit->count() == 0) {
          tell(limit ? "a hold takes more than no time" : limit.error(), true);
          break;
        }
        prompt.deed.limit = *limit;
      }
      ask(Prompt::Kind::hold_reason, "reason (everybody sees it): ", std::move(prompt.deed));
      break;
    }
    case Prompt::Kind::hold_reason:
      prompt.deed.reason = prompt.typed;
      confirm(std::move(prompt.deed));
      break;
  }
  return {};
}

}  // namespace simplevisor::cli::live
