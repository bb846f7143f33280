#include "supervisor/cli/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "supervisor/control/text.hpp"

namespace simplevisor::cli {
namespace {

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

void append(std::string& line, const Cell& cell, const Column& column, std::size_t width, bool last,
            bool colour) {
  const std::size_t own = width_of(cell.text);
  const std::string padding(own < width ? width - own : 0, ' ');
  if (column.right) line += padding;
  line += coloured(cell.text, cell.colour, colour);
  if (last) return;
  if (!column.right) line += padding;
  line += "  ";
}

}  // namespace

std::string coloured(std::string_view text, Colour colour, bool enabled) {
  if (!enabled || colour == Colour::none || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", colour == Colour::red ? 31 : 33, text);
}

std::string text_table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                       bool colour, bool titled) {
  std::vector<std::size_t> widths;
  for (const Column& column : columns)
    widths.push_back(std::max(column.width_min, titled ? width_of(column.title) : 0));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i].text));
  }
  std::string text;
  std::string line;
  const auto add_line = [&](const std::vector<Cell>& cells) {
    line.clear();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      append(line, cells[i], columns[i], widths[i], i + 1 == cells.size(), colour);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line;
    text += '\n';
  };
  std::vector<Cell> titles;
  for (const Column& column : columns) titles.push_back({std::string(column.title)});
  if (titled) add_line(titles);
  for (const auto& row : rows) add_line(row);
  return text;
}

std::string age_text(std::chrono::milliseconds age) {
  const auto ms = age.count();
  if (ms < 0) return "-";
  if (ms < 1000) return fmt::format("{}ms", ms);
  if (ms < 10'000) return fmt::format("{}.{}s", ms / 1000, ms % 1000 / 100);
  const auto seconds = ms / 1000;
  if (seconds < 60) return fmt::format("{}s", seconds);
  const auto minutes = seconds / 60;
  if (minutes < 60) return fmt::format("{}m{:02}s", minutes, seconds % 60);
  const auto hours = minutes / 60;
  if (hours < 24) return fmt::format("{}h{:02}m", hours, minutes % 60);
  return fmt::format("{}d{:02}h", hours / 24, hours % 24);
}

std::string printable(std::string_view text) {
  std::string clean;
  const std::string valid = control::clean_utf8(text);
  const auto byte = [&](std::size_t i) {
    return i < valid.size() ? static_cast<unsigned char>(valid[i]) : 0u;
  };
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const unsigned c = byte(i);
    // U+0080 to U+009F: terminals may obey these as well.
    const bool c1 = c == 0xC2 && byte(i + 1) < 0xA0;
    // U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069: they move what stands beside them.
    const unsigned last = byte(i + 2);
    const bool mover =
        c == 0xE2 &&
        ((byte(i + 1) == 0x80 && ((last >= 0x8E && last <= 0x8F) || (last >= 0xA8 && last <= 0xAE))) ||
         (byte(i + 1) == 0x81 && last >= 0xA6 && last <= 0xA9));
    if (c1) ++i;
    if (mover) i += 2;
    if (c < 0x20 || c == 0x7f || c1 || mover) {
      clean += '?';
    } else {
      clean += valid[i];
    }
  }
  return clean;
}

}  // namespace simplevisor::cli
