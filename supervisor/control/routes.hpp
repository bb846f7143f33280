// supervisor/control/routes.hpp
//
// What may be asked over the control API, and the way from an HTTP request to it and from the result to an
// HTTP reply. Knows neither sockets nor an HTTP library: method, target and body come in, status and body go
// out.
//
// Threads    pure functions; carry_out() is called on the supervision thread.
// Errors     every refusal is a Reply of 400 and above, with a problem (RFC 9457) for a body.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "supervisor/control/access.hpp"
#include "supervisor/control/insight.hpp"
#include "supervisor/control/logs.hpp"
#include "supervisor/control/metrics.hpp"
#include "supervisor/runtime/service.hpp"

namespace simplevisor::control {

enum class Verb : std::uint8_t {
  info,
  status,
  check,
  tree,
  history,
  why,
  events,
  flow,
  logs,
  metrics,
  session,
  configuration,
  healthz,
  readyz,
  start,
  stop,
  restart,
  signal,
  shutdown,
};

struct Route {
  std::string_view method;
  std::string_view path;
  Verb verb;
};

// Every route there is; docs/api/openapi.json describes the same.
std::span<const Route> routes();

struct Call {
  Verb verb = Verb::info;
  std::string pattern{};                             // "" for all
  std::string by{};                                  // who asks, in words
  std::string reason{};                              // of stop
  std::optional<std::chrono::milliseconds> limit{};  // of stop
  int number = 0;                                    // of signal
  std::vector<std::string> more_patterns{};          // of logs
  LogsQuery logs{};
  bool follow = false;      // of events and logs: as server-sent events, for as long as the client listens
  std::uint64_t after = 0;  // of events: the number of the last one known
  std::optional<std::uint64_t> last{};                // of events: no more than so many of those there are
  MetricsFormat format = MetricsFormat::openmetrics;  // of metrics
  std::chrono::steady_clock::time_point asked{};      // of metrics: when it was posted to the service
  bool wait = true;  // of start, stop, restart and shutdown: answer when it is done, not when it has begun
  runtime::Scope within{};   // what the one who asks is concerned with
  runtime::Scope visible{};  // what he may look at
  Rights rights{};           // of session
};

struct Reply {
  unsigned status = 200;
  std::string body;
  std::string fields{};  // further lines of the head, each with its end
  std::string_view content_type = "application/json";
};

inline constexpr std::size_t pattern_bytes_max = 1024;

// Says what is wrong with a pattern, "" when nothing is. The grammar is that of runtime::Service; whether it
// stands for anything is for the service to say.
std::string complaint_about_pattern(std::string_view pattern);

// What a request line asks for: of whom, and what. Most name the target only, "/v1/info", and the host in a field of its
// own; a client that goes through a proxy says "http://host:80/v1/info", and what the field says counts no more (RFC 9112,
// section 3.2.2).
struct Aim {
  std::string_view host;
  std::string_view target;
};
Aim aim_of(std::string_view request_target, std::string_view host_field);

// The call a request stands for, or the refusal: 400, 404 or 405.
std::expected<Call, Reply> parse_request(std::string_view method, std::string_view target,
                                         std::string_view body);

// Lets the call through, within what `rights` say, or refuses it: 403.
std::expected<void, Reply> authorise(Call& call, const Rights& rights);

// What a call found.
struct Nodes {
  std::vector<runtime::NodeStatus> rows;
  runtime::Answer answer;
};
struct Acted {
  runtime::Answer answer;
  bool pending = false;  // begun; nobody waits for the end
};
struct Found {      // of history and why; events need nothing of the supervision thread
  Lineage lineage;  // empty: `answer` says why
  runtime::Answer answer;
};
struct Health {  // of healthz and readyz
  std::string phase;
  std::size_t ready = 0;
  std::size_t wanted = 0;
};
using Finding = std::variant<runtime::ServiceInfo, Nodes, Acted, Found, runtime::Measures, Health>;

// Asks the service. `found` is called exactly once, possibly before the return.
void carry_out(runtime::Service& service, const Call& call, std::function<void(Finding)> found);

// On a thread that may read files; of `service` only what may be asked on any thread is used.
// `metrics` remembers what costs disk work; without it, it is done anew.
Reply render(const Call& call, const Finding& finding, const runtime::Service& service,
             MetricsSource* metrics = nullptr);
// Of events: the number of the last one that is not wanted.
std::uint64_t begin_of(const Call& call, const runtime::journal::Recorder& recorder);
// Of logs: what a follower is sent, or why there is nothing to follow. On a thread that may read files.
std::expected<std::unique_ptr<Feed>, Reply> follow(const Call& call, const Finding& finding,
                                                   const runtime::Service& service);
Reply refusal(unsigned status, std::string_view code, std::string_view message);

}  // namespace simplevisor::control
