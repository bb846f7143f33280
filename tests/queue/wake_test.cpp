#include "workers/queue/wake.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <optional>

#include "tests/consumer/support.hpp"

namespace simplevisor::queue {
namespace {

namespace fs = std::filesystem;

class WakeTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return directory_ / name; }
  void add_to(const std::string& name) const {
    dirq::Queue target = consumer::queue_at(path(name));
    ASSERT_TRUE(target.add("x"));
  }
  // Arms, and waits until it calls.
  std::optional<std::size_t> called(Wake& wake) {
    woken_.reset();
    wake.arm();
    loop_.restart();
    while (!woken_ && loop_.run_one_for(consumer::patience) > 0) {
    }
    return woken_;
  }
  // What has happened so far is known to it.
  void look(Wake& wake) {
    wake.arm();
    loop_.restart();
    loop_.poll();
  }

  consumer::TemporaryDirectory directory_;
  boost::asio::io_context loop_;
  std::optional<std::size_t> woken_;
  Wake::OnWoken remember = [this](std::size_t queue) { woken_ = queue; };
};

TEST_F(WakeTest, TellsWhichQueueSomethingCameInto) {
  add_to("a");
  add_to("b");
  Wake wake{loop_.get_executor(), {path("a"), path("b")}, remember};
  look(wake);
  EXPECT_FALSE(woken_);
  add_to("b");
  EXPECT_EQ(called(wake), 1U);
  add_to("a");
  EXPECT_EQ(called(wake), 0U);
}

TEST_F(WakeTest, TellsOfTheFirstElementOfAQueueWithoutDirectories) {
  fs::create_directory(path("a"));
  Wake wake{loop_.get_executor(), {path("a")}, remember};
  look(wake);
  add_to("a");
  EXPECT_EQ(called(wake), 0U);
}

TEST_F(WakeTest, FindsAQueueThatIsMadeLater) {
  Wake wake{loop_.get_executor(), {path("a")}, remember};
  look(wake);
  EXPECT_FALSE(woken_);
  add_to("a");
  EXPECT_EQ(called(wake), 0U) << "it was lost, and what is in it came before the watch";
  add_to("a");
  EXPECT_EQ(called(wake), 0U);
}

TEST_F(WakeTest, FindsAQueueAgainThatWasRemovedAndMadeAnew) {
  add_to("a");
  Wake wake{loop_.get_executor(), {path("a")}, remember};
  look(wake);
  fs::remove_all(path("a"));
  look(wake);
  add_to("a");
  EXPECT_EQ(called(wake), 0U);
  look(wake);
  add_to("a");
  EXPECT_EQ(called(wake), 0U) << "and is told of what comes into the new one";
}

TEST_F(WakeTest, FindsAQueueAgainThatWasMovedAwayAndMadeAnew) {
  add_to("a");
  Wake wake{loop_.get_executor(), {path("a")}, remember};
  look(wake);
  fs::rename(path("a"), path("away"));
  look(wake);
  add_to("away");
  woken_.reset();
  look(wake);
  EXPECT_FALSE(woken_) << "that is no queue of ours any more";
  add_to("a");
  EXPECT_EQ(called(wake), 0U);
}

}  // namespace
}  // namespace simplevisor::queue
