#include "supervisor/cli/top/screen.hpp"

#include <fmt/format.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <string_view>
#include <utility>

// Its macros would rewrite what comes after it.
#define NCURSES_NOMACROS 1
#include <ncurses.h>

#include "supervisor/cli/top/fit.hpp"

namespace simplevisor::cli::live {
namespace {

// A lone Esc is known as such when nothing follows it for so long.
constexpr int escape_ms = 25;
// At a time; a terminal into which a file is pasted must not keep us from drawing.
constexpr std::size_t keys_max = 256;

Key key_of(wint_t code, bool is_function_key) {
  if (!is_function_key) {
    if (code == '\r') return key::enter;
    if (code == 0x7F || code == 0x08) return key::backspace;
    return static_cast<Key>(code);
  }
  static constexpr std::array<std::pair<wint_t, Key>, 10> known{{{KEY_UP, key::up},
                                                                 {KEY_DOWN, key::down},
                                                                 {KEY_LEFT, key::left},
                                                                 {KEY_RIGHT, key::right},
                                                                 {KEY_PPAGE, key::page_up},
                                                                 {KEY_NPAGE, key::page_down},
                                                                 {KEY_HOME, key::home},
                                                                 {KEY_END, key::end},
                                                                 {KEY_BACKSPACE, key::backspace},
                                                                 {KEY_ENTER, key::enter}}};
  const auto* const found = std::ranges::find(known, code, &std::pair<wint_t, Key>::first);
  return found == known.end() ? 0 : found->second;
}

}  // namespace

struct Screen::Curses {
  SCREEN* screen = nullptr;
  bool colour = false;
  bool utf8 = false;

  Curses() = default;
  Curses(const Curses&) = delete;
  Curses& operator=(const Curses&) = delete;
  ~Curses() {
    if (screen == nullptr) return;
    ::endwin();
    ::delscreen(screen);
  }

  [[nodiscard]] int attributes(const Style& style) const {
    int all = A_NORMAL;
    if (style.bold) all |= A_BOLD;
    if (style.reverse) all |= A_REVERSE;
    if (colour && style.colour != Colour::none) all |= COLOR_PAIR(style.colour == Colour::red ? 1 : 2);
    return all;
  }
};

std::expected<Screen, std::string> Screen::open(bool colour) {
  std::setlocale(LC_CTYPE, "");
  auto curses = std::make_unique<Curses>();
  const char* const name = std::getenv("TERM");
  // initscr() would end the process when the terminal is not known.
  curses->screen = ::newterm(nullptr, stdout, stdin);
  if (curses->screen == nullptr)
    return std::unexpected(
        fmt::format("the terminal '{}' ($TERM) is not known on this host", name ? name : ""));
  curses->utf8 = std::string_view{::nl_langinfo(CODESET)} == "UTF-8";
  ::set_escdelay(escape_ms);
  ::cbreak();
  ::noecho();
  ::nonl();
  ::keypad(stdscr, TRUE);
  ::nodelay(stdscr, TRUE);
  ::curs_set(0);
  if (colour && ::has_colors() && ::start_color() == OK && ::use_default_colors() == OK) {
    curses->colour = true;
    ::init_pair(1, COLOR_RED, -1);
    ::init_pair(2, COLOR_YELLOW, -1);
  }
  return Screen{std::move(curses)};
}

Screen::Screen(std::unique_ptr<Curses> curses) : curses_(std::move(curses)) {}
Screen::Screen(Screen&&) noexcept = default;
Screen::~Screen() = default;

Size Screen::size() const {
  return {static_cast<std::size_t>(std::max(LINES, 1)), static_cast<std::size_t>(std::max(COLS, 1))};
}

void Screen::draw(const Picture& picture, bool anew) {
  ::erase();
  if (anew) ::clearok(stdscr, TRUE);
  int at = 0;
  for (const PictureLine& line : picture.lines) {
    ::move(at++, 0);
    for (const Span& span : line) {
      ::attrset(curses_->attributes(span.style));
      ::addstr((curses_->utf8 ? span.text : ascii(span.text)).c_str());
    }
  }
  ::attrset(A_NORMAL);
  ::curs_set(picture.cursor_column ? 1 : 0);
  if (picture.cursor_column) ::move(at - 1, static_cast<int>(*picture.cursor_column));
  ::refresh();
}

std::vector<Key> Screen::keys() {
  std::vector<Key> keys;
  wint_t code = 0;
  while (keys.size() < keys_max) {
    const int kind = ::get_wch(&code);
    if (kind == ERR) break;
    if (const Key key = key_of(code, kind == KEY_CODE_YES); key != 0) keys.push_back(key);
  }
  return keys;
}

void Screen::leave() {
  ::endwin();
}

void Screen::enter() {
  resize();  // it may have another size by now
  ::refresh();
}

void Screen::resize() {
  winsize found{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) == 0 && found.ws_row > 0 && found.ws_col > 0)
    ::resizeterm(found.ws_row, found.ws_col);
}

}  // namespace simplevisor::cli::live
