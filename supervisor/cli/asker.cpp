#include "supervisor/cli/asker.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "supervisor/control/json.hpp"
#include "supervisor/control/text.hpp"

namespace simplevisor::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds question_time{30'000};

}  // namespace

Asker::Asker(std::string socket_path, std::optional<milliseconds> timeout, int stop)
    : client_(std::move(socket_path), stop) {
  if (timeout) end_ = std::chrono::steady_clock::now() + *timeout;
}

control::Client::Timeout Asker::left(control::Client::Timeout otherwise) const {
  if (!end_) return otherwise;
  return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(*end_ - std::chrono::steady_clock::now()));
}

std::expected<control::Response, Failure> Asker::get(const std::string& target) const {
  auto response = client_.get(target, left(question_time));
  if (!response) return std::unexpected(failure_of(response.error()));
  if (response->status >= 300) return std::unexpected(failure_of(*response));
  return *std::move(response);
}

std::expected<Asker::Found, Failure> Asker::nodes(std::string_view what, std::string_view pattern) const {
  std::string target = fmt::format("/v1/{}", what);
  if (!pattern.empty()) target += "?pattern=" + control::percent_encoded(pattern);
  auto response = get(target);
  if (!response) return std::unexpected(std::move(response.error()));
  auto rows = control::parse_nodes(response->body);
  if (!rows) return std::unexpected(unreadable(rows.error()));
  return Found{std::move(response->body), *std::move(rows)};
}

std::expected<runtime::Scope, Failure> Asker::scope(std::string_view pattern) const {
  if (pattern.empty()) return runtime::Scope{};
  auto found = nodes("status", pattern);
  if (!found) return std::unexpected(std::move(found.error()));
  std::vector<std::string> subtrees;
  for (runtime::NodeStatus& row : found->rows)
    if (subtrees.empty() || !runtime::is_within(row.path, subtrees.back()))
      subtrees.push_back(std::move(row.path));
  return runtime::Scope(std::move(subtrees));
}

std::expected<Asker::Object, Failure> Asker::object(const std::string& target) const {
  auto response = get(target);
  if (!response) return std::unexpected(std::move(response.error()));
  boost::system::error_code error;
  boost::json::value value = boost::json::parse({response->body.data(), response->body.size()}, error);
  if (error || !value.is_object()) return std::unexpected(unreadable("it is no JSON object"));
  return Object{std::move(response->body), std::move(value.get_object())};
}

std::expected<std::string, Failure> Asker::text(const std::string& target) const {
  auto response = get(target);
  if (!response) return std::unexpected(std::move(response.error()));
  return std::move(response->body);
}

std::expected<void, Failure> Asker::follow(
    const std::string& target, const std::function<bool(const control::Client::Message&)>& take) const {
  const auto ended = client_.follow(target, left(std::nullopt), take);
  if (!ended) return std::unexpected(failure_of(ended.error()));
  if (*ended) return std::unexpected(failure_of(**ended));
  return {};
}

std::expected<runtime::ServiceInfo, Failure> Asker::info() const {
  auto response = get("/v1/info");
  if (!response) return std::unexpected(std::move(response.error()));
  auto info = control::parse_info(response->body);
  if (!info) return std::unexpected(unreadable(info.error()));
  return *std::move(info);
}

std::expected<Asker::Answered, Failure> Asker::post(const std::string& target, const std::string& body,
                                                    bool wait) const {
  auto response = client_.post(target + (wait ? "" : "?wait=false"), body,
                               left(wait ? std::nullopt : std::optional(question_time)));
  if (!response) return std::unexpected(failure_of(response.error()));
  if (response->status >= 300) return std::unexpected(failure_of(*response));
  auto answer = control::parse_answer(response->body);
  if (!answer) return std::unexpected(unreadable(answer.error()));
  return Answered{std::move(response->body), *std::move(answer)};
}

std::expected<Asker::Answered, Failure> Asker::act(std::string_view what, const control::OrderBody& order,
                                                   bool wait) const {
  return post(fmt::format("/v1/{}", what), control::order_body(order), wait);
}

std::expected<Asker::Answered, Failure> Asker::shut_down(bool wait) const {
  return post("/v1/shutdown", "", wait);
}

std::expected<control::Fd, Failure> Asker::process() const {
  auto process = client_.peer_process(left(question_time));
  if (!process) return std::unexpected(failure_of(process.error()));
  return *std::move(process);
}

bool Asker::wait_for_end(const control::Fd& process) const {
  if (!process) return true;
  pollfd entry{.fd = process.get(), .events = POLLIN, .revents = 0};
  for (;;) {
    const auto time = left(std::nullopt);
    const int limit =
        time ? static_cast<int>(std::min<std::int64_t>(time->count(), std::numeric_limits<int>::max())) : -1;
    const int count = ::poll(&entry, 1, limit);
    if (count > 0) return true;
    if (count == 0 || errno != EINTR) return false;
  }
}

}  // namespace simplevisor::cli
