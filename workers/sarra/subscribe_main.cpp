// workers/sarra/subscribe_main.cpp
//
// simplevisor-sarra: a transfer agent from a broker's announcements to a directory queue, or on to an exchange, with a
// subscriber's judgement in between.
#include <cstdlib>

#include "workers/sarra/command_line.hpp"
#include "workers/sarra/subscribe_settings.hpp"
#include "workers/service/guarded.hpp"
#include "workers/service/report.hpp"
#include "workers/transfer/agent.hpp"
#include "workers/transfer/ends.hpp"

namespace {

using namespace simplevisor::sarra;
namespace service = simplevisor::service;
namespace transfer = simplevisor::transfer;

bool supervised() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread
  return std::getenv("SIMPLEVISOR_PATH") != nullptr || std::getenv("NOTIFY_SOCKET") != nullptr;
}

int failed(const service::Error& error) {
  service::report("{}", error.message);
  return static_cast<int>(error.code);
}

using Executor = boost::asio::any_io_executor;

// What a subscriber has beside a transfer agent's ends. `subscriber` is moved from.
transfer::MakeEnds ends_of(Subscriber& subscriber) {
  transfer::MakeEnds ends;
  ends.source = [&subscriber](
                    const Executor& executor, const transfer::Settings& settings,
                    transfer::SourceListener listener) -> service::Result<std::unique_ptr<transfer::Source>> {
    auto subscription = std::make_unique<Subscription>(executor, std::move(subscriber.subscription),
                                                       std::move(subscriber.seen), std::move(listener));
    auto inner = transfer::make_source(executor, settings, subscription->listener_for_inner());
    if (!inner) return std::unexpected(std::move(inner).error());
    subscription->attach(*std::move(inner));
    return subscription;
  };
  if (!subscriber.post) return ends;
  ends.sink = [&subscriber](const Executor& executor, const transfer::Settings& settings,
                            transfer::TellSink tell) -> service::Result<std::unique_ptr<transfer::Sink>> {
    auto post = std::make_unique<PostSink>(*std::move(subscriber.post), std::move(tell));
    auto inner = transfer::make_sink(executor, settings, post->tell_of_inner());
    if (!inner) return std::unexpected(std::move(inner).error());
    post->attach(*std::move(inner));
    return post;
  };
  return ends;
}

int run(int argc, char** argv) {
  SubscribeSettings settings;
  const Program program{
      .name = "simplevisor-sarra",
      .purpose = "Writes the announcements of files that are wanted to a directory queue, or posts them on.",
      .exit_status =
          "0 done, 64 command line, 69 broker unavailable, 70 internal fault, 73 "
          "directory, 75 try again later,\n"
          "76 protocol, 77 authentication or permission, 78 settings."};
  if (const auto status = configure(argc, argv, program, subscribe_options(settings))) return *status;
  auto subscriber = prepare(settings);
  if (!subscriber) return failed(subscriber.error());
  const auto agent = transfer::Agent::make(subscriber->transfer, supervised(), ends_of(*subscriber));
  if (!agent) return failed(agent.error());
  return static_cast<int>((*agent)->run());
}

}  // namespace

int main(int argc, char** argv) {
  return simplevisor::service::guarded([&] { return run(argc, argv); });
}
