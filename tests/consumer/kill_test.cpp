// Kills a consumer with SIGKILL at each step of a message's life, at several moments of a run, and shows that nothing is
// lost: once the stale locks are broken, every message has been handled at least once or is a dead letter.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/consumer/support.hpp"
#include "workers/consumer/consumer.hpp"
#include "workers/queue/side_files.hpp"

namespace simplevisor::consumer {
namespace {

constexpr int messages = 8;
constexpr int attempts = 2;

Settings settings_for(const std::string& queue, const std::string& handler, Protocol protocol) {
  Settings settings;
  settings.queues = {queue};
  settings.handler = {handler};
  settings.protocol = protocol;
  settings.window = 3;
  settings.attempts = attempts;
  settings.retry_delay = std::chrono::milliseconds{5};
  settings.durability = Sync::none;
  settings.until_empty = true;
  return settings;
}

// Runs a consumer in a process of its own that kills itself when `step` is passed for the `occurrence`th time.
// Returns true when it was killed, false when it came to its end before. Waits for its handlers too: they hold the pipe.
bool run_until_killed(const Settings& settings, std::optional<Step> step, int occurrence) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(null, STDERR_FILENO);
    int passed = 0;
    auto consumer = Consumer::open(settings, [&](Step at) {
      if (at == step && ++passed == occurrence) ::raise(SIGKILL);
    });
    if (!consumer) ::_exit(1);
    (*consumer)->run();
    ::_exit(0);
  }
  ::close(ends[1]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  std::array<char, 64> ignored{};
  while (::read(ends[0], ignored.data(), ignored.size()) > 0) {
  }
  ::close(ends[0]);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
  return WIFSIGNALED(status);
}

// What maxlock seconds would do, without waiting for them.
void break_all_locks(const std::string& path) {
  dirq::Queue queue = queue_at(path);
  const auto entries = queue.list().value();
  for (const auto& entry : entries) {
    if (!entry.locked) continue;
    ASSERT_TRUE(queue.unlock(entry.name));
  }
}

struct Ends {
  std::map<std::string, int> handled;
  std::map<std::string, int> dead;
};

class KilledConsumer : public testing::TestWithParam<std::tuple<int, Protocol>> {
 protected:
  TemporaryDirectory tmp;

  // Appends each body it has handled to a file; bodies that begin with "bad" fail.
  std::string handler(Protocol protocol) {
    if (protocol == Protocol::exec) {
      return script(tmp / "handle",
                    "#!/bin/sh\nread -r body\ncase $body in bad*) exit 1;; esac\necho $body >> " +
                        (tmp / "handled") + "\n");
    }
    return script(tmp / "handle", R"(#!/usr/bin/python3
import json, sys
for line in sys.stdin:
    m = json.loads(line)
    if m["op"] == "start": print('{"op":"ready","window":3}', flush=True)
    elif m["op"] == "handle":
        good = not m["message"]["body"].startswith("bad")
        if good: open(")" + (tmp / "handled") +
                                      R"(", "a").write(m["message"]["body"] + "\n")
        print(json.dumps({"seq": m["seq"], "action": "done" if good else "fail"}), flush=True)
)");
  }

  std::vector<std::string> fill(const std::string& queue) {
    std::vector<std::string> bodies;
    for (int i = 0; i < messages; ++i) {
      add(queue, bodies.emplace_back((i % 4 == 1 ? "bad" : "good") + std::to_string(i)));
    }
    return bodies;
  }

  Ends ends(const std::string& queue) {
    Ends ends;
    std::ifstream in{tmp / "handled"};
    for (std::string body; std::getline(in, body);) ++ends.handled[body];
    for (const auto& bytes : contents(queue + ".dead")) ++ends.dead[body_of(bytes)];
    return ends;
  }
};

TEST_P(KilledConsumer, LosesNothing) {
  const auto [step, protocol] = GetParam();
  int kills = 0;
  for (const int occurrence : {1, 2}) {
    std::error_code ignored;
    std::filesystem::remove(tmp / "handled", ignored);
    const std::string queue = tmp / ("jobs" + std::to_string(occurrence));
    const auto bodies = fill(queue);
    const Settings settings = settings_for(queue, handler(protocol), protocol);
    if (run_until_killed(settings, static_cast<Step>(step), occurrence)) ++kills;

    break_all_locks(queue);
    EXPECT_FALSE(run_until_killed(settings, std::nullopt, 0));

    const Ends found = ends(queue);
    for (const std::string& body : bodies) {
      EXPECT_GE(body.starts_with("bad") ? found.dead.count(body) : found.handled.count(body), 1U) << body;
    }
    // A dead letter is one: the move is a single step.
    for (const auto& [body, count] : found.dead) EXPECT_EQ(count, 1) << body;
    EXPECT_THAT(contents(queue), testing::IsEmpty());
  }
  // given_back is passed only by a consumer that is told to stop; every other step must have been met.
  EXPECT_TRUE(kills > 0 || static_cast<Step>(step) == Step::given_back);
}

INSTANTIATE_TEST_SUITE_P(AtEachStep, KilledConsumer,
                         testing::Combine(testing::Range(0, steps_count),
                                          testing::Values(Protocol::exec, Protocol::stream)));

class UnkilledConsumer : public KilledConsumer {};

TEST_P(UnkilledConsumer, HandlesEachMessageExactlyOnce) {
  const auto protocol = std::get<Protocol>(GetParam());
  const std::string queue = tmp / "jobs";
  const auto bodies = fill(queue);
  EXPECT_FALSE(run_until_killed(settings_for(queue, handler(protocol), protocol), std::nullopt, 0));
  const Ends found = ends(queue);
  for (const std::string& body : bodies) {
    EXPECT_EQ(body.starts_with("bad") ? found.dead.at(body) : found.handled.at(body), 1) << body;
  }
  EXPECT_EQ(found.handled.size() + found.dead.size(), bodies.size());
}

INSTANTIATE_TEST_SUITE_P(Both, UnkilledConsumer,
                         testing::Combine(testing::Values(0),
                                          testing::Values(Protocol::exec, Protocol::stream)));

}  // namespace
}  // namespace simplevisor::consumer
