#include "supervisor/cli/top/feed.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <csignal>
#include <utility>

#include "supervisor/cli/insight_text.hpp"
#include "supervisor/control/text.hpp"
#include "supervisor/process/background_thread.hpp"

namespace simplevisor::cli::live {
namespace {

namespace json = boost::json;

constexpr int log_lines = 500;

std::string_view text_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains({name.data(), name.size()});
  const json::string* const text = value ? value->if_string() : nullptr;
  return text ? std::string_view{text->data(), text->size()} : "";
}

bool is_partial(const json::object& line) {
  const json::value* const partial = line.if_contains("partial");
  return partial && partial->is_bool() && partial->get_bool();
}

// What the workers printed: each line with its time, where it does not say that itself, and with its worker, where there may
// be several.
std::string logs_text(const json::object& logs, std::string_view path) {
  const json::value* const lines = logs.if_contains("lines");
  std::string text;
  std::string open;  // whose unfinished line was the last
  for (const json::value& value : lines && lines->is_array() ? lines->get_array() : json::array{}) {
    if (!value.is_object()) continue;
    const json::object& line = value.get_object();
    const std::string_view worker = text_in(line, "path");
    const std::string_view stream = text_in(line, "stream");
    std::string source = fmt::format("{} {}", worker, stream);
    if (source != open) {
      if (!open.empty()) text += '\n';
      if (!stream.empty()) text += local_time(std::string(text_in(line, "time")), false) + ' ';
      if (worker != path) fmt::format_to(std::back_inserter(text), "{} | ", worker);
    }
    text += text_in(line, "text");
    open = is_partial(line) ? std::move(source) : "";
    if (open.empty()) text += '\n';
  }
  return text.empty() ? "it has printed nothing" : text;
}

}  // namespace

Feed::Feed(std::string socket_path, std::string pattern)
    : socket_path_(std::move(socket_path)),
      pattern_(std::move(pattern)),
      bell_(socket_path_),
      thread_(process::background_thread("feed", [this] { run(); })) {}

Feed::~Feed() {
  over_.raise();
  thread_.join();
}

News Feed::take() {
  news_ready_.lower();
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

void Feed::want(const Wanted& wanted) {
  {
    const std::lock_guard lock(mutex_);
    if (wanted == wanted_) return;
    wanted_ = wanted;
  }
  woken_.raise();
}

void Feed::act(Deed deed) {
  {
    const std::lock_guard lock(mutex_);
    if (deeds_.size() >= deeds_max) {
      news_.told.push_back({"not done: the supervisor has not answered the deeds before", true});
      news_ready_.raise();
      return;
    }
    deeds_.push_back(std::move(deed));
  }
  woken_.raise();
}

void Feed::run() {
  pollfd over{.fd = over_.get(), .events = POLLIN, .revents = 0};
  while (::poll(&over, 1, 0) == 0) {
    bell_.quiet();
    woken_.lower();
    look();
    // However much happens, who looks has time to read.
    wait(between_looks, false);
    wait(every - between_looks, true);
  }
}

void Feed::wait(std::chrono::milliseconds limit, bool for_events) {
  std::array<pollfd, 3> entries{
      {{over_.get(), POLLIN, 0}, {woken_.get(), POLLIN, 0}, {for_events ? bell_.fd() : -1, POLLIN, 0}}};
  ::poll(entries.data(), entries.size(), static_cast<int>(limit.count()));
}

Asker Feed::asker() const {
  return {socket_path_, patience, over_.get()};
}

void Feed::look() {
  std::deque<Deed> deeds;
  Wanted wanted;
  {
    const std::lock_guard lock(mutex_);
    deeds = std::exchange(deeds_, {});
    wanted = wanted_;
  }
  for (const Deed& deed : deeds) carry_out(deed);
  const Asker asking = asker();
  auto info = asking.info();
  auto found = info ? asking.nodes("status", pattern_) : std::unexpected(info.error());
  {
    const std::lock_guard lock(mutex_);
    news_.state.reset();
    news_.trouble.reset();
    if (found)
      news_.state = {*std::move(info), std::move(found->rows)};
    else
      news_.trouble = std::move(found.error().message);
  }
  news_ready_.raise();
  if (wanted.kind != PaneKind::none) look_at(wanted, asking);
}

void Feed::look_at(const Wanted& wanted, const Asker& asking) {
  const std::string pattern = control::percent_encoded(wanted.path);
  const bool logs = wanted.kind == PaneKind::logs;
  const auto found = asking.object(logs ? fmt::format("/v1/logs?pattern={}&lines={}", pattern, log_lines)
                                        : fmt::format("/v1/why?pattern={}", pattern));
  News::PaneText pane{wanted, ""};
  if (!found)
    pane.text = found.error().message;
  else
    pane.text = logs ? logs_text(found->members, wanted.path) : why_text(found->members, false);
  {
    const std::lock_guard lock(mutex_);
    news_.pane = std::move(pane);
  }
  news_ready_.raise();
}

void Feed::carry_out(const Deed& deed) {
  const control::OrderBody order{
      .pattern = deed.path, .reason = deed.reason, .limit = deed.limit, .signal = deed.signal};
  // A signal is sent at once; of the others only what is known at once is waited for.
  const auto answered = asker().act(deed.verb, order, deed.verb == "signal");
  if (!answered)
    tell({answered.error().message, true});
  else if (!answered->answer.message.empty())
    tell({answered->answer.message, false});
  else
    tell({fmt::format("{}: asked to {}", deed.path, deed.verb), false});
}

void Feed::tell(News::Told told) {
  {
    const std::lock_guard lock(mutex_);
    news_.told.push_back(std::move(told));
  }
  news_ready_.raise();
}

}  // namespace simplevisor::cli::live
