// The agent's loop between two ends that answer at once.
#include "workers/transfer/agent.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/transfer/support.hpp"

namespace simplevisor::transfer {
namespace {

using testing::ElementsAre;

// What was done to which message, in order.
struct Deeds {
  std::vector<std::string> all;
  std::size_t most = 100'000;  // a run that does not end is ended

  void note(const char* deed, Ticket ticket) {
    if (all.size() < most) all.push_back(deed + std::to_string(ticket));
  }
};

struct PromptSource final : Source {
  PromptSource(SourceListener listener_, Deeds& deeds_, std::size_t messages_)
      : listener{std::move(listener_)}, deeds{deeds_}, messages{messages_} {}

  void open() override { listener.tell(SourceUp{}); }
  void want(std::size_t room) override {
    for (; room > 0 && brought < messages; --room, ++brought) listener.bring({message::Message{}, "", 0});
    if (brought == messages && !std::exchange(ended, true)) listener.tell(SourceEnd{});
  }
  Event settle(Ticket ticket, Verdict, const std::string&, const message::Message*) override {
    deeds.note("settle ", ticket);
    return Settled{ticket};
  }
  void close() override { listener.tell(SourceDown{}); }

  SourceListener listener;
  Deeds& deeds;
  std::size_t messages;
  std::size_t brought = 0;
  bool ended = false;
};

struct PromptSink final : Sink {
  PromptSink(TellSink tell_, Deeds& deeds_, Ticket raises_at_)
      : tell{std::move(tell_)}, deeds{deeds_}, raises_at{raises_at_} {}

  void open() override { tell(SinkUp{}); }
  void put(Ticket ticket, const message::Message&) override {
    deeds.note("put ", ticket);
    if (ticket == raises_at) std::raise(SIGTERM);  // NOLINT: cannot fail for SIGTERM
    tell(Confirmed{ticket});
  }
  void close() override { tell(SinkDown{}); }

  TellSink tell;
  Deeds& deeds;
  Ticket raises_at;
};

service::ExitCode run(Deeds& deeds, std::size_t messages, Ticket raises_at = 0) {
  Settings settings;
  settings.incoming.queue = {{"path", "/never/opened/in"}};
  settings.outgoing.queue = {{"path", "/never/opened/out"}};
  settings.reliable = true;
  settings.window = 10;
  MakeEnds ends;
  ends.source = [&](const auto&, const Settings&, SourceListener listener) {
    return std::make_unique<PromptSource>(std::move(listener), deeds, messages);
  };
  ends.sink = [&](const auto&, const Settings&, TellSink tell) {
    return std::make_unique<PromptSink>(std::move(tell), deeds, raises_at);
  };
  auto agent = Agent::make(settings, false, ends);
  if (!agent) {
    ADD_FAILURE() << agent.error().message;
    return agent.error().code;
  }
  return (*agent)->run();
}

TEST(Agent, BringsAMessageToItsEndBeforeItLooksAtTheNext) {
  Deeds deeds;
  EXPECT_EQ(run(deeds, 3), service::ExitCode::done);
  EXPECT_THAT(deeds.all, ElementsAre("put 1", "settle 1", "put 2", "settle 2", "put 3", "settle 3"));
}

TEST(Agent, HearsThatItShallLeaveInTheMiddleOfEndlessWork) {
  Deeds deeds;
  constexpr std::size_t endless = 10'000'000;
  EXPECT_EQ(run(deeds, endless, 100), service::ExitCode::done);
  EXPECT_LT(deeds.all.size(), 20'000U) << "within some turns of the loop";
  EXPECT_EQ(deeds.all.back(), "settle " + std::to_string(deeds.all.size() / 2))
      << "what was begun is finished";
}

}  // namespace
}  // namespace simplevisor::transfer
