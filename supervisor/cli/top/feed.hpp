// supervisor/cli/top/feed.hpp
//
// Asks the supervisor on behalf of `top`, on a thread of its own, so that keys are obeyed however long an answer takes.
//
// Looks      at the start, when something happens in the tree, when another node's pane is wanted, after a deed, and every
//            `every`; never more often than every `between_looks`. A supervisor that is gone is asked again like this, too.
// Bounds     one look at a time, none longer than `patience`; deeds are asked for without waiting for their end, and there
//            are at most `deeds_max` waiting. Of looks that nobody has taken only the last one is kept.
// Threads    everything but the constructor and the destructor may be called by the owner's thread at any time. The
//            destructor cuts short what is being asked.
#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "supervisor/cli/asker.hpp"
#include "supervisor/cli/event_bell.hpp"
#include "supervisor/cli/eventfd.hpp"
#include "supervisor/cli/top/model.hpp"

namespace simplevisor::cli::live {

// What has become known since the last time.
struct News {
  struct State {
    runtime::ServiceInfo info;
    Rows rows;
  };
  struct PaneText {
    Wanted of;
    std::string text;
  };
  struct Told {
    std::string text;
    bool is_bad = false;
  };
  std::optional<State> state{};
  std::optional<std::string> trouble{};  // why there is no state
  std::optional<PaneText> pane{};
  std::vector<Told> told{};
};

class Feed {
 public:
  static constexpr std::chrono::milliseconds every{2000};
  static constexpr std::chrono::milliseconds between_looks{200};
  static constexpr std::chrono::milliseconds patience{5000};
  static constexpr std::size_t deeds_max = 16;

  // `pattern`: the nodes to look at, all for "".
  Feed(std::string socket_path, std::string pattern);
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  ~Feed();

  // Polls readable when there is news.
  [[nodiscard]] int fd() const { return news_ready_.get(); }
  News take();

  void want(const Wanted& wanted);
  void act(Deed deed);

 private:
  void run();
  // Until there is something to do, or `limit` is over.
  void wait(std::chrono::milliseconds limit, bool for_events);
  void look();
  void look_at(const Wanted& wanted, const Asker& asker);
  void carry_out(const Deed& deed);
  [[nodiscard]] Asker asker() const;
  void tell(News::Told told);

  const std::string socket_path_;
  const std::string pattern_;
  EventFd news_ready_;
  EventFd woken_;
  EventFd over_;
  EventBell bell_;

  std::mutex mutex_;  // guards what follows
  News news_;
  Wanted wanted_;
  std::deque<Deed> deeds_;

  std::thread thread_;
};

}  // namespace simplevisor::cli::live
