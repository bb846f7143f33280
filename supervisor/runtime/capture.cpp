// supervisor/runtime/capture.cpp
#include "supervisor/runtime/capture.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <future>
#include <utility>

#include "supervisor/runtime/capture_loop.hpp"
#include "supervisor/runtime/capture_table.hpp"
#include "supervisor/runtime/log_file_tail.hpp"
#include "supervisor/runtime/log_keeper.hpp"

namespace simplevisor::runtime {

namespace {

StorageResult<UniqueFd> open_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return system_failure("make " + path, errno);
  UniqueFd dir{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!dir) return system_failure("open " + path, errno);
  return dir;
}

// Gives `kind` to the capture thread and waits for its answer.
bool ask(CaptureTable& table, CaptureCommand::Kind kind) {
  std::promise<bool> answer;
  table.command({kind, {}, [&answer](bool done) { answer.set_value(done); }});
  return answer.get_future().get();
}

}  // namespace

StorageResult<std::unique_ptr<Capture>> Capture::start(const std::string& state_dir,
                                                       const config::CaptureSettings& settings,
                                                       CaptureOptions options) {
  auto fifo_dir = open_directory(state_dir + "/fifo");
  if (!fifo_dir) return std::unexpected(std::move(fifo_dir).error());
  auto log_dir = open_directory(state_dir + "/log");
  if (!log_dir) return std::unexpected(std::move(log_dir).error());
  auto table = std::make_unique<CaptureTable>();
  if (const int error = table->make()) return system_failure("start the capture of output", error);
  table->fifo_dir = std::move(*fifo_dir);
  table->log_dir = std::move(*log_dir);
  LogPlace place{.dir = table->log_dir.get(),
                 .max_bytes = settings.max_bytes,
                 .files = settings.files,
                 .max_age = settings.age,
                 .line_bytes_max = options.line_bytes_max,
                 .calls = options.calls};
  auto keeper = std::make_unique<LogKeeper>(
      table->log_dir.get(),
      LogKeeper::Options{.compress = settings.compress,
                         .total_bytes = settings.total_bytes,
                         .report = [report = options.report](const std::string& message) {
                           if (report) report({CaptureReport::Kind::trouble, message});
                         }});
  if (settings.compress || settings.total_bytes > 0) {
    if (const int error = keeper->start()) return system_failure("start the keeper of old logs", error);
    place.renaming = &keeper->renaming;
    place.rotated = [keeper = keeper.get()] { keeper->wake(); };
  }
  options.drop = settings.drop;
  auto loop = std::make_unique<CaptureLoop>(*table, std::move(place), std::move(options));
  if (const int error = loop->start()) return system_failure("start the capture thread", error);
  return std::unique_ptr<Capture>{
      new Capture{state_dir, std::move(table), std::move(keeper), std::move(loop)}};
}

Capture::Capture(std::string state_dir, std::unique_ptr<CaptureTable> table,
                 std::unique_ptr<LogKeeper> keeper, std::unique_ptr<CaptureLoop> loop)
    : state_dir_(std::move(state_dir)),
      table_(std::move(table)),
      keeper_(std::move(keeper)),
      loop_(std::move(loop)) {}

Capture::~Capture() {
  if (loop_->running()) table_->command({CaptureCommand::Kind::abandon, {}});
}

StorageResult<std::string> Capture::open(std::string_view node, std::optional<FileOwner> owner,
                                         const OutputPolicy& policy) {
  if (node.empty())
    return storage_failure(StorageError::Code::bad_name, "cannot capture a worker without a name");
  const std::string name = file_name_of(node);
  std::string path = state_dir_ + "/fifo/" + name;
  const std::scoped_lock lock{table_->mutex};
  if (const auto known = table_->workers.find(node); known != table_->workers.end()) {
    known->second.closing = false;  // it came back before it was quite gone
    return path;
  }
  auto fifo = open_fifo(loop_->calls(), table_->fifo_dir.get(), name, owner, loop_->options().pipe_bytes);
  if (!fifo) return std::unexpected(std::move(fifo).error());
  Captured captured{.fifo = std::move(*fifo)};
  if (policy.by_line()) captured.lines = std::make_unique<LineMode>(policy);
  if (policy.separate) {
    auto err = open_fifo(loop_->calls(), table_->fifo_dir.get(), error_fifo(name), owner,
                         loop_->options().pipe_bytes);
    if (!err) return std::unexpected(std::move(err).error());
    captured.lines->err = std::move(*err);
  }
  const auto added = table_->workers.emplace(node, std::move(captured)).first;
  if (const int error = table_->add_watch(*added)) {
    table_->workers.erase(added);
    return system_failure("watch the FIFO " + path, error);
  }
  return path;
}

std::string Capture::error_fifo(const std::string& fifo) {
  return fifo + std::string{error_fifo_ending};
}

void Capture::begin_life(std::string_view node, std::uint64_t life) {
  const std::scoped_lock lock{table_->mutex};
  const auto known = table_->workers.find(node);
  if (known != table_->workers.end() && known->second.lines) known->second.lines->life = life;
}

bool Capture::left_over(std::string_view node) const {
  return open_elsewhere(table_->fifo_dir.get(), file_name_of(node));
}

void Capture::close(std::string_view node) {
  {
    const std::scoped_lock lock{table_->mutex};
    const auto known = table_->workers.find(node);
    if (known == table_->workers.end()) return;
    known->second.closing = true;
  }
  table_->command({CaptureCommand::Kind::close, std::string{node}});
}

void Capture::drained(std::string_view node, std::function<void(bool)> done) {
  table_->command({CaptureCommand::Kind::drained, std::string{node}, std::move(done)});
}

bool Capture::sync() {
  return ask(*table_, CaptureCommand::Kind::sync);
}

void Capture::reopen() {
  table_->command({CaptureCommand::Kind::reopen, {}});
}

Capture::NewsToken Capture::when_news(std::function<void()> news) {
  auto token = std::make_shared<const std::function<void()>>(std::move(news));
  table_->listen(token);
  return token;
}

std::string Capture::log_path(std::string_view node) const {
  return state_dir_ + "/log/" + file_name_of(node) + ".log";
}

std::string Capture::tail(std::string_view node, std::size_t lines, std::size_t bytes_max) const {
  return last_lines(log_path(node), lines, bytes_max);
}

bool Capture::stop(Fifos fifos) {
  const bool all = ask(*table_, CaptureCommand::Kind::stop);
  loop_->join();
  for (const CapturedWorker& worker : table_->workers) {
    if (fifos == Fifos::keep && !worker.second.closing) continue;
    table_->remove_fifos(worker);
  }
  table_->workers.clear();
  return all;
}

}  // namespace simplevisor::runtime
