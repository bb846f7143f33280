#include "supervisor/documents/regions.hpp"

#include <fmt/format.h>

namespace simplevisor::documents {
namespace {

struct Marks {
  std::string_view begin;  // up to the name
  std::string_view end;
  std::string_view after;  // behind the name
};

Marks marks_of(Markup markup) {
  if (markup == Markup::roff) return {".\\\" made: ", ".\\\" end of ", "\n"};
  return {"<!-- made: ", "<!-- end of ", " -->\n"};
}

}  // namespace

std::expected<std::string, std::string> with_regions(std::string_view document, Markup markup,
                                                     const Make& make) {
  const Marks marks = marks_of(markup);
  std::string result;
  while (true) {
    const std::size_t begin = document.find(marks.begin);
    if (begin == std::string_view::npos) return result.append(document);
    const std::size_t name_begin = begin + marks.begin.size();
    const std::size_t name_end = document.find(marks.after, name_begin);
    if (name_end == std::string_view::npos) return std::unexpected("a mark whose line does not end");
    const std::string name(document.substr(name_begin, name_end - name_begin));
    const std::size_t body = name_end + marks.after.size();
    const std::string end_mark = fmt::format("{}{}{}", marks.end, name, marks.after);
    const std::size_t end = document.find(end_mark, body);
    if (end == std::string_view::npos) return std::unexpected(fmt::format("'{}' has no end", name));
    const auto made = make(name);
    if (!made) return std::unexpected(fmt::format("nobody makes '{}'", name));
    result.append(document.substr(0, body)).append(*made).append(end_mark);
    document.remove_prefix(end + end_mark.size());
  }
}

}  // namespace simplevisor::documents
