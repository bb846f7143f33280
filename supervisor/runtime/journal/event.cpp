#include "supervisor/runtime/journal/event.hpp"

#include <array>
#include <utility>

namespace simplevisor::runtime::journal {
namespace {

struct KindWords {
  Kind kind;
  std::string_view name;
  std::string_view rule;
};

constexpr std::array kinds{
    KindWords{Kind::began, "began", ""},
    KindWords{Kind::asked, "asked", ""},
    KindWords{Kind::ending, "ending", ""},
    KindWords{Kind::over, "over", ""},
    KindWords{Kind::started, "started", ""},
    KindWords{Kind::ready, "ready", ""},
    KindWords{Kind::start_failed, "start_failed", ""},
    KindWords{Kind::unhealthy, "unhealthy",
              "its readiness or watchdog time has run out: it is ended, and its end is abnormal"},
    KindWords{Kind::stopping, "stopping", "rule 8: asked first, killed when its time to stop has run out"},
    KindWords{Kind::killed, "killed", "rule 8: its time to stop has run out, or it has none"},
    KindWords{Kind::ended, "ended", ""},
    KindWords{Kind::restarting, "restarting",
              "rules 13 and 16 to 19: it ended in a way its restart type does not accept, and the strategy "
              "says with whom it is restarted"},
    KindWords{Kind::retrying, "retrying",
              "rule 30: a restart that fails is tried again, and counted, until the intensity is used up"},
    KindWords{Kind::cooling_down, "cooling_down",
              "rule 25, with on_exhausted = \"cool_down\": more restarts than the intensity allows within "
              "the period, so it waits and then tries again"},
    KindWords{Kind::gave_up, "gave_up",
              "rules 25 and 37: more restarts than the intensity allows within the period"},
    KindWords{Kind::auto_shutdown, "auto_shutdown", "rules 43 and 44: a significant child has ended"},
    KindWords{Kind::supervisor_started, "supervisor_started", "rule 5: all of its children have started"},
    KindWords{Kind::supervisor_start_failed, "supervisor_start_failed",
              "rule 6: a child could not be started, so those before it are stopped and the supervisor has "
              "failed to start"},
    KindWords{Kind::supervisor_stopped, "supervisor_stopped",
              "rules 9 and 11: its children are stopped, last first, then it ends"},
};

constexpr std::array causes{
    std::pair{Cause::exited, std::string_view{"exited"}},
    std::pair{Cause::failed, std::string_view{"failed"}},
    std::pair{Cause::signalled, std::string_view{"signalled"}},
    std::pair{Cause::asked, std::string_view{"asked"}},
    std::pair{Cause::unhealthy, std::string_view{"unhealthy"}},
    std::pair{Cause::not_started, std::string_view{"not_started"}},
};

// The tables stand in the order of their enumerations.
constexpr bool in_order() {
  for (std::size_t n = 0; n < kinds.size(); ++n) {
    if (std::to_underlying(kinds[n].kind) != n) return false;
  }
  for (std::size_t n = 0; n < causes.size(); ++n) {
    if (std::to_underlying(causes[n].first) != n) return false;
  }
  return true;
}
static_assert(in_order());

}  // namespace

std::string_view name_of(Kind kind) noexcept {
  return kinds[std::to_underlying(kind)].name;
}

std::optional<Kind> kind_named(std::string_view name) noexcept {
  for (const KindWords& words : kinds) {
    if (words.name == name) return words.kind;
  }
  return std::nullopt;
}

std::string_view name_of(Cause cause) noexcept {
  return causes[std::to_underlying(cause)].second;
}

std::optional<Cause> cause_named(std::string_view name) noexcept {
  for (const auto& [cause, word] : causes) {
    if (word == name) return cause;
  }
  return std::nullopt;
}

std::string_view rule_of(Kind kind) noexcept {
  return kinds[std::to_underlying(kind)].rule;
}

}  // namespace simplevisor::runtime::journal
