#include "supervisor/runtime/line_format.hpp"

#include <fmt/format.h>

#include "supervisor/runtime/json_members.hpp"
#include "supervisor/runtime/utf8.hpp"

namespace simplevisor::runtime {
namespace {

std::string head_of(bool json, const LineOrigin& origin) {
  if (!json) return fmt::format("{} {} ", logs::time_text(origin.time), name_of(origin.stream));
  std::string head = fmt::format(R"({{"time":"{}","stream":"{}","path":)", logs::time_text(origin.time),
                                 name_of(origin.stream));
  append_json_string(head, origin.path);
  fmt::format_to(std::back_inserter(head), R"(,"life":{})", origin.life);
  return head;
}

}  // namespace

LineWriter::LineWriter(config::LogFormat format, const LineOrigin& origin)
    : json_(format == config::LogFormat::json), head_(head_of(json_, origin)) {}

void LineWriter::append(std::string& log, const WorkerLine& line) const {
  log += head_;
  if (!json_) {
    // Whatever bytes it has: only the end of line means something here.
    log.append(line.partial ? "P " : "F ").append(line.text) += '\n';
    return;
  }
  if (line.partial) {
    log += R"(,"partial":true)";
  } else if (append_members(log, line.text)) {
    log += "}\n";
    return;
  }
  log += R"(,"message":)";
  append_json_string(log, line.text);
  log += "}\n";
}

}  // namespace simplevisor::runtime
