// supervisor/config/keys_supervisor.cpp
//
// The keys of [supervisor.NAME], and those which a pool shares with it because it is a supervisor too.
#include "supervisor/config/keys_shared.hpp"

namespace simplevisor::config {

std::span<const Key> supervision_keys() {
  static constexpr std::array<Choice, 3> auto_shutdowns{
      choice("never", core::AutoShutdown::never),
      choice("any_significant", core::AutoShutdown::any_significant),
      choice("all_significant", core::AutoShutdown::all_significant)};
  static constexpr std::array<Choice, 2> exhausted{choice("escalate", core::OnExhausted::escalate),
                                                   choice("cool_down", core::OnExhausted::cool_down)};
  static const std::array<Key, 7> keys{{
      {.name = "intensity",
       .form = Form::integer,
       .meaning = "restarts allowed within `period`; with one more it gives up",
       .fallback = "1",
       .example = "5",
       .min = 0,
       .max = 100'000,
       .set = into<&NodeDraft::intensity>},
      {.name = "period",
       .form = Form::duration,
       .meaning = "the time within which restarts are counted",
       .fallback = R"("5s")",
       .example = R"("1min")",
       .min = 1,
       .max = duration_max,
       .set = into<&NodeDraft::period>},
      {.name = "auto_shutdown",
       .form = Form::choice,
       .meaning = "end when any, or the last, of the significant children has ended by itself",
       .fallback = R"("never")",
       .example = R"("any_significant")",
       .choices = auto_shutdowns,
       .set = into<&NodeDraft::auto_shutdown>},
      {.name = "on_exhausted",
       .form = Form::choice,
       .meaning = "when it gives up: end, which is an exit for the parent, or wait for `cool_down` and go on",
       .fallback = R"("escalate")",
       .example = R"("cool_down")",
       .choices = exhausted,
       .set = into<&NodeDraft::on_exhausted>},
      {.name = "cool_down",
       .form = Form::duration,
       .meaning = "how long `on_exhausted = \"cool_down\"` waits",
       .fallback = R"("1min")",
       .example = R"("5min")",
       .min = 1,
       .max = duration_max,
       .set = into<&NodeDraft::cool_down>},
      {.name = "ordered",
       .form = Form::boolean,
       .meaning = "false: children need not wait for each other when they start and stop",
       .fallback = "true",
       .example = "false",
       .set = into<&NodeDraft::ordered>},
      {.name = "max_concurrent",
       .form = Form::integer,
       .meaning = "children that start or stop at the same time with `ordered = false`",
       .fallback = "1024",
       .example = "64",
       .min = 1,
       .max = 100'000,
       .set = into<&NodeDraft::max_concurrent>},
  }};
  return keys;
}

std::span<const Key> child_keys() {
  static constexpr std::array<Choice, 3> restarts{choice("permanent", core::Restart::permanent),
                                                  choice("transient", core::Restart::transient),
                                                  choice("temporary", core::Restart::temporary)};
  static const std::array<Key, 2> keys{{
      {.name = "restart",
       .form = Form::choice,
       .meaning = "restarted always, only after an abnormal end, or never",
       .fallback = R"("permanent")",
       .example = R"("transient")",
       .choices = restarts,
       .set = into<&NodeDraft::restart>},
      {.name = "significant",
       .form = Form::boolean,
       .meaning = "its end can end its supervisor: see `auto_shutdown`",
       .fallback = "false",
       .example = "false",
       .set = into<&NodeDraft::significant>},
  }};
  return keys;
}

Key shutdown_key(std::string_view fallback, std::string_view meaning) {
  return {.name = "shutdown",
          .form = Form::shutdown,
          .meaning = meaning,
          .fallback = fallback,
          .example = R"("20s")",
          .min = 1,
          .max = duration_max,
          .set = into<&NodeDraft::shutdown>};
}

const Section& supervisor_section() {
  static constexpr std::array<Choice, 3> strategies{choice("one_for_one", core::Strategy::one_for_one),
                                                    choice("rest_for_one", core::Strategy::rest_for_one),
                                                    choice("one_for_all", core::Strategy::one_for_all)};
  static const Section section = [] {
    Section made{.name = "supervisor",
                 .heading = "[supervisor.NAME]",
                 .meaning = "Starts its children in order, restarts them, and stops them in reverse order.",
                 .keys = {
                     {.name = "strategy",
                      .form = Form::choice,
                      .meaning = "what is restarted with a child: nothing, the younger ones, or all",
                      .fallback = R"("one_for_one")",
                      .example = R"("rest_for_one")",
                      .choices = strategies,
                      .set = into<&NodeDraft::strategy>},
                     {.name = "children",
                      .form = Form::node_names,
                      .meaning = "names of its children, in start order",
                      .fallback = "[]",
                      .example = R"(["receive", "send"])",
                      .set = into<&NodeDraft::children>},
                 }};
    append(made, supervision_keys());
    append(made, child_keys());
    made.keys.push_back(shutdown_key(R"("infinity")",
                                     "the time it has to stop its whole subtree, before the rest is killed"));
    return made;
  }();
  return section;
}

}  // namespace simplevisor::config
