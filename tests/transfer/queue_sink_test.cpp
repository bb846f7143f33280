// A queue as a sink when its disk is full or damaged: what could not be added is not confirmed, and may come again.
#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <set>
#include <system_error>

#include "tests/dirq/support.hpp"
#include "tests/transfer/support.hpp"
#include "workers/transfer/queue_ends.hpp"

namespace simplevisor::transfer {
namespace {

struct Fault {
  const char* call;
  int error;
};
class QueueSinkTest : public testing::TestWithParam<Fault> {};

TEST_P(QueueSinkTest, AFaultOfTheDiskIsNotConfirmedAndGoesByWhenItIsOver) {
  const Workshop shop;
  dirq::testing_support::HookedSystem system;
  boost::asio::io_context loop;
  std::vector<Ticket> confirmed;
  std::vector<Ticket> not_confirmed;
  std::set<std::string> reasons;
  QueueSinkOptions options{.path = shop.path("out")};
  options.adding.queue.durability = dirq::Durability::full;
  options.adding.queue.system = &system;
  QueueSink sink{loop.get_executor(), options, [&](const Event& event) {
                   if (const auto* one = std::get_if<Confirmed>(&event)) confirmed.push_back(one->ticket);
                   if (const auto* one = std::get_if<NotConfirmed>(&event)) {
                     not_confirmed.push_back(one->ticket);
                     reasons.insert(one->reason);
                   }
                 }};
  sink.open();
  const message::Message message{{}, "body", true};
  const auto put_all = [&] {
    for (Ticket ticket = 1; ticket <= 5; ++ticket) sink.put(ticket, message);
    loop.restart();
    loop.run();
  };
  system.fail_always(GetParam().call, GetParam().error);
  put_all();
  EXPECT_THAT(confirmed, testing::IsEmpty());
  EXPECT_THAT(not_confirmed, testing::UnorderedElementsAre(1, 2, 3, 4, 5));
  put_all();
  EXPECT_THAT(reasons, testing::ElementsAre("cannot add to " + shop.path("out") + ": " +
                                            std::generic_category().message(GetParam().error)))
      << "the same each time, so that it is told once";
  EXPECT_EQ(shop.count("out"), 0U) << "and nothing is left behind";
  system.before = [](std::string_view) { return 0; };
  put_all();
  EXPECT_THAT(confirmed, testing::UnorderedElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(shop.count("out"), 5U);
}

INSTANTIATE_TEST_SUITE_P(Faults, QueueSinkTest,
                         testing::Values(Fault{"create", ENOSPC}, Fault{"create", EMFILE},
                                         Fault{"write", ENOSPC}, Fault{"write", EIO}, Fault{"syncfs", EIO}),
                         [](const auto& given) {
                           return std::string{given.param.call} + std::to_string(given.param.error);
                         });

}  // namespace
}  // namespace simplevisor::transfer
