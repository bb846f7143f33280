#include "supervisor/cli/top/run.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "supervisor/cli/terminal_signals.hpp"
#include "supervisor/cli/top/feed.hpp"
#include "supervisor/cli/top/model.hpp"
#include "supervisor/cli/top/picture.hpp"
#include "supervisor/cli/top/screen.hpp"

namespace simplevisor::cli::live {
namespace {

class Session {
 public:
  Session(Feed& feed, Screen& screen, TerminalSignals& signals, const Options& options)
      : feed_{feed}, screen_{screen}, signals_{signals} {
    if (options.sort != nullptr) model_.nodes().sort_by(*options.sort, false);
  }

  void run() {
    do {
      const Size size = screen_.size();
      const Layout shares = layout(size, model_.has_pane());
      model_.resize(shares.nodes, shares.pane);
      feed_.want(model_.wanted());
      screen_.draw(live::draw(model_, size), std::exchange(anew_, false));
    } while (wait());
  }

 private:
  // Until there is something to be drawn. False: it is over.
  bool wait() {
    std::array<pollfd, 3> entries{
        {{signals_.fd(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}, {feed_.fd(), POLLIN, 0}}};
    ::poll(entries.data(), entries.size(), -1);
    if (entries[0].revents != 0 && !obey_signals()) return false;
    if ((entries[1].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return false;
    if (entries[1].revents != 0 && !obey_keys()) return false;
    if (entries[2].revents != 0) hear_news();
    return true;
  }

  bool obey_signals() {
    return signals_.obey({.leave = [this] { screen_.leave(); },
                          .enter_again = [this] { enter_again(); },
                          .resized = [this] { screen_.resize(); }});
  }

  void enter_again() {
    screen_.enter();
    anew_ = true;
  }

  bool obey_keys() {
    for (const Key key : screen_.keys()) {
      Wish wish = model_.press(key);
      if (std::holds_alternative<Quit>(wish)) return false;
      if (std::holds_alternative<Redraw>(wish)) anew_ = true;
      if (auto* const deed = std::get_if<Deed>(&wish)) feed_.act(std::move(*deed));
    }
    return true;
  }

  void hear_news() {
    News news = feed_.take();
    if (news.state) model_.show(std::move(news.state->info), std::move(news.state->rows));
    if (news.trouble) model_.show_trouble(*news.trouble);
    if (news.pane) model_.show_pane(news.pane->of, news.pane->text);
    for (const News::Told& told : news.told) model_.tell(told.text, told.is_bad);
  }

  Feed& feed_;
  Screen& screen_;
  TerminalSignals& signals_;
  Model model_;
  bool anew_ = false;
};

}  // namespace

std::expected<void, std::string> run(const std::string& socket_path, const Options& options) {
  TerminalSignals signals;  // first, for the threads that are started afterwards hear what their maker hears
  Feed feed{socket_path, options.pattern};
  auto screen = Screen::open(options.colour);
  if (!screen) return std::unexpected(std::move(screen.error()));
  Session{feed, *screen, signals, options}.run();
  return {};
}

}  // namespace simplevisor::cli::live
