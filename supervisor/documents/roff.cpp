#include "supervisor/documents/roff.hpp"

#include <fmt/format.h>

namespace simplevisor::documents {

std::string roff(std::string_view text) {
  std::string out;
  bool line_begin = true;
  for (const char c : text) {
    // At the start of a line these two make a request of it.
    if (line_begin && (c == '.' || c == '\'')) out += "\\&";
    line_begin = c == '\n';
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      case '`':
        out += "\\(ga";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string bold(std::string_view text) {
  return fmt::format("\\fB{}\\fR", roff(text));
}

std::string italic(std::string_view text) {
  return fmt::format("\\fI{}\\fR", roff(text));
}

std::string roff_marked(std::string_view text) {
  std::string out;
  bool typed = false;
  while (true) {
    const std::size_t mark = text.find('`');
    const std::string_view part = text.substr(0, mark);
    if (!part.empty()) out += typed ? bold(part) : roff(part);
    if (mark == std::string_view::npos) return out;
    typed = !typed;
    text.remove_prefix(mark + 1);
  }
}

std::string tagged(std::string_view tag, std::string_view text) {
  return fmt::format(".TP\n{}\n{}\n", tag, text);
}

}  // namespace simplevisor::documents
