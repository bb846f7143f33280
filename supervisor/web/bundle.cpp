#include "supervisor/web/bundle.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "supervisor/web/embedded.hpp"

namespace simplevisor::web {
namespace {

struct Kind {
  std::string_view ending;
  std::string_view content_type;
};
constexpr auto kinds = std::to_array<Kind>({{".css", "text/css; charset=utf-8"},
                                            {".html", "text/html; charset=utf-8"},
                                            {".js", "text/javascript; charset=utf-8"},
                                            {".svg", "image/svg+xml"},
                                            {".txt", "text/plain; charset=utf-8"},
                                            {".woff2", "font/woff2"}});

std::string_view content_type_of(std::string_view path) {
  const auto kind = std::ranges::find_if(kinds, [&](const Kind& one) { return path.ends_with(one.ending); });
  return kind == kinds.end() ? "application/octet-stream" : kind->content_type;
}

}  // namespace

std::optional<File> find(std::string_view path, Accepts accepts) {
  if (path == "/") path = "/index.html";
  const std::span<const Embedded> all = embedded();
  const auto file = std::ranges::find(all, path, &Embedded::path);
  if (file == all.end()) return std::nullopt;
  if (accepts == Accepts::gzip && file->packed.size() < file->plain.size())
    return File{content_type_of(path), file->packed, file->packed_etag, "gzip"};
  return File{content_type_of(path), file->plain, file->plain_etag, ""};
}

std::vector<std::string_view> paths() {
  std::vector<std::string_view> all;
  for (const Embedded& file : embedded()) all.push_back(file.path == "/index.html" ? "/" : file.path);
  return all;
}

}  // namespace simplevisor::web
