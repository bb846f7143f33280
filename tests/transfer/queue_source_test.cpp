// A queue as a source, while an element is in hand for long.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "tests/transfer/support.hpp"
#include "workers/transfer/queue_ends.hpp"

namespace simplevisor::transfer {
namespace {

using namespace std::chrono_literals;

TEST(QueueSourceTest, RenewsALockInHandLongBeforeAnybodyMayBreakIt) {
  Workshop shop;
  shop.fill("in", 1);
  const std::string element =
      shop.path("in") + "/" + queue_at(shop.path("in")).list().value().front().name.str();
  boost::asio::io_context loop;
  bool brought = false;
  QueueSource source{loop.get_executor(),
                     {.path = shop.path("in"),
                      .remove = true,
                      .loop = true,
                      .dead_letter = shop.path("dead"),
                      .purge_every = 60s,
                      .purge = {.maxlock = 3s}},
                     {.tell = [](const Event&) {},
                      .bring =
                          [&](const Brought&) {
                            brought = true;
                            return Ticket{1};
                          },
                      .more = [] {}}};
  source.open();
  source.want(1);
  ASSERT_TRUE(brought);
  const auto last_touched = [&] {
    struct stat status{};
    EXPECT_EQ(::stat(element.c_str(), &status), 0);
    return std::pair{status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
  };
  const auto taken = last_touched();
  const auto renewed = [&] { return last_touched() != taken; };
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (!renewed() && std::chrono::steady_clock::now() < until) loop.run_for(50ms);
  EXPECT_TRUE(renewed());
}

// For this process, until it goes out of scope.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreDescriptors(const NoMoreDescriptors&) = delete;
  NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST(QueueSourceTest, GivesUpWhatCannotBeTakenInARunThatIsToEnd) {
  Workshop shop;
  shop.fill("in", 1);
  boost::asio::io_context loop;
  std::optional<SourceEnd> end;
  unsigned asked = 0;
  QueueSource source{loop.get_executor(),
                     {.path = shop.path("in"),
                      .remove = true,
                      .loop = false,
                      .dead_letter = shop.path("dead"),
                      .purge_every = 0s,
                      .purge = {}},
                     {.tell =
                          [&](const Event& event) {
                            if (const auto* const it = std::get_if<SourceEnd>(&event)) end = *it;
                          },
                      .bring =
                          [&](const Brought&) {
                            ADD_FAILURE() << "nothing can be taken";
                            return Ticket{1};
                          },
                      .more = [&] { ++asked; }}};
  source.open();
  {
    const NoMoreDescriptors here;
    source.want(1);
    EXPECT_FALSE(end) << "it may pass";
    while (!end && loop.run_one_for(10s) > 0) source.want(1);
  }
  ASSERT_TRUE(end);
  EXPECT_EQ(end->left, 1U);
  EXPECT_EQ(asked, 2U);
}

}  // namespace
}  // namespace simplevisor::transfer
