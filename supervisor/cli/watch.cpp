#include "supervisor/cli/watch.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "supervisor/cli/event_bell.hpp"
#include "supervisor/cli/terminal_signals.hpp"

namespace simplevisor::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// The second screen of the terminal, without cursor, and keys that arrive one by one.
class Screen {
 public:
  explicit Screen(Terminal& terminal) : terminal_{terminal} { enter(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() { leave(); }

  void enter() {
    if (::tcgetattr(STDIN_FILENO, &before_) == 0) {
      termios keys = before_;
      keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
      keys_ = ::tcsetattr(STDIN_FILENO, TCSADRAIN, &keys) == 0;
    }
    terminal_.out << "\x1b[?1049h\x1b[?25l" << std::flush;
  }
  void leave() {
    terminal_.out << "\x1b[?25h\x1b[?1049l" << std::flush;
    if (keys_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    keys_ = false;
  }
  // -1, which poll() passes over: there are none.
  [[nodiscard]] int keys() const { return keys_ ? STDIN_FILENO : -1; }

  static ScreenSize size() {
    winsize found{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) != 0 || found.ws_row == 0 || found.ws_col == 0) return {};
    return {found.ws_row, found.ws_col};
  }

 private:
  Terminal& terminal_;
  termios before_{};
  bool keys_ = false;
};

class Watch {
 public:
  Watch(Terminal& terminal, const std::string& socket_path, const WatchForm& form)
      : terminal_{terminal}, form_{form}, bell_{socket_path} {
    if (terminal.is_screen) screen_.emplace(terminal);
  }

  int run(const std::function<Look()>& look) {
    for (;;) {
      bell_.quiet();
      const Look found = look();
      const auto looked = Clock::now();
      shown_ ? show_again(found) : show(found);
      if (!terminal_.out) return found.exit;
      if (!wait(looked + between_looks, -1) || !wait(looked + form_.every, bell_.fd())) return found.exit;
    }
  }

 private:
  void show(const Look& found) {
    shown_ = found;
    if (screen_) {
      drawn_ = fitted(found.text, Screen::size());
      std::string lines = drawn_;
      for (std::size_t at = 0; (at = lines.find('\n', at)) != std::string::npos; at += 5)
        lines.replace(at, 1, "\x1b[K\r\n");
      terminal_.out << "\x1b[H" << lines << "\x1b[K\x1b[J" << std::flush;
    } else {
      (found.failed ? terminal_.err : terminal_.out) << found.text << std::flush;
    }
  }

  void show_again(const Look& found) {
    if (screen_) {
      if (fitted(found.text, Screen::size()) != drawn_) show(found);
    } else if (found.essence != shown_->essence || found.failed != shown_->failed) {
      if (!found.failed) terminal_.out << form_.between;
      show(found);
    }
  }

  // Until that time, or until `bell` can be read. False: the user has had enough.
  bool wait(Clock::time_point until, int bell) {
    for (;;) {
      std::array<pollfd, 3> entries{
          {{signals_.fd(), POLLIN, 0}, {screen_ ? screen_->keys() : -1, POLLIN, 0}, {bell, POLLIN, 0}}};
      const auto left = std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(until - Clock::now()));
      const int count = ::poll(entries.data(), entries.size(), static_cast<int>(left.count()));
      if (count == 0) return true;
      if (entries[0].revents != 0 && !obey_signals()) return false;
      if (entries[1].revents != 0 && !obey_keys()) return false;
      if (entries[2].revents != 0) return true;
    }
  }

  bool obey_signals() {
    return signals_.obey({.leave =
                              [this] {
                                if (screen_) screen_->leave();
                              },
                          .enter_again = [this] { enter_again(); },
                          .resized =
                              [this] {
                                if (screen_ && shown_) show(*shown_);
                              }});
  }

  void enter_again() {
    if (!screen_) return;
    screen_->enter();
    if (shown_) show(*shown_);
  }

  static bool obey_keys() {
    std::array<char, 64> keys{};
    const ssize_t count = ::read(STDIN_FILENO, keys.data(), keys.size());
    if (count <= 0) return false;
    return std::ranges::find(keys.begin(), keys.begin() + count, 'q') == keys.begin() + count;
  }

  Terminal& terminal_;
  WatchForm form_;
  TerminalSignals signals_;
  EventBell bell_;
  std::optional<Screen> screen_;
  std::optional<Look> shown_;
  std::string drawn_;
};

// The line's beginning, `columns` wide.
std::string_view cut(std::string_view line, std::size_t columns) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\x1b') {
      at = std::min(line.find('m', at), line.size() - 1);
    } else if ((static_cast<unsigned char>(line[at]) & 0xC0u) != 0x80u && ++width > columns) {
      return line.substr(0, at);
    }
  }
  return line;
}

}  // namespace

std::string fitted(std::string_view text, ScreenSize size) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const std::size_t whole = std::max<std::size_t>(size.lines, 1);
  std::string rest;
  if (lines.size() > whole) {
    rest = fmt::format("... and {} more", lines.size() - (whole - 1));
    lines.resize(whole - 1);
    lines.push_back(rest);
  }
  std::string picture;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view shown = cut(lines[i], size.columns);
    if (i > 0) picture += '\n';
    picture += shown;
    // Where the cut took the end of a colour.
    if (shown.size() < lines[i].size() && lines[i].contains('\x1b')) picture += "\x1b[0m";
  }
  return picture;
}

int watch(Terminal& terminal, const std::string& socket_path, const WatchForm& form,
          const std::function<Look()>& look) {
  return Watch{terminal, socket_path, form}.run(look);
}

}  // namespace simplevisor::cli
