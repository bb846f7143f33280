// supervisor/config/draft.hpp
//
// What the tables of a configuration say, value by value and still with its place in the text, before kinds,
// defaults and substitutions are put together.
//
// Drafts are filled by the setters of the key tables (keys.hpp) and read by programs.cpp, tree.cpp and
// load.cpp. A draft of a kind is where the draft of each of its nodes starts from: a value set again wins,
// maps merge.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "supervisor/config/model.hpp"
#include "supervisor/core/spec.hpp"

namespace simplevisor::config {

// A place in one of the files; `file` counts them in the order in which they were read.
struct Where {
  std::uint32_t file = 0;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend auto operator<=>(const Where&, const Where&) = default;
};

// A string that is still to be substituted, or taken relative to its file.
struct Text {
  std::string text;
  Where where;
};

// A value that may have been given.
template <class T>
struct Given {
  T value{};
  Where where{};
  bool set = false;

  void give(T new_value, Where place) {
    value = std::move(new_value);
    where = place;
    set = true;
  }
  [[nodiscard]] T value_or(T fallback) const { return set ? value : fallback; }
};

struct OutputDraft {
  Output::Kind kind = Output::Kind::capture;
  Text path;
};

// The base of what a key's setter can write to; which one it is follows from the key's section.
struct Draft {};

struct SettingsDraft : Draft {
  Given<Text> name;
  Given<Text> state_dir;
  Given<std::vector<Text>> include;
  Given<Text> root;
  Given<bool> prefer_restarts;
  Given<std::int64_t> log_level;  // index into log_levels()
  Given<bool> log_stderr;
  Given<Text> log_file;
  Given<std::uint64_t> log_file_size;
  Given<unsigned> log_file_count;
  Given<std::int64_t> log_syslog;  // index into syslog_facilities()
  Given<bool> log_json;
  Given<std::uint64_t> capture_size;
  Given<unsigned> capture_files;
  Given<Milliseconds> capture_age;
  Given<std::uint64_t> capture_total;
  Given<bool> capture_compress;
  Given<LogFormat> capture_format;
  Given<LogTarget> capture_to;
  Given<std::uint64_t> capture_flood_lines;
  Given<std::uint64_t> capture_flood_bytes;
  Given<bool> capture_drop;
  Given<std::vector<Text>> control_read;
  Given<std::vector<Text>> control_operate;
  Given<std::vector<Text>> control_admin;
  Given<Text> control_listen;
  Given<Text> control_token_file;
  Given<bool> control_write;
  Given<std::vector<Text>> control_hosts;
  Given<Text> control_certificate;
  Given<Text> control_key;
};

// Of a supervisor, worker, pool or kind; each section sets what it has keys for.
struct NodeDraft : Draft {
  // Supervisors and pools.
  Given<core::Strategy> strategy;
  Given<std::size_t> intensity;
  Given<Milliseconds> period;
  Given<std::vector<Text>> children;
  Given<core::AutoShutdown> auto_shutdown;
  Given<core::OnExhausted> on_exhausted;
  Given<Milliseconds> cool_down;
  Given<bool> ordered;
  Given<std::size_t> max_concurrent;
  Given<std::size_t> size;

  // As children of a supervisor; of pools: their instances.
  Given<core::Restart> restart;
  Given<bool> significant;
  Given<core::Shutdown> shutdown;
  Given<Milliseconds> backoff_initial;
  Given<double> backoff_factor;
  Given<Milliseconds> backoff_max;
  Given<double> backoff_jitter;
  Given<Milliseconds> backoff_healthy_after;

  // Workers and pools: how they are run.
  Given<Text> kind;
  Given<std::vector<Text>> command;
  bool command_spoilt = false;  // there was one, or should have been, and that has been complained about
  Given<std::map<std::string, std::string>> with;  // top-level key to its value as JSON
  std::map<std::string, Text> env;
  Given<Text> env_file;
  Given<Text> cwd;
  Given<Text> user;
  Given<Text> group;
  Given<unsigned> umask;
  Given<int> nice;
  std::map<int, Limit> limits;  // by resource
  Given<int> stop_signal;
  Given<Session> session;
  Given<OutputDraft> stdout_to;
  Given<OutputDraft> stderr_to;
  Given<LogFormat> log_format;
  Given<LogTarget> log_to;
  Given<std::uint64_t> flood_lines;
  Given<std::uint64_t> flood_bytes;
  Given<Readiness::Kind> ready;
  Given<int> ready_fd;
  Given<Milliseconds> ready_after;
  Given<Milliseconds> start_timeout;
  Given<Milliseconds> watchdog;
};

}  // namespace simplevisor::config
