#include "supervisor/runtime/journal/recorder.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "supervisor/process/background_thread.hpp"
#include "supervisor/runtime/journal/event_json.hpp"
#include "supervisor/runtime/journal/tape.hpp"
#include "supervisor/runtime/journal/tape_file.hpp"

namespace simplevisor::runtime::journal {

namespace {

constexpr std::size_t tape_bytes_max = std::size_t{8} << 20;  // on their way to the file
constexpr std::size_t tape_bytes_worth_waking = std::size_t{64} << 10;

}  // namespace

class Recorder::Impl {
 public:
  Impl(Options options, JournalFile file)
      : options_{std::move(options)}, file_{std::move(file)}, tape_file_{options_.place} {
    thread_ = process::background_thread("journal", [this] { run(); });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    {
      const std::lock_guard lock{inbox_};
      ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void record(Event event) {
    event.time = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    const std::lock_guard lock{inbox_};
    if (pending_.size() >= options_.pending_max) {
      ++left_out_;
      return;
    }
    pending_.push_back(std::move(event));
    ++recorded_;
  }

  void tape(std::string_view lines) {
    const std::lock_guard lock{inbox_};
    if (tape_cut_) return;
    if (pending_tape_.size() + lines.size() > tape_bytes_max) {
      pending_tape_.append(tape_cut).append("\n");
      tape_cut_ = true;
      return;
    }
    pending_tape_ += lines;
  }

  void nudge() {
    {
      const std::lock_guard lock{inbox_};
      if ((pending_.empty() && pending_tape_.size() < tape_bytes_worth_waking) || std::exchange(awake_, true))
        return;
    }
    wake_.notify_one();
  }

  bool sync(std::chrono::milliseconds limit) {
    std::unique_lock lock{inbox_};
    const std::uint64_t wanted = recorded_;
    if (visible_ < wanted) {
      urgent_ = wanted;
      wake_.notify_one();
    }
    return shown_.wait_for(lock, limit, [&] { return loaded_ && visible_ >= wanted; });
  }

  Chunk after(EventId id, std::size_t bytes_max) {
    const std::lock_guard lock{kept_};
    Chunk chunk;
    if (ring_.empty() || id == last_) return chunk;
    // A number that was never given: of another state directory, of which this one knows nothing.
    const bool foreign = id > last_;
    if (foreign) id = 0;
    const EventId oldest = last_ - ring_.size() + 1;
    chunk.gap = foreign || id + 1 < oldest;
    chunk.first = std::max(id + 1, oldest);
    chunk.last = chunk.first - 1;
    for (std::size_t bytes = 0; chunk.last < last_; ++chunk.last) {
      const std::string& line = ring_[chunk.last + 1 - oldest];
      bytes += line.size();
      if (bytes > bytes_max && !chunk.lines.empty()) break;
      chunk.lines.push_back(line);
    }
    return chunk;
  }

  EventId last() {
    const std::lock_guard lock{kept_};
    return last_;
  }

  std::vector<Event> about(const std::string& path, const std::vector<std::string>& above,
                           std::size_t count) {
    const auto is_above = [&](const std::string& node) {
      return std::ranges::find(above, node) != above.end();
    };
    const auto bears = [&](const Event& event) {
      if (event.path == path || event.about == path) return true;
      if (!is_above(event.path)) return false;
      return is_above(event.about) || (event.kind != Kind::restarting && event.kind != Kind::retrying);
    };
    std::vector<Event> found;
    const std::lock_guard lock{kept_};
    for (auto line = ring_.rbegin(); line != ring_.rend() && found.size() < count; ++line) {
      // Most lines name none of them, and need no parsing to say so.
      if (!line->contains(path) &&
          std::ranges::none_of(above, [&](const auto& one) { return line->contains(one); }))
        continue;
      Line parsed = parse_line(*line);
      if (auto* const event = std::get_if<Event>(&parsed); event && bears(*event))
        found.push_back(std::move(*event));
    }
    std::ranges::reverse(found);
    return found;
  }

  std::optional<History> history(const std::string& path) {
    const std::lock_guard lock{kept_};
    const auto found = histories_.find(path);
    return found == histories_.end() ? std::nullopt : std::optional{found->second};
  }

  std::uint64_t left_out() {
    const std::lock_guard lock{inbox_};
    return left_out_;
  }

  Token when_news(std::function<void()> news) {
    auto token = std::make_shared<const std::function<void()>>(std::move(news));
    const std::lock_guard lock{news_lock_};
    std::erase_if(listeners_, [](const auto& listener) { return listener.expired(); });
    listeners_.push_back(token);
    return token;
  }

 private:
  void run() {
    // Nobody waits for it: its waking up shall not take the processor from a worker that is being started. Best effort.
    const sched_param none{};
    ::sched_setscheduler(0, SCHED_BATCH, &none);
    load();
    std::unique_lock lock{inbox_};
    loaded_ = true;
    shown_.notify_all();
    const auto hurried = [this] { return ending_ || visible_ < urgent_; };
    for (;;) {
      wake_.wait(lock, [&] { return awake_ || hurried(); });
      wake_.wait_for(lock, options_.gather, hurried);  // what comes in a burst is written together
      const bool last_time = ending_;
      awake_ = false;
      const std::vector<Event> events = std::exchange(pending_, {});
      const std::string tape = std::exchange(pending_tape_, {});
      const std::uint64_t taken = recorded_;
      lock.unlock();
      const std::string lines = keep(events);
      lock.lock();
      visible_ = taken;
      shown_.notify_all();
      lock.unlock();
      if (!events.empty()) {
        tell();
        write(lines);
      }
      if (const int error = tape_file_.append(tape); error != 0) tape_trouble(error);
      lock.lock();
      if (last_time) return;
    }
  }

  void load() {
    const int error = file_.load([this](std::string_view line) {
      Line parsed = parse_line(line);
      const std::lock_guard lock{kept_};
      if (auto* const history = std::get_if<std::pair<std::string, History>>(&parsed)) {
        histories_.insert_or_assign(std::move(history->first), std::move(history->second));
      } else if (const auto* const after = std::get_if<After>(&parsed)) {
        last_ = after->id;
      } else if (const auto* const event = std::get_if<Event>(&parsed)) {
        if (event->id != last_ + 1) forget_ring();
        last_ = event->id;
        add_to_ring(std::string{line});
        remember(*event);
      }
    });
    if (error != 0) trouble(error);
  }

  // Numbers the events and makes them visible; as lines for the file.
  std::string keep(const std::vector<Event>& events) {
    std::string lines;
    const std::lock_guard lock{kept_};
    for (Event event : events) {
      event.id = ++last_;
      std::string line = to_json(event);
      lines.append(line).push_back('\n');
      add_to_ring(std::move(line));
      remember(event);
    }
    return lines;
  }

  void add_to_ring(std::string line) {
    ring_bytes_ += line.size();
    ring_.push_back(std::move(line));
    while (ring_bytes_ > options_.ring_bytes_max && ring_.size() > 1) {
      ring_bytes_ -= ring_.front().size();
      ring_.pop_front();
    }
  }
  void forget_ring() {
    ring_.clear();
    ring_bytes_ = 0;
  }
  void remember(const Event& event) {
    if (event.end) histories_[event.path].add(event.time, *event.end);
    if (event.about.empty()) return;
    const auto about = histories_.find(event.about);
    if (about != histories_.end()) about->second.decided(event.kind);
  }

  void tell() {
    const std::lock_guard lock{news_lock_};
    for (const auto& listener : listeners_) {
      if (const Token token = listener.lock()) (*token)();
    }
  }

  void write(const std::string& lines) {
    const int error = file_.append(lines, [this] {
      const std::lock_guard lock{kept_};
      std::string head = to_json(After{last_}) + '\n';
      for (const auto& [path, history] : histories_) head.append(to_json(path, history)).push_back('\n');
      return head;
    });
    if (error != 0) return trouble(error);
    if (std::exchange(in_trouble_, false) && options_.report)
      options_.report(fmt::format("{}: events are written down again", options_.place.dir));
  }

  void tape_trouble(int error) const {
    if (!options_.report) return;
    options_.report(
        fmt::format("{}: the tape of decisions ends here: {}", options_.place.dir, std::strerror(error)));
  }

  void trouble(int error) {
    if (std::exchange(in_trouble_, true) || !options_.report) return;
    options_.report(
        fmt::format("{}: events cannot be written down: {}", options_.place.dir, std::strerror(error)));
  }

  const Options options_;
  JournalFile file_;         // the journal thread's
  TapeFile tape_file_;       // likewise
  bool in_trouble_ = false;  // likewise

  std::mutex inbox_;
  std::condition_variable wake_;
  std::condition_variable shown_;
  std::vector<Event> pending_;
  std::string pending_tape_;
  bool tape_cut_ = false;
  std::uint64_t recorded_ = 0;
  std::uint64_t visible_ = 0;
  std::uint64_t left_out_ = 0;
  std::uint64_t urgent_ = 0;  // somebody waits until so many are visible
  bool loaded_ = false;
  bool awake_ = false;  // or about to be
  bool ending_ = false;

  std::mutex kept_;  // never held while anything is written
  std::deque<std::string> ring_;
  std::size_t ring_bytes_ = 0;
  EventId last_ = 0;
  std::unordered_map<std::string, History> histories_;

  std::mutex news_lock_;
  std::vector<std::weak_ptr<const std::function<void()>>> listeners_;

  std::thread thread_;
};

StorageResult<std::unique_ptr<Recorder>> Recorder::open(Options options) {
  auto file = JournalFile::open(options.place);
  if (!file) return std::unexpected(file.error());
  return std::unique_ptr<Recorder>{
      new Recorder{std::make_unique<Impl>(std::move(options), *std::move(file))}};
}

Recorder::Recorder(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Recorder::~Recorder() = default;

void Recorder::record(Event event) {
  impl_->record(std::move(event));
}
void Recorder::tape(std::string_view lines) {
  impl_->tape(lines);
}
void Recorder::nudge() {
  impl_->nudge();
}
bool Recorder::sync(std::chrono::milliseconds limit) const {
  return impl_->sync(limit);
}
Chunk Recorder::after(EventId id, std::size_t bytes_max) const {
  return impl_->after(id, bytes_max);
}
EventId Recorder::last() const {
  return impl_->last();
}
std::vector<Event> Recorder::about(const std::string& path, const std::vector<std::string>& above,
                                   std::size_t count) const {
  return impl_->about(path, above, count);
}
std::optional<History> Recorder::history(const std::string& path) const {
  return impl_->history(path);
}
std::uint64_t Recorder::left_out() const {
  return impl_->left_out();
}
Recorder::Token Recorder::when_news(std::function<void()> news) {
  return impl_->when_news(std::move(news));
}

}  // namespace simplevisor::runtime::journal
