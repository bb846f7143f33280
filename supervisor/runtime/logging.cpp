// supervisor/runtime/logging.cpp
#include "supervisor/runtime/logging.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "supervisor/process/background_thread.hpp"
#include "supervisor/runtime/log_format.hpp"
#include "supervisor/runtime/log_sinks.hpp"

namespace simplevisor::runtime {

namespace {

using Code = StorageError::Code;
using Pool = std::shared_ptr<spdlog::details::thread_pool>;

template <class T, std::size_t N>
using Words = std::array<std::pair<std::string_view, T>, N>;

constexpr Words<spdlog::level::level_enum, 6> levels{{{"trace", spdlog::level::trace},
                                                      {"debug", spdlog::level::debug},
                                                      {"info", spdlog::level::info},
                                                      {"warn", spdlog::level::warn},
                                                      {"error", spdlog::level::err},
                                                      {"off", spdlog::level::off}}};

constexpr Words<int, 13> facilities{{{"auth", LOG_AUTH},
                                     {"cron", LOG_CRON},
                                     {"daemon", LOG_DAEMON},
                                     {"mail", LOG_MAIL},
                                     {"user", LOG_USER},
                                     {"local0", LOG_LOCAL0},
                                     {"local1", LOG_LOCAL1},
                                     {"local2", LOG_LOCAL2},
                                     {"local3", LOG_LOCAL3},
                                     {"local4", LOG_LOCAL4},
                                     {"local5", LOG_LOCAL5},
                                     {"local6", LOG_LOCAL6},
                                     {"local7", LOG_LOCAL7}}};

template <class T, std::size_t N>
std::optional<T> meaning(const Words<T, N>& words, std::string_view word) {
  for (const auto& [known, value] : words) {
    if (known == word) return value;
  }
  return std::nullopt;
}

// The writing thread; signals are not for it.
Pool make_pool() {
  const process::SignalsBlocked blocked;
  try {
    return std::make_shared<spdlog::details::thread_pool>(Logging::queue_messages_max, 1);
  } catch (const std::exception&) {
    return nullptr;  // no thread to be had: told by the caller
  }
}

}  // namespace

struct Logging::State {
  LossCount lost = std::make_shared<std::atomic<std::uint64_t>>(0);
  std::shared_ptr<LogFileSink> file;
  std::shared_ptr<spdlog::logger> logger;  // outlives the writing thread, which uses its sinks
  Pool pool;

  void add(std::vector<spdlog::sink_ptr>& sinks, spdlog::sink_ptr sink, LogForm form) {
    sink->set_formatter(std::make_unique<LogFormat>(form));
    sinks.push_back(std::move(sink));
  }
};

StorageResult<std::unique_ptr<Logging>> Logging::start(const config::LogSettings& settings,
                                                       const std::string& program) {
  const auto level = meaning(levels, settings.level);
  if (!level) return storage_failure(Code::bad_setting, "cannot log: no such level: " + settings.level);
  auto state = std::make_unique<State>();
  std::vector<spdlog::sink_ptr> sinks;
  if (settings.to_stderr) {
    state->add(sinks, std::make_shared<StderrSink>(STDERR_FILENO, stderr_patience, state->lost),
               settings.json ? LogForm::json : LogForm::text);
  }
  if (!settings.file.empty()) {
    auto file = LogFileSink::open(settings.file, settings.file_max_bytes, settings.file_count, state->lost);
    if (!file) return std::unexpected(std::move(file).error());
    state->file = std::move(*file);
    state->add(sinks, state->file, settings.json ? LogForm::json : LogForm::text);
  }
  if (!settings.syslog.empty()) {
    const auto facility = meaning(facilities, settings.syslog);
    if (!facility)
      return storage_failure(Code::bad_setting, "cannot log: no such syslog facility: " + settings.syslog);
    state->add(sinks, std::make_shared<spdlog::sinks::syslog_sink_mt>(program, LOG_PID, *facility, true),
               settings.json ? LogForm::json_bare : LogForm::text_bare);
  }

  std::shared_ptr<spdlog::logger> logger;
  if (settings.file.empty() && settings.syslog.empty()) {
    logger = std::make_shared<spdlog::logger>("", sinks.begin(), sinks.end());
  } else {
    state->pool = make_pool();
    if (!state->pool) return storage_failure(Code::system, "cannot start the thread that writes the log");
    logger = std::make_shared<spdlog::async_logger>("", sinks.begin(), sinks.end(), state->pool,
                                                    spdlog::async_overflow_policy::overrun_oldest);
  }
  logger->set_level(*level);
  logger->set_error_handler([lost = state->lost](const std::string&) { lost->fetch_add(1); });
  spdlog::set_default_logger(logger);
  state->logger = std::move(logger);
  return std::unique_ptr<Logging>{new Logging{std::move(state)}};
}

Logging::Logging(std::unique_ptr<State> state) : state_(std::move(state)) {}

Logging::~Logging() {
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  state_->pool.reset();  // waits until what is queued is written
}

void Logging::reopen() {
  if (state_->file) state_->file->reopen();
}

std::uint64_t Logging::dropped() const {
  return state_->lost->load(std::memory_order_relaxed) + (state_->pool ? state_->pool->overrun_counter() : 0);
}

}  // namespace simplevisor::runtime
