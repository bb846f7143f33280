#include "supervisor/runtime/holds.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>
#include <utility>

#include "supervisor/runtime/utf8.hpp"
#include "supervisor/runtime/words.hpp"

namespace simplevisor::runtime {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

// The wall clock may be set meanwhile: looked at again after this at the latest.
constexpr std::chrono::minutes look_again{10};

std::string text_in(const json::object& object, const char* name) {
  const json::value* const value = object.if_contains(name);
  const json::string* const text = value ? value->if_string() : nullptr;
  return text ? std::string{text->data(), text->size()} : "";
}

std::optional<WallTime> time_in(const json::object& object, const char* name) {
  const json::value* const value = object.if_contains(name);
  const std::int64_t* const count = value ? value->if_int64() : nullptr;
  return count ? std::optional{WallTime{milliseconds{*count}}} : std::nullopt;
}

}  // namespace

WallTime wall_clock() {
  return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
}

std::string in_words(const Hold& hold, WallTime now) {
  std::string words = hold.until || !hold.reason.empty() ? "held" : "stopped";
  words += " by " + (hold.by.empty() ? std::string{"administrator"} : hold.by);
  if (hold.until)
    words += fmt::format(" for {} more", in_words(std::max(*hold.until - now, milliseconds{0})));
  if (!hold.reason.empty()) words += ": " + hold.reason;
  return words;
}

bool lasts_as_long(const Hold& hold, const Hold& other) {
  return !hold.until || (other.until && *hold.until >= *other.until);
}

std::string holds_json(const std::map<std::string, Hold>& holds) {
  std::string text = "{\"holds\":{";
  for (const auto& [path, hold] : holds) {
    if (text.back() != '{') text += ',';
    append_json_string(text, path);
    text += ":{\"by\":";
    append_json_string(text, hold.by);
    text += ",\"reason\":";
    append_json_string(text, hold.reason);
    fmt::format_to(std::back_inserter(text), ",\"since_ms\":{}", hold.since.time_since_epoch().count());
    if (hold.until)
      fmt::format_to(std::back_inserter(text), ",\"until_ms\":{}", hold.until->time_since_epoch().count());
    text += '}';
  }
  return text + "}}\n";
}

std::optional<std::map<std::string, Hold>> parse_holds(std::string_view text) {
  json::error_code error;
  const json::value value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) return std::nullopt;
  const json::value* const members = value.get_object().if_contains("holds");
  if (!members || !members->is_object()) return std::nullopt;
  std::map<std::string, Hold> holds;
  for (const auto& member : members->get_object()) {
    if (!member.value().is_object()) return std::nullopt;
    const json::object& object = member.value().get_object();
    holds.emplace(std::string{member.key().data(), member.key().size()},
                  Hold{.by = text_in(object, "by"),
                       .reason = text_in(object, "reason"),
                       .since = time_in(object, "since_ms").value_or(WallTime{}),
                       .until = time_in(object, "until_ms")});
  }
  return holds;
}

Holds::Holds(boost::asio::io_context& io, StateDir& state_dir, std::function<void(const std::string&)> over)
    : state_dir_{state_dir}, over_{std::move(over)}, timer_{io} {
  const auto text = state_dir_.read(file_name, file_bytes_max);
  if (text && !*text) return;
  auto parsed = text ? parse_holds(**text) : std::nullopt;
  if (!parsed) {
    spdlog::error("{}: nothing is held",
                  text ? fmt::format("{}/{}: not a list of holds", state_dir_.path(), file_name)
                       : text.error().message);
    return;
  }
  holds_ = *std::move(parsed);
  arm();
}

Holds::~Holds() {
  write();
  if (disk_) disk_->join();
}

void Holds::add(const std::string& path, Hold hold) {
  holds_.insert_or_assign(path, std::move(hold));
  arm();
  save();
}

void Holds::remove(const std::string& path) {
  if (holds_.erase(path) == 0) return;
  arm();
  save();
}

void Holds::keep_only(const std::function<bool(const std::string&)>& is_there) {
  const auto gone = std::erase_if(holds_, [&](const auto& hold) {
    if (is_there(hold.first)) return false;
    spdlog::warn("{}: was held, and is not in the configuration any more", hold.first);
    return true;
  });
  if (gone == 0) return;
  arm();
  save();
}

const Hold* Holds::find(const std::string& path) const {
  const auto found = holds_.find(path);
  return found == holds_.end() ? nullptr : &found->second;
}

void Holds::save() {
  if (!std::exchange(changed_, true)) boost::asio::post(timer_.get_executor(), [this] { write(); });
}

void Holds::write() {
  if (!std::exchange(changed_, false)) return;
  if (!disk_) disk_ = std::make_unique<boost::asio::thread_pool>(1);
  boost::asio::post(*disk_, [this, text = holds_json(holds_)] {
    if (const auto written = state_dir_.write_durably(file_name, text); !written)
      spdlog::error("{}: what is held now will not outlive this supervisor", written.error().message);
  });
}

void Holds::arm() {
  std::optional<WallTime> next;
  for (const auto& [path, hold] : holds_) {
    if (hold.until && (!next || *hold.until < *next)) next = hold.until;
  }
  if (!next) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::clamp<milliseconds>(*next - wall_clock(), milliseconds{0}, look_again));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const WallTime now = wall_clock();
    std::vector<std::string> over;
    for (const auto& [path, hold] : holds_) {
      if (hold.until && *hold.until <= now) over.push_back(path);
    }
    for (const std::string& path : over) holds_.erase(path);
    if (!over.empty()) save();
    arm();
    for (const std::string& path : over) over_(path);
  });
}

}  // namespace simplevisor::runtime
