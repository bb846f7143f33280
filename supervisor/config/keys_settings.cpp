// supervisor/config/keys_settings.cpp
//
// The keys of [simplevisor].
#include "supervisor/config/keys.hpp"

namespace simplevisor::config {
namespace {

constexpr std::int64_t KiB = 1 << 10;
constexpr std::int64_t TiB = 1ll << 40;

const Section& log_section() {
  static const Section section{.name = "log",
                               .heading = "[simplevisor.log]",
                               .meaning = "What the supervisor itself logs, and where to.",
                               .keys = {
                                   {.name = "level",
                                    .form = Form::choice,
                                    .meaning = "the least important messages that are logged",
                                    .fallback = R"("info")",
                                    .example = R"("debug")",
                                    .choices = log_levels(),
                                    .set = into<&SettingsDraft::log_level>},
                                   {.name = "stderr",
                                    .form = Form::boolean,
                                    .meaning = "log to standard error",
                                    .fallback = "true",
                                    .example = "false",
                                    .set = into<&SettingsDraft::log_stderr>},
                                   {.name = "file",
                                    .form = Form::path,
                                    .meaning = "log to this file",
                                    .example = R"("/var/log/simplevisor.log")",
                                    .set = into<&SettingsDraft::log_file>},
                                   {.name = "file_size",
                                    .form = Form::size,
                                    .meaning = "a log file that reaches this size is rotated",
                                    .fallback = R"("10MiB")",
                                    .example = R"("64MiB")",
                                    .min = 4 * KiB,
                                    .max = TiB,
                                    .set = into<&SettingsDraft::log_file_size>},
                                   {.name = "file_count",
                                    .form = Form::integer,
                                    .meaning = "rotated log files that are kept",
                                    .fallback = "5",
                                    .example = "10",
                                    .min = 1,
                                    .max = 1000,
                                    .set = into<&SettingsDraft::log_file_count>},
                                   {.name = "syslog",
                                    .form = Form::choice,
                                    .meaning = "log to syslog with this facility",
                                    .example = R"("daemon")",
                                    .choices = syslog_facilities(),
                                    .set = into<&SettingsDraft::log_syslog>},
                                   {.name = "json",
                                    .form = Form::boolean,
                                    .meaning = "one JSON object a line instead of text",
                                    .fallback = "false",
                                    .example = "true",
                                    .set = into<&SettingsDraft::log_json>},
                               }};
  return section;
}

const Section& capture_section() {
  static const Section section{
      .name = "capture",
      .heading = "[simplevisor.capture]",
      .meaning = "The files that hold what workers write, one for each, below `state_dir`.",
      .keys = {
          {.name = "size",
           .form = Form::size,
           .meaning = "a file that reaches this size is rotated",
           .fallback = R"("10MiB")",
           .example = R"("1MiB")",
           .min = 4 * KiB,
           .max = TiB,
           .set = into<&SettingsDraft::capture_size>},
          {.name = "files",
           .form = Form::integer,
           .meaning = "rotated files that are kept beside the current one",
           .fallback = "5",
           .example = "2",
           .min = 0,
           .max = 1000,
           .set = into<&SettingsDraft::capture_files>},
      }};
  return section;
}

}  // namespace

const Section& settings_section() {
  static const Section section{
      .name = "simplevisor",
      .heading = "[simplevisor]",
      .meaning = "The supervisor itself. Only `include` may stand in an included file.",
      .keys = {
          {.name = "name",
           .form = Form::node_name,
           .meaning = "what this instance is called",
           .fallback = R"("simplevisor")",
           .example = R"("messaging-host")",
           .set = into<&SettingsDraft::name>},
          {.name = "state_dir",
           .form = Form::path,
           .meaning = "where it keeps its state, its socket and the output of its workers; by default "
                      "`/var/lib/simplevisor/NAME` for root, `$XDG_STATE_HOME/simplevisor/NAME` "
                      "(`~/.local/state/...`) for other users",
           .example = R"("state")",
           .set = into<&SettingsDraft::state_dir>},
          {.name = "include",
           .form = Form::globs,
           .meaning = "files to read as well, in this order, those of one pattern sorted by name",
           .example = R"(["conf.d/*.toml"])",
           .set = into<&SettingsDraft::include>},
          {.name = "root",
           .form = Form::node_name,
           .meaning = "the supervisor at the top of the tree",
           .fallback = R"("root")",
           .example = R"("root")",
           .set = into<&SettingsDraft::root>},
          {.name = "log", .form = Form::section, .meaning = "see below", .section = &log_section()},
          {.name = "capture", .form = Form::section, .meaning = "see below", .section = &capture_section()},
      }};
  return section;
}

}  // namespace simplevisor::config
