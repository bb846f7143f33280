#include "supervisor/runtime/line_format.hpp"

#include <fmt/format.h>

#include "supervisor/runtime/json_members.hpp"
#include "supervisor/runtime/utf8.hpp"

namespace simplevisor::runtime {
namespace {

void append_text(std::string& log, const LineOrigin& origin, const WorkerLine& line) {
  log += logs::time_text(origin.time);
  log += ' ';
  log += name_of(origin.stream);
  log += line.partial ? " P " : " F ";
  // Whatever bytes it has: only the end of line means something here.
  log += line.text;
  log += '\n';
}

void append_json(std::string& log, const LineOrigin& origin, const WorkerLine& line) {
  fmt::format_to(std::back_inserter(log), R"({{"time":"{}","stream":"{}","path":)",
                 logs::time_text(origin.time), name_of(origin.stream));
  append_json_string(log, origin.path);
  fmt::format_to(std::back_inserter(log), R"(,"life":{})", origin.life);
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

}  // namespace

void append_line(std::string& log, config::LogFormat format, const LineOrigin& origin,
                 const WorkerLine& line) {
  if (format == config::LogFormat::json)
    append_json(log, origin, line);
  else
    append_text(log, origin, line);
}

}  // namespace simplevisor::runtime
