// supervisor/runtime/capture.cpp
#include "supervisor/runtime/capture.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
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

}  // namespace

struct Capture::Parts {
  CaptureTable table;                 // outlives the loop, which points into it
  std::unique_ptr<LogKeeper> keeper;  // so does it
  std::unique_ptr<CaptureLoop> loop;
};

StorageResult<std::unique_ptr<Capture>> Capture::start(const std::string& state_dir,
                                                       const config::CaptureSettings& settings,
                                                       CaptureOptions options) {
  auto fifo_dir = open_directory(state_dir + "/fifo");
  if (!fifo_dir) return std::unexpected(std::move(fifo_dir).error());
  auto log_dir = open_directory(state_dir + "/log");
  if (!log_dir) return std::unexpected(std::move(log_dir).error());
  auto parts = std::make_shared<Parts>();
  CaptureTable* const table = &parts->table;
  if (const int error = table->make()) return system_failure("start the capture of output", error);
  table->fifo_dir = std::move(*fifo_dir);
  table->log_dir = std::move(*log_dir);
  LogPlace place{.dir = table->log_dir.get(),
                 .max_bytes = settings.max_bytes,
                 .files = settings.files,
                 .max_age = settings.age,
                 .line_bytes_max = options.line_bytes_max,
                 .calls = options.calls};
  place.note->open(table->log_dir.get());
  parts->keeper = std::make_unique<LogKeeper>(
      table->log_dir.get(),
      LogKeeper::Options{.compress = settings.compress,
                         .total_bytes = settings.total_bytes,
                         .report = [report = options.report](const std::string& message) {
                           if (report) report({CaptureReport::Kind::trouble, message});
                         }});
  LogKeeper* const keeper = parts->keeper.get();
  if (settings.compress || settings.total_bytes > 0) {
    if (const int error = keeper->start()) return system_failure("start the keeper of old logs", error);
    place.renaming = &keeper->renaming;
    place.rotated = [keeper] { keeper->wake(); };
  }
  options.drop = settings.drop;
  parts->loop = std::make_unique<CaptureLoop>(*table, std::move(place), std::move(options));
  if (const int error = parts->loop->start(parts)) return system_failure("start the capture thread", error);
  return std::unique_ptr<Capture>{new Capture{state_dir, std::move(parts)}};
}

Capture::Capture(std::string state_dir, std::shared_ptr<Parts> parts)
    : state_dir_(std::move(state_dir)), parts_(std::move(parts)) {}

Capture::~Capture() {
  if (!parts_->loop->running()) return;
  table().command({CaptureCommand::Kind::abandon, {}});
  parts_->loop->join_unless_stuck();
}

CaptureTable& Capture::table() const {
  return parts_->table;
}

StorageResult<std::string> Capture::open(std::string_view node, std::optional<FileOwner> owner,
                                         const OutputPolicy& policy) {
  if (node.empty())
    return storage_failure(StorageError::Code::bad_name, "cannot capture a worker without a name");
  const std::string name = file_name_of(node);
  std::string path = state_dir_ + "/fifo/" + name;
  CaptureTable& table = this->table();
  const CaptureLoop& loop = *parts_->loop;
  const std::scoped_lock names{table.names};
  {
    const std::scoped_lock lock{table.mutex};
    if (const auto known = table.workers.find(node); known != table.workers.end()) {
      known->second.closing = false;  // it came back before it was quite gone
      return path;
    }
  }
  const auto open_one = [&](const std::string& fifo) {
    return open_fifo(loop.calls(), table.fifo_dir.get(), fifo, owner, loop.options().pipe_bytes);
  };
  auto fifo = open_one(name);
  if (!fifo) return std::unexpected(std::move(fifo).error());
  Captured captured{.fifo = std::move(*fifo)};
  if (policy.by_line()) captured.lines = std::make_unique<LineMode>(policy);
  if (policy.separate) {
    auto err = open_one(error_fifo(name));
    if (!err) return std::unexpected(std::move(err).error());
    captured.lines->err = std::move(*err);
  }
  const std::scoped_lock lock{table.mutex};
  const auto added = table.workers.emplace(node, std::move(captured)).first;
  if (const int error = table.add_watch(*added)) {
    table.workers.erase(added);
    return system_failure("watch the FIFO " + path, error);
  }
  return path;
}

std::string Capture::error_fifo(const std::string& fifo) {
  return fifo + std::string{error_fifo_ending};
}

void Capture::begin_life(std::string_view node, std::uint64_t life) {
  const std::scoped_lock lock{table().mutex};
  const auto known = table().workers.find(node);
  if (known != table().workers.end() && known->second.lines) known->second.lines->life = life;
}

bool Capture::left_over(std::string_view node) const {
  return open_elsewhere(table().fifo_dir.get(), file_name_of(node));
}

void Capture::close(std::string_view node) {
  {
    const std::scoped_lock lock{table().mutex};
    const auto known = table().workers.find(node);
    if (known == table().workers.end()) return;
    known->second.closing = true;
  }
  table().command({CaptureCommand::Kind::close, std::string{node}});
}

void Capture::drained(std::string_view node, std::function<void(bool)> done) {
  table().command({CaptureCommand::Kind::drained, std::string{node}, std::move(done)});
}

bool Capture::sync() {
  std::promise<bool> answer;
  table().command({CaptureCommand::Kind::sync, {}, [&answer](bool done) { answer.set_value(done); }});
  return answer.get_future().get();
}

void Capture::reopen() {
  table().command({CaptureCommand::Kind::reopen, {}});
}

Capture::NewsToken Capture::when_news(std::function<void()> news) {
  auto token = std::make_shared<const std::function<void()>>(std::move(news));
  table().listen(token);
  return token;
}

std::string Capture::log_path(std::string_view node) const {
  return state_dir_ + "/log/" + file_name_of(node) + ".log";
}

std::string Capture::tail(std::string_view node, std::size_t lines, std::size_t bytes_max) const {
  return last_lines(log_path(node), lines, bytes_max);
}

bool Capture::stop(Fifos fifos) {
  const auto all = std::make_shared<std::atomic<bool>>(false);
  table().command({CaptureCommand::Kind::stop, {}, [all](bool done) { *all = done; }});
  CaptureLoop& loop = *parts_->loop;
  if (!loop.join_unless_stuck()) {
    if (loop.options().report)
      loop.options().report({CaptureReport::Kind::trouble,
                             "capture ends without the disk of the logs, which does not answer: what workers "
                             "printed last may be lost"});
    return false;
  }
  for (const auto& [node, state] : table().workers) {
    if (fifos == Fifos::keep && !state.closing) continue;
    table().remove_fifos(node, state);
  }
  table().workers.clear();
  return *all;
}

}  // namespace simplevisor::runtime
