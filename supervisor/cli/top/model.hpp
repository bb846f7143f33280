// supervisor/cli/top/model.hpp
//
// What `top` knows and shows, and what a key does to it: everything but the terminal and the supervisor.
//
// Semantics  keys.hpp says what a key does; a line at the bottom asks before anything is done to the tree, and whatever is not
//            "y" is a no. A deed is about the node that was chosen when it was begun.
// Text       from workers and from the supervisor is made printable when it is taken in.
// Threads    one at a time. Nothing here waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "supervisor/cli/top/keys.hpp"
#include "supervisor/cli/top/node_list.hpp"
#include "supervisor/runtime/service.hpp"

namespace simplevisor::cli::live {

enum class PaneKind : std::uint8_t { none, why, logs };

// What is shown beside the nodes, and of which of them.
struct Wanted {
  PaneKind kind = PaneKind::none;
  std::string path{};
  bool operator==(const Wanted&) const = default;
};

struct Deed {
  std::string verb{};  // start, stop, restart, signal
  std::string path{};
  std::string signal{};                              // of signal
  std::string reason{};                              // of stop
  std::optional<std::chrono::milliseconds> limit{};  // of stop
};

// What the owner of the model is to do.
struct Quit {};
struct Redraw {};
using Wish = std::variant<std::monostate, Quit, Redraw, Deed>;

struct Pane {
  std::vector<std::string> lines{};
  std::size_t first = 0;  // the first that is shown
  bool at_end = false;    // goes on to show the last ones, as logs do
};

// The line at the bottom, when it asks for something.
struct Prompt {
  enum class Kind : std::uint8_t { none, filter, signal, hold_time, hold_reason, confirm };
  Kind kind = Kind::none;
  std::string question{};
  std::string typed{};
  Deed deed{};
};

class Model {
 public:
  void show(runtime::ServiceInfo info, Rows rows);
  // The supervisor does not answer; what was known of it stays on the screen.
  void show_trouble(std::string_view text);
  void show_pane(const Wanted& of, std::string_view text);
  // What came of a deed.
  void tell(std::string_view text, bool is_bad);

  Wish press(Key key);

  // How many lines there are for nodes, and for the pane. Before anything is drawn, and when the terminal is resized.
  void resize(std::size_t node_lines, std::size_t pane_lines);

  [[nodiscard]] Wanted wanted() const;
  [[nodiscard]] const NodeList& nodes() const { return nodes_; }
  [[nodiscard]] NodeList& nodes() { return nodes_; }
  [[nodiscard]] const runtime::ServiceInfo& info() const { return info_; }
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  [[nodiscard]] const Pane& pane() const { return pane_; }
  [[nodiscard]] bool has_pane() const { return kind_ != PaneKind::none; }
  [[nodiscard]] bool pane_has_focus() const { return focus_on_pane_ && has_pane(); }
  [[nodiscard]] const Prompt& prompt() const { return prompt_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] bool message_is_bad() const { return message_is_bad_; }
  // The first of the keys that the help shows; nullopt: none is wished for.
  [[nodiscard]] std::optional<std::size_t> help() const { return help_; }

 private:
  Wish obey(Does does);
  void turn_help();      // to its next page, or away
  Wish answer(Key key);  // to the prompt
  Wish answered();       // the prompt, with Enter
  void move(Does does);
  void scroll_pane(Does does);
  void fold(Does does);
  void sort(Does does);
  void open_pane(PaneKind kind);
  void back();
  // Another node is chosen: what is shown of the one before goes.
  void forget_other_pane();
  void begin(Does does);
  void confirm(Deed deed);
  void ask(Prompt::Kind kind, std::string question, Deed deed = {});

  runtime::ServiceInfo info_;
  NodeList nodes_;
  std::string trouble_;
  PaneKind kind_ = PaneKind::none;
  Pane pane_;
  Wanted pane_of_;
  bool focus_on_pane_ = false;
  Prompt prompt_;
  std::string message_;
  bool message_is_bad_ = false;
  std::optional<std::size_t> help_;
  std::size_t node_lines_ = 1;
  std::size_t pane_lines_ = 0;
};

// The columns by which the table can be sorted, in the order of "<" and ">".
inline constexpr std::string_view sort_order[] = {"path", "state", "pid", "age", "restarts", "budget", "why"};

}  // namespace simplevisor::cli::live
