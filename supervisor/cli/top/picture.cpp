#include "supervisor/cli/top/picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "supervisor/cli/top/fit.hpp"
#include "supervisor/cli/top/table.hpp"

namespace simplevisor::cli::live {
namespace {

using runtime::NodeStatus;
using runtime::NodeType;
using runtime::Verdict;

constexpr Style bar{.reverse = true};

// Cuts the spans, or fills up the last one, so that together they are `columns` wide.
PictureLine fitted(PictureLine spans, std::size_t columns) {
  PictureLine line;
  for (Span& span : spans) {
    if (columns == 0) break;
    const bool is_last = &span == &spans.back();
    const std::size_t width = is_last ? columns : std::min(columns, width_of(span.text));
    line.push_back({fit(span.text, width), span.style});
    columns -= width;
  }
  if (spans.empty()) line.push_back({std::string(columns, ' ')});
  return line;
}

PictureLine plain(std::string text, std::size_t columns, Style style = {}) {
  return fitted({{std::move(text), style}}, columns);
}

PictureLine header(const Model& model, std::size_t columns) {
  const auto& info = model.info();
  if (!model.trouble().empty()) return plain(model.trouble(), columns, {.colour = Colour::red, .bold = true});
  const Rows& rows = model.nodes().rows();
  PictureLine spans{{fmt::format("{} {} ", printable(info.name), printable(info.phase)), {.bold = true}}};
  std::size_t ready = 0;
  std::size_t wanted = 0;
  std::array<std::size_t, 3> verdicts{};
  for (const NodeStatus& row : rows) {
    ++verdicts.at(static_cast<std::size_t>(row.verdict));
    if (row.type != NodeType::worker) continue;
    ready += row.ready;
    wanted += row.wanted;
  }
  spans.push_back({fmt::format("{} of {} ready", ready, wanted)});
  const auto count = [&](Verdict verdict, std::string_view word) {
    const std::size_t number = verdicts.at(static_cast<std::size_t>(verdict));
    if (number > 0) spans.push_back({fmt::format(", {} {}", number, word), {.colour = colour_of(verdict)}});
  };
  count(Verdict::failed, "failed");
  count(Verdict::healing, "healing");
  std::string rest = fmt::format(", up {}", age_text(info.uptime));
  const NodeList& nodes = model.nodes();
  if (nodes.mode() == NodeList::Mode::table)
    rest += fmt::format(", by {}{}", nodes.sorted_by().name, nodes.reversed() ? " (inverted)" : "");
  if (!nodes.filter().empty()) rest += fmt::format(", with \"{}\"", nodes.filter());
  spans.push_back({std::move(rest)});
  return fitted(std::move(spans), columns);
}

PictureLine footer(const Model& model, std::size_t columns, std::optional<std::size_t>& cursor) {
  const Prompt& prompt = model.prompt();
  if (prompt.kind != Prompt::Kind::none) {
    // What is being typed, and the "y/n" of a question, are the last to be given up.
    std::string text = end_of(prompt.question + prompt.typed, columns - std::min<std::size_t>(columns, 1));
    cursor = width_of(text);
    return plain(std::move(text), columns, {.colour = Colour::yellow, .bold = true});
  }
  if (!model.message().empty())
    return plain(model.message(), columns,
                 {.colour = model.message_is_bad() ? Colour::red : Colour::none, .bold = true});
  return plain("? help  q quit  / filter  w why  l logs  t table  r restart  x stop  s start", columns);
}

PictureLine pane_title(const Model& model, std::size_t columns) {
  const std::string_view what = model.wanted().kind == PaneKind::logs ? "logs of " : "why ";
  const Pane& pane = model.pane();
  std::string text = fmt::format("{}{}", what, printable(model.wanted().path));
  if (pane.lines.empty())
    text += ": ...";
  else
    text += fmt::format(" ({} of {} lines)", std::min(pane.lines.size(), pane.first + 1), pane.lines.size());
  if (model.pane_has_focus()) text += " <Tab>";
  return plain(std::move(text), columns, bar);
}

Picture help(Size size, std::size_t first) {
  Picture picture;
  picture.lines.push_back(plain("simplevisor top: what keys do", size.columns, {.bold = true}));
  std::size_t number = 0;
  for (const Binding& binding : bindings()) {
    if (binding.help.empty() || number++ < first) continue;
    picture.lines.push_back(plain(fmt::format("{:<16}{}", binding.name, binding.help), size.columns));
  }
  const bool is_cut = picture.lines.size() + 1 > size.lines;
  picture.lines.resize(size.lines - std::min<std::size_t>(size.lines, 1), plain("", size.columns));
  picture.lines.push_back(
      plain(is_cut ? "any key for more, q quits" : "any key goes back, q quits", size.columns, bar));
  return picture;
}

}  // namespace

Layout layout(Size size, bool has_pane) {
  const std::size_t room =
      size.lines - std::min<std::size_t>(size.lines, 3);  // first line, titles, last line
  if (!has_pane || room < 4) return {room, 0};
  const std::size_t nodes = std::max<std::size_t>(2, room * 2 / 5);
  return {nodes, room - nodes - 1};
}

Picture draw(const Model& model, Size size) {
  if (model.help()) return help(size, *model.help());
  const Layout shares = layout(size, model.has_pane());
  Picture picture;
  std::optional<std::size_t> cursor;
  PictureLine last = footer(model, size.columns, cursor);
  picture.lines.push_back(header(model, size.columns));
  const Table table(model.nodes(), size.columns);
  picture.lines.push_back(plain(table.titles(), size.columns, bar));
  const NodeList& nodes = model.nodes();
  for (std::size_t i = 0; i < shares.nodes; ++i) {
    const std::size_t line = nodes.first() + i;
    if (line >= nodes.lines().size()) {
      const bool says = i == 0 && nodes.lines().empty() && !nodes.filter().empty();
      picture.lines.push_back(plain(says ? "no node has that; Esc ends the filter" : "", size.columns));
    } else {
      picture.lines.push_back(fitted(table.line(line), size.columns));
    }
  }
  if (shares.pane > 0) {
    picture.lines.push_back(pane_title(model, size.columns));
    const Pane& pane = model.pane();
    for (std::size_t i = pane.first; i < pane.first + shares.pane; ++i)
      picture.lines.push_back(plain(i < pane.lines.size() ? pane.lines[i] : "", size.columns));
  }
  picture.lines.resize(std::min(picture.lines.size(), size.lines - std::min<std::size_t>(size.lines, 1)));
  if (size.lines > 0) picture.lines.push_back(std::move(last));
  picture.cursor_column = cursor;
  return picture;
}

}  // namespace simplevisor::cli::live
