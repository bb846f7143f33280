// A tape of what the core was told gives every decision again.
#include <gmock/gmock.h>

#include <deque>
#include <random>

#include "supervisor/core/tree.hpp"
#include "supervisor/runtime/journal/replay.hpp"

namespace simplevisor::runtime::journal {
namespace {

using namespace std::chrono_literals;
using core::ChildSpec;
using core::Strategy;
using core::SupervisorSpec;
using testing::HasSubstr;

std::shared_ptr<ChildSpec> child(const std::string& name,
                                 std::shared_ptr<SupervisorSpec> supervisor = nullptr) {
  auto spec = std::make_shared<ChildSpec>();
  spec->name = name;
  spec->supervisor = std::move(supervisor);
  spec->shutdown = core::Shutdown{core::Shutdown::Kind::timed, 100ms};
  return spec;
}

// Two groups and a pool; restarts wait for a backoff with jitter, which hangs on the seed.
std::shared_ptr<const ChildSpec> tree() {
  const auto group = [](const std::string& name, Strategy strategy) {
    auto spec = std::make_shared<SupervisorSpec>();
    spec->strategy = strategy;
    spec->intensity = 3;
    spec->period = 2s;
    for (const char* worker : {"a", "b", "c"}) {
      auto made = child(name + "-" + worker);
      made->backoff.initial = 50ms;
      made->backoff.max = 400ms;
      made->backoff.jitter = 0.5;
      spec->children.push_back(std::move(made));
    }
    return child(name, std::move(spec));
  };
  auto pool = std::make_shared<SupervisorSpec>();
  pool->strategy = Strategy::simple_one_for_one;
  pool->intensity = 5;
  pool->on_exhausted = core::OnExhausted::cool_down;
  pool->cool_down = 300ms;
  pool->initial_instances = 4;
  pool->children.push_back(child("job"));
  auto root = std::make_shared<SupervisorSpec>();
  root->intensity = 1000;
  root->children = {group("all", Strategy::one_for_all), group("rest", Strategy::rest_for_one),
                    child("jobs", std::move(pool))};
  return child("root", std::move(root));
}

// A tree that is driven by chance, with a tape running.
class Recording {
 public:
  explicit Recording(std::uint64_t seed)
      : random_(seed),
        tree_(spec_, seed),
        tape_([this](std::string_view text) { written_ += text; },
              {.seed = seed, .configuration = "c", .version = "v", .time = "t", .now = nanoseconds()}) {
    tape_.hold("root/rest/rest-b", 0, true);
    tree_.hold(spec_->supervisor->children[1]->supervisor->children[1], 0);
    tree_.start();
    tape_.start();
    react();
  }

  void go_on(int steps) {
    for (int n = 0; n < steps; ++n) {
      now_ += std::chrono::microseconds(random_() % 60'000);
      if (random_() % 20 == 0) ask();
      if (!alive_.empty() && random_() % 3 != 0) {
        const auto place = random_() % alive_.size();
        post(core::WorkerExited{alive_[place].first, alive_[place].second,
                                static_cast<core::Ending>(random_() % 3)});
        alive_.erase(alive_.begin() + static_cast<std::ptrdiff_t>(place));
      }
      react();
    }
    tape_.flush();
  }

  std::deque<std::string> lines() const {
    std::deque<std::string> all;
    for (std::size_t at = 0; at < written_.size();) {
      const std::size_t end = written_.find('\n', at);
      all.push_back(written_.substr(at, end - at));
      at = end + 1;
    }
    return all;
  }
  const std::shared_ptr<const ChildSpec>& spec() const { return spec_; }
  const std::vector<core::Report>& reports() const { return reports_; }

 private:
  std::int64_t nanoseconds() const { return std::chrono::nanoseconds(now_.time_since_epoch()).count(); }
  void post(core::Event event) {
    tape_.posted(event);
    tree_.post(std::move(event));
  }
  void ask() {
    core::Request request;
    request.id = core::RequestId{++requests_};
    request.kind = static_cast<core::Request::Kind>(random_() % 2);
    request.hold = random_() % 2 == 0;
    request.child = "all-b";
    request.supervisor = tree_.child(tree_.root(), "all");
    if (request.supervisor != core::NodeId::none) post(std::move(request));
  }
  void react() {
    for (;;) {
      const auto next = tree_.next_deadline();
      tape_.run(now_, next && *next <= now_);
      const core::Actions actions = tree_.run(now_);
      if (actions.empty()) return;
      for (const core::Action& action : actions) {
        if (const auto* start = std::get_if<core::StartWorker>(&action)) {
          if (tree_.root_state() == core::Tree::RootState::running && random_() % 10 == 0) {
            post(core::WorkerStartFailed{start->node, start->life});
          } else {
            alive_.emplace_back(start->node, start->life);
            post(core::WorkerStarted{start->node, start->life});
          }
        } else if (const auto* stop = std::get_if<core::StopWorker>(&action)) {
          gone(stop->node, stop->life);
        } else if (const auto* report = std::get_if<core::Report>(&action)) {
          reports_.push_back(*report);
        }
      }
    }
  }
  void gone(core::NodeId node, core::Life life) {
    std::erase(alive_, std::pair(node, life));
    post(core::WorkerExited{node, life, core::Ending::shutdown});
  }

  std::mt19937_64 random_;
  std::shared_ptr<const ChildSpec> spec_ = tree();
  core::TimePoint now_{1000h};
  core::Tree tree_;
  std::string written_;
  Tape tape_;
  std::uint64_t requests_ = 0;
  std::vector<std::pair<core::NodeId, core::Life>> alive_;
  std::vector<core::Report> reports_;
};

Replayed played(const std::shared_ptr<const ChildSpec>& spec, std::deque<std::string> lines) {
  return replay(spec, [&]() -> std::optional<std::string> {
    if (lines.empty()) return std::nullopt;
    std::string line = std::move(lines.front());
    lines.pop_front();
    return line;
  });
}

TEST(Replay, GivesEveryDecisionAgain) {
  std::size_t decisions = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Recording recording(seed);
    recording.go_on(300);
    const Replayed replayed = played(tree(), recording.lines());
    EXPECT_EQ(replayed.trouble, "");
    EXPECT_EQ(replayed.head.seed, seed);
    ASSERT_EQ(replayed.decisions.size(), recording.reports().size()) << seed;
    for (std::size_t n = 0; n < replayed.decisions.size(); ++n)
      ASSERT_EQ(replayed.decisions[n].kind, kind_of(recording.reports()[n].kind)) << seed << ", " << n;
    decisions += replayed.decisions.size();
  }
  EXPECT_GT(decisions, 1000U);
}

TEST(Replay, AnotherSeedOrConfigurationOrLessOfTheTapeGivesOtherDecisions) {
  Recording recording(7);
  recording.go_on(300);
  const Replayed right = played(recording.spec(), recording.lines());
  auto lines = recording.lines();
  lines[0].replace(lines[0].find("\"seed\":7"), 8, "\"seed\":8");
  EXPECT_NE(played(recording.spec(), lines).decisions, right.decisions);
  lines = recording.lines();
  lines.erase(lines.begin() + 20);
  EXPECT_NE(played(recording.spec(), lines).decisions, right.decisions);
}

TEST(Replay, EndsWhereTheTapeIsFullOrSpoiltAndSaysSo) {
  Recording recording(3);
  recording.go_on(50);
  auto lines = recording.lines();
  lines[10] = tape_cut;
  EXPECT_TRUE(played(recording.spec(), lines).cut);
  EXPECT_EQ(played(recording.spec(), lines).trouble, "");
  for (const char* bad :
       {"", "{", "[]", "[1,2]", "[1,[\"exited\",1]]", "[1,[\"exited\",1,1,3]]", "[1,[\"what\"]]",
        "[\"hold\"]", "[\"hold\",\"root/none\",0]", "[\"hold\",1,0]", "{\"tape\":2}",
        "[1,[\"started\",-1,1]]", "[0]", "[1,[\"request\",1,9,0,\"\",0,0,0,false,false]]",
        "[\"hold\",\"root/a\",0,0]", "[[[[]]]]"}) {
    lines[10] = bad;
    EXPECT_THAT(played(recording.spec(), lines).trouble, HasSubstr("line 11 of the tape: ")) << bad;
  }
  EXPECT_THAT(played(recording.spec(), {}).trouble, HasSubstr("the tape is empty"));
  EXPECT_THAT(played(recording.spec(), {"[1]"}).trouble, HasSubstr("its first line is no head"));
  EXPECT_THAT(played(recording.spec(), {lines[0], lines[0]}).trouble, HasSubstr("a second head"));
}

TEST(Replay, NodesAndLivesThatNeverWereAreTakenAsTheCoreTakesThem) {
  Recording recording(3);
  recording.go_on(1);
  const std::string head = recording.lines().front();
  const std::string late = std::to_string(std::chrono::nanoseconds(1001h).count());
  EXPECT_EQ(
      played(
          recording.spec(),
          {head,
           "[" + late +
               R"(,["exited",4294967295,1,2],["started",77,18446744073709551615],["stop"],["hurry"],["extended",9,1,5]])",
           "[" + late + R"(,["request",1,3,4000000000,"x",1,1,1,true,true]])"})
          .trouble,
      "");
}

}  // namespace
}  // namespace simplevisor::runtime::journal
