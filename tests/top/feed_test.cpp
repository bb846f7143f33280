#include "supervisor/cli/top/feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <functional>

#include "supervisor/control/server.hpp"
#include "tests/control/fake_service.hpp"

namespace simplevisor::cli::live {
namespace {

using runtime::Outcome;
using ::testing::Contains;
using ::testing::HasSubstr;

class FeedTest : public ::testing::Test {
 protected:
  void serve() {
    auto opened = control::Server::open(service, {.socket_path = dir / "control.sock"});
    ASSERT_TRUE(opened) << opened.error().message;
    server = *std::move(opened);
  }
  void feed() { feed_.emplace(dir / "control.sock", ""); }

  // Takes news until some of it is what is wanted.
  News news_with(const std::function<bool(const News&)>& wanted) {
    for (;;) {
      pollfd ready{.fd = feed_->fd(), .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 60'000) != 1) {
        ADD_FAILURE() << "no such news";
        return {};
      }
      News news = feed_->take();
      if (wanted(news)) return news;
    }
  }
  static bool has_state(const News& news) { return news.state.has_value(); }
  static bool has_trouble(const News& news) { return news.trouble.has_value(); }
  static bool has_pane(const News& news) { return news.pane.has_value(); }
  static bool has_told(const News& news) { return !news.told.empty(); }

  testing::PrivateDir dir;
  testing::FakeService service;
  std::unique_ptr<control::Server> server;
  std::optional<Feed> feed_;
};

TEST_F(FeedTest, TellsOfTheTree) {
  serve();
  feed();
  const News news = news_with(has_state);
  EXPECT_EQ(news.state->info.name, "fake");
  EXPECT_EQ(news.state->rows.size(), 3u);
}

TEST_F(FeedTest, FindsASupervisorThatWasAway) {
  feed();
  EXPECT_THAT(*news_with(has_trouble).trouble, HasSubstr("no supervisor is running"));
  serve();
  EXPECT_EQ(news_with(has_state).state->rows.size(), 3u);
  server.reset();
  news_with(has_trouble);
}

TEST_F(FeedTest, AsksForThePaneThatIsWanted) {
  serve();
  feed();
  feed_->want({PaneKind::why, "root/a"});
  const News news = news_with(has_pane);
  EXPECT_EQ(news.pane->of.path, "root/a");
  EXPECT_THAT(news.pane->text, HasSubstr("root/a is running"));
  feed_->want({PaneKind::why, "nowhere"});
  EXPECT_THAT(news_with(has_pane).pane->text, HasSubstr("no node nowhere"));
}

TEST_F(FeedTest, CarriesOutWhatIsWishedAndTellsWhatCameOfIt) {
  service.answer.message = "root/a was running already";
  serve();
  feed();
  feed_->act({.verb = "start", .path = "root/a"});
  const News news = news_with(has_told);
  EXPECT_EQ(news.told.front().text, "root/a was running already");
  EXPECT_FALSE(news.told.front().is_bad);
  feed_->act({.verb = "stop", .path = "root/b", .reason = "disk", .limit = std::chrono::seconds{2}});
  service.wait_for_call("stop root/b for 2000 ms because of disk");
  feed_->act({.verb = "signal", .path = "root/b", .signal = "HUP"});
  service.wait_for_call("signal 1 root/b");
}

TEST_F(FeedTest, TellsARefusalAndGoesOn) {
  service.answer = {Outcome::refused, "the tree is going down", {}};
  serve();
  feed();
  feed_->act({.verb = "restart", .path = "root/a"});
  const News news = news_with(has_told);
  EXPECT_EQ(news.told.front().text, "the tree is going down");
  EXPECT_TRUE(news.told.front().is_bad);
  news_with(has_state);
}

TEST_F(FeedTest, EndsAtOnceAlthoughAnAnswerIsAwaited) {
  service.hold = true;
  serve();
  feed();
  feed_->act({.verb = "signal", .path = "root/a", .signal = "HUP"});
  service.wait_for_call("signal 1 root/a");
  const auto begin = std::chrono::steady_clock::now();
  feed_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, Feed::patience);
  service.release();
}

}  // namespace
}  // namespace simplevisor::cli::live
