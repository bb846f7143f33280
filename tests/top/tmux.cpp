#include "tests/top/tmux.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <utility>

#include "tests/integration/host.hpp"

namespace simplevisor::testing {

Tmux::Tmux(std::string directory, int columns, int lines) : directory_{std::move(directory)} {
  const auto started = integration::run(
      {"/usr/bin/env", "-u", "TMUX", "LC_ALL=C.UTF-8", "tmux", "-S", directory_ + "/tmux", "-f", "/dev/null",
       "-u", "new-session", "-d", "-x", std::to_string(columns), "-y", std::to_string(lines), "-c",
       directory_,
       "env -u SIMPLEVISOR_CONF PS1='$ ' HISTFILE= HOME=" + directory_ + " bash --norc --noprofile -i"});
  EXPECT_EQ(started.exit_code, 0) << started.err;
  // Sizes are the test's, not those of clients that are not there.
  tmux({"set-option", "-g", "window-size", "manual"});
  tmux({"set-option", "-g", "status", "off"});
  resize(columns, lines);
  server_ = std::stoi(tmux({"display-message", "-p", "#{pid}"}));
  shell_ = std::stoi(tmux({"display-message", "-p", "#{pane_pid}"}));
  EXPECT_TRUE(shows("$"));
}

Tmux::~Tmux() {
  end();
}

void Tmux::end() const {
  static_cast<void>(integration::run({"tmux", "-S", directory_ + "/tmux", "kill-server"}));
  EXPECT_TRUE(test::eventually([&] { return !integration::alive(server_) && !integration::alive(shell_); }));
}

std::string Tmux::tmux(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(),
                   {"/usr/bin/env", "-u", "TMUX", "LC_ALL=C.UTF-8", "tmux", "-S", directory_ + "/tmux"});
  const auto outcome = integration::run(arguments);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return outcome.out;
}

void Tmux::type(const std::string& text) const {
  tmux({"send-keys", "-l", "--", text});
}

void Tmux::press(const std::string& key) const {
  tmux({"send-keys", key});
}

void Tmux::resize(int columns, int lines) const {
  tmux({"resize-window", "-x", std::to_string(columns), "-y", std::to_string(lines)});
}

std::string Tmux::screen() const {
  return tmux({"capture-pane", "-p"});
}

bool Tmux::shows(const std::string& text) const {
  const bool found =
      test::eventually([&] { return ("\n" + screen()).contains(text); }, std::chrono::seconds{30});
  EXPECT_TRUE(found) << "no \"" << text << "\" in\n" << screen();
  return found;
}

bool Tmux::shows_no_more(const std::string& text) const {
  const bool gone = test::eventually([&] { return !screen().contains(text); }, std::chrono::seconds{30});
  EXPECT_TRUE(gone) << "\"" << text << "\" in\n" << screen();
  return gone;
}

pid_t Tmux::child() const {
  const std::string shell = std::to_string(shell_);
  std::ifstream children("/proc/" + shell + "/task/" + shell + "/children");
  pid_t child = 0;
  children >> child;
  return child;
}

}  // namespace simplevisor::testing
