// tests/config/load_test.cpp
//
// What the loader makes of configurations that are valid. Those that are not: complaints_test.cpp.
#include "supervisor/config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "supervisor/config/substitute.hpp"
#include "tests/config/tree_files.hpp"

namespace simplevisor::config {
namespace {

using core::AutoShutdown;
using core::OnExhausted;
using core::Restart;
using core::Shutdown;
using core::Strategy;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
using testing::Pair;

std::vector<std::string> names(const core::SupervisorSpec& supervisor) {
  std::vector<std::string> all;
  for (const auto& child : supervisor.children) all.push_back(child->name);
  return all;
}

TEST(Load, WithoutSupervisorsTheRootIsImpliedAndHoldsAllInOrderOfTheText) {
  const TreeFiles files;
  const auto loaded = files.good(R"(
    [worker.zulu]
    command = ["z"]
    [pool.mike]
    command = ["m"]
    [worker.alpha]
    command = ["a"]
  )");
  EXPECT_EQ(loaded.root->name, "root");
  EXPECT_EQ(loaded.root->shutdown, Shutdown::infinity());
  EXPECT_EQ(loaded.root->supervisor->strategy, Strategy::one_for_one);
  EXPECT_THAT(names(*loaded.root->supervisor), ElementsAre("zulu", "mike", "alpha"));
  EXPECT_EQ(program(loaded, "alpha").path, "root/alpha");
}

TEST(Load, DefaultsAreThoseOfOtp) {
  const TreeFiles files;
  const auto loaded = files.good(R"(
    [supervisor.root]
    children = ["sub", "w"]
    [supervisor.sub]
    [worker.w]
    command = ["w"]
  )");
  const auto& root = *loaded.root->supervisor;
  EXPECT_EQ(root.intensity, 1u);
  EXPECT_EQ(root.period, seconds{5});
  EXPECT_EQ(root.auto_shutdown, AutoShutdown::never);
  EXPECT_EQ(root.on_exhausted, OnExhausted::escalate);
  EXPECT_TRUE(root.ordered);
  const auto& sub = *root.children[0];
  EXPECT_EQ(sub.restart, Restart::permanent);
  EXPECT_EQ(sub.shutdown, Shutdown::infinity());
  const auto& worker = *root.children[1];
  EXPECT_EQ(worker.restart, Restart::permanent);
  EXPECT_EQ(worker.shutdown, Shutdown::timed(seconds{5}));
  EXPECT_EQ(worker.backoff, core::Backoff{});
  EXPECT_FALSE(worker.significant);
}

TEST(Load, ReadsEveryKeyOfASupervisor) {
  const TreeFiles files;
  const auto loaded = files.good(R"(
    [simplevisor]
    root = "top"
    [supervisor.top]
    auto_shutdown = "any_significant"
    children = ["s"]
    [supervisor.s]
    strategy = "one_for_one"
    intensity = 7
    period = "2min"
    auto_shutdown = "all_significant"
    on_exhausted = "cool_down"
    cool_down = "90s"
    ordered = false
    max_concurrent = 12
    restart = "temporary"
    significant = true
    shutdown = "1h"
  )");
  EXPECT_EQ(loaded.root->name, "top");
  const core::ChildSpec& child = *loaded.root->supervisor->children[0];
  EXPECT_EQ(child.restart, Restart::temporary);
  EXPECT_TRUE(child.significant);
  EXPECT_EQ(child.shutdown, Shutdown::timed(std::chrono::hours{1}));
  const core::SupervisorSpec& spec = *child.supervisor;
  EXPECT_EQ(spec.intensity, 7u);
  EXPECT_EQ(spec.period, seconds{120});
  EXPECT_EQ(spec.auto_shutdown, AutoShutdown::all_significant);
  EXPECT_EQ(spec.on_exhausted, OnExhausted::cool_down);
  EXPECT_EQ(spec.cool_down, seconds{90});
  EXPECT_FALSE(spec.ordered);
  EXPECT_EQ(spec.max_concurrent, 12u);
}

TEST(Load, ReadsEveryKeyOfAWorker) {
  const TreeFiles files;
  const auto loaded = files.good(R"(
    [worker.w]
    command = ["/bin/true", "", "{name}", "{{}}"]
    restart = "transient"
    shutdown = "brutal_kill"
    backoff = { initial = "100ms", factor = 3, max = "1min", jitter = 0.5, healthy_after = 0 }
    env = { B = "2", A = "{path}" }
    env_file = "w.env"
    cwd = "/tmp/"
    user = "nobody"
    group = "nogroup"
    umask = "027"
    nice = -5
    limits = { nofile = { soft = 10, hard = 20 }, core = 0, as = "1GiB", stack = "unlimited" }
    stop_signal = "INT"
    stdout = "null"
    stderr = { file = "w.err" }
    ready = "fd"
    ready_fd = 9
    start_timeout = "3s"
    watchdog = "1min"
  )");
  const core::ChildSpec& child = *loaded.root->supervisor->children[0];
  EXPECT_EQ(child.restart, Restart::transient);
  EXPECT_EQ(child.shutdown, Shutdown::brutal_kill());
  EXPECT_EQ(child.backoff, (core::Backoff{milliseconds{100}, 3.0, seconds{60}, 0.5, milliseconds{0}}));
  const Program& w = *loaded.programs.at(child.program);
  EXPECT_EQ(w.name, "w");
  EXPECT_EQ(*w.where.file, files.path("tree.toml"));
  EXPECT_EQ(w.where.line, 2u);
  EXPECT_EQ(w.where.column, 13u);
  EXPECT_FALSE(w.pool);
  EXPECT_EQ(w.with_json, "");
  EXPECT_THAT(w.command, ElementsAre("/bin/true", "", "w", "{{}}"));
  const auto& setup = *w.setup;
  EXPECT_THAT(setup.env, ElementsAre(Pair("A", "root/w"), Pair("B", "2")));
  EXPECT_EQ(setup.env_file, files.path("w.env"));
  EXPECT_EQ(setup.cwd, "/tmp");
  EXPECT_EQ(setup.user, "nobody");
  EXPECT_EQ(setup.group, "nogroup");
  EXPECT_EQ(setup.umask, 027u);
  EXPECT_EQ(setup.nice, -5);
  EXPECT_THAT(setup.limits,
              testing::UnorderedElementsAre(Limit{RLIMIT_NOFILE, 10, 20}, Limit{RLIMIT_CORE, 0, 0},
                                            Limit{RLIMIT_AS, 1u << 30, 1u << 30},
                                            Limit{RLIMIT_STACK, RLIM_INFINITY, RLIM_INFINITY}));
  EXPECT_EQ(setup.stop_signal, SIGINT);
  EXPECT_EQ(setup.stdout_to, (Output{Output::Kind::null, ""}));
  EXPECT_EQ(setup.stderr_to, (Output{Output::Kind::file, files.path("w.err")}));
  EXPECT_EQ(setup.ready, (Readiness{Readiness::Kind::fd, 9, milliseconds{0}}));
  EXPECT_EQ(setup.start_timeout, seconds{3});
  EXPECT_EQ(setup.watchdog, seconds{60});
}

TEST(Load, ReadsUmasksAndSignalsInEverySpelling) {
  const TreeFiles files;
  for (const char* umask : {"\"022\"", "\"0022\"", "\"22\"", "\"0o022\"", "0o022", "18"}) {
    const auto loaded = files.good(std::string{"[worker.w]\ncommand=[\"x\"]\numask="} + umask);
    EXPECT_EQ(loaded.programs[0]->setup->umask, 022u) << umask;
  }
  for (const char* name : {"\"SIGUSR1\"", "\"USR1\"", "10"}) {
    const auto loaded = files.good(std::string{"[worker.w]\ncommand=[\"x\"]\nstop_signal="} + name);
    EXPECT_EQ(loaded.programs[0]->setup->stop_signal, SIGUSR1) << name;
  }
}

TEST(Load, ReadsEveryKeyOfTheSupervisorItself) {
  const TreeFiles files;
  const auto loaded = files.good(R"(
    [simplevisor]
    name = "host-1"
    state_dir = "state/"
    [simplevisor.log]
    level = "warn"
    stderr = false
    file = "log/{}.log"
    file_size = "1MiB"
    file_count = 3
    syslog = "local7"
    json = true
    [simplevisor.capture]
    size = "64KiB"
    files = 0
    [worker.w]
    command = ["w"]
  )");
  const Settings& settings = loaded.settings;
  EXPECT_EQ(settings.name, "host-1");
  EXPECT_EQ(settings.state_dir, files.path("state"));
  EXPECT_EQ(settings.log.level, "warn");
  EXPECT_FALSE(settings.log.to_stderr);
  EXPECT_EQ(settings.log.file, files.path("log/{}.log"));
  EXPECT_EQ(settings.log.file_max_bytes, 1u << 20);
  EXPECT_EQ(settings.log.file_count, 3u);
  EXPECT_EQ(settings.log.syslog, "local7");
  EXPECT_TRUE(settings.log.json);
  EXPECT_EQ(settings.capture.max_bytes, 65'536u);
  EXPECT_EQ(settings.capture.files, 0u);
  EXPECT_THAT(loaded.files, ElementsAre(files.path("tree.toml")));
}

TEST(Load, KeepsStateWhereTheUserKeepsStateUnlessToldOtherwise) {
  TreeFiles files;
  const std::string text = "[simplevisor]\nname = \"n\"\n[worker.w]\ncommand = [\"w\"]\n";
  EXPECT_EQ(files.good(text).settings.state_dir, "/home/user/.local/state/simplevisor/n");
  files.options.environment = Variables{{"HOME", "/home/user"}, {"XDG_STATE_HOME", "/xdg/"}};
  EXPECT_EQ(files.good(text).settings.state_dir, "/xdg/simplevisor/n");
  files.options.environment = Variables{{"HOME", "/home/user"}, {"XDG_STATE_HOME", "relative"}};
  EXPECT_EQ(files.good(text).settings.state_dir, "/home/user/.local/state/simplevisor/n");
  files.options.environment = Variables{};
  EXPECT_THAT(
      files.complaints(),
      ElementsAre(
          "tree.toml:1:1: simplevisor.state_dir: has no default: neither XDG_STATE_HOME nor HOME is set"));
  files.options.uid = 0;
  EXPECT_EQ(files.good(text).settings.state_dir, "/var/lib/simplevisor/n");
}

TEST(Load, APoolIsASupervisorOfEqualWorkers) {
  const TreeFiles files;
  const auto loaded = files.good(R"(
    [supervisor.root]
    children = ["p"]
    [pool.p]
    command = ["p", "{instance}"]
    size = 4
    intensity = 9
    period = "1min"
    restart = "transient"
    significant = true
    auto_shutdown = "all_significant"
    shutdown = "2s"
    backoff = { initial = "1s" }
    ordered = false
  )");
  const core::ChildSpec& pool = *loaded.root->supervisor->children[0];
  EXPECT_EQ(pool.name, "p");
  EXPECT_EQ(pool.restart, Restart::permanent);
  EXPECT_EQ(pool.shutdown, Shutdown::infinity());
  EXPECT_FALSE(pool.significant);
  const core::SupervisorSpec& spec = *pool.supervisor;
  EXPECT_EQ(spec.strategy, Strategy::simple_one_for_one);
  EXPECT_EQ(spec.initial_instances, 4u);
  EXPECT_EQ(spec.intensity, 9u);
  EXPECT_FALSE(spec.ordered);
  EXPECT_EQ(spec.auto_shutdown, AutoShutdown::all_significant);
  ASSERT_EQ(spec.children.size(), 1u);
  const core::ChildSpec& instance = *spec.children[0];
  EXPECT_EQ(instance.restart, Restart::transient);
  EXPECT_TRUE(instance.significant);
  EXPECT_EQ(instance.shutdown, Shutdown::timed(seconds{2}));
  EXPECT_EQ(instance.backoff.initial, seconds{1});
  const Program& p = *loaded.programs.at(instance.program);
  EXPECT_TRUE(p.pool);
  EXPECT_EQ(p.path, "root/p");
  EXPECT_THAT(p.command, ElementsAre("p", "{instance}"));
}

TEST(Load, ANodesOwnKeysWinOverItsKindsAndTablesMerge) {
  const TreeFiles files;
  const auto loaded = files.good(R"(
    [kind.k]
    command = ["k", "{with}"]
    user = "of-kind"
    group = "of-kind"
    env = { A = "kind", B = "kind" }
    limits = { core = 1, nofile = 2 }
    backoff = { initial = "1s", max = "10s" }
    with = { port = 61613, tls = { on = true } }
    size = 7
    restart = "temporary"
    [worker.w]
    kind = "k"
    user = "own"
    env = { B = "own", C = "own" }
    limits = { nofile = 3 }
    backoff = { max = "20s" }
    with = { host = "h", tls = { ca = "x" } }
    [pool.p]
    kind = "k"
    restart = "permanent"
  )");
  const Program& w = program(loaded, "w");
  EXPECT_THAT(w.command, ElementsAre("k", "{with}"));
  EXPECT_EQ(w.setup->user, "own");
  EXPECT_EQ(w.setup->group, "of-kind");
  EXPECT_EQ(w.setup->kind, "k");
  EXPECT_THAT(w.setup->env, ElementsAre(Pair("A", "kind"), Pair("B", "own"), Pair("C", "own")));
  EXPECT_THAT(w.setup->limits,
              testing::UnorderedElementsAre(Limit{RLIMIT_CORE, 1, 1}, Limit{RLIMIT_NOFILE, 3, 3}));
  EXPECT_EQ(w.with_json, R"({"host":"h","port":61613,"tls":{"ca":"x"}})");
  const core::ChildSpec& child = *find(*loaded.root, "w");
  EXPECT_EQ(child.restart, Restart::temporary);
  EXPECT_EQ(child.backoff.initial, seconds{1});
  EXPECT_EQ(child.backoff.max, seconds{20});
  const core::ChildSpec& pool = *find(*loaded.root, "p");
  EXPECT_EQ(pool.supervisor->initial_instances, 7u);
  EXPECT_EQ(pool.supervisor->children[0]->restart, Restart::permanent);
}

TEST(Load, KindsShipWithTheProjectAndUsersMayReplaceThem) {
  TreeFiles files;
  files.write("first/a.toml", "[kind.k]\ncommand = [\"first\"]\n");
  files.write("second/a.toml", "[kind.k]\ncommand = [\"second\"]\n[kind.l]\ncommand = [\"l\"]\n");
  files.options.kinds_dirs = {files.path("first"), files.path("missing"), files.path("second")};
  auto loaded = files.good("[worker.a]\nkind = \"k\"\n[worker.b]\nkind = \"l\"\n");
  EXPECT_THAT(program(loaded, "a").command, ElementsAre("first"));
  EXPECT_THAT(program(loaded, "b").command, ElementsAre("l"));
  loaded = files.good("[worker.a]\nkind = \"k\"\n[kind.k]\ncommand = [\"own\"]\n");
  EXPECT_THAT(program(loaded, "a").command, ElementsAre("own"));
}

TEST(Load, TheShippedKindsAreValid) {
  TreeFiles files;
  files.options.kinds_dirs = {SOURCE_DIR "/tree-configs/kinds"};
  const auto loaded = files.good(R"(
    [pool.c]
    kind = "consumer"
    with = { queue = "q", handler = ["h"] }
  )");
  EXPECT_THAT(program(loaded, "c").command, ElementsAre("/opt/bin/simplevisor-consumer", "--with", "{with}"));
  EXPECT_EQ(program(loaded, "c").setup->ready.kind, Readiness::Kind::notify);
}

TEST(Load, PathsAreRelativeToTheFileThatHoldsThem) {
  TreeFiles files;
  files.write("kinds/k.toml", "[kind.k]\ncommand = [\"./run\"]\ncwd = \"work\"\n");
  files.options.kinds_dirs = {files.path("kinds")};
  files.write("conf.d/a.toml", R"(
    [worker.a]
    command = ["../bin/a", "./argument"]
    cwd = "{name}"
    env_file = "a.env"
    stdout = { file = "{state_dir}/{name}.out" }
    [worker.b]
    kind = "k"
    [worker.c]
    command = ["searched-in-path"]
    [worker.d]
    command = ["{bin_dir}/d"]
  )");
  const auto loaded = files.good("[simplevisor]\ninclude = [\"conf.d/*.toml\"]\nstate_dir = \"s\"\n");
  const Program& a = program(loaded, "a");
  EXPECT_THAT(a.command, ElementsAre(files.path("bin/a"), "./argument"));
  EXPECT_EQ(a.setup->cwd, files.path("conf.d/a"));
  EXPECT_EQ(a.setup->env_file, files.path("conf.d/a.env"));
  EXPECT_EQ(a.setup->stdout_to.path, files.path("s/a.out"));
  EXPECT_THAT(program(loaded, "b").command, ElementsAre(files.path("kinds/run")));
  EXPECT_EQ(program(loaded, "b").setup->cwd, files.path("kinds/work"));
  EXPECT_THAT(program(loaded, "c").command, ElementsAre("searched-in-path"));
  EXPECT_THAT(program(loaded, "d").command, ElementsAre("/opt/bin/d"));
}

TEST(Load, ADirectoryWithBracesAndStarsIsADirectory) {
  const TreeFiles files;
  files.write("{name}*[x]/tree.toml", "[simplevisor]\ninclude = [\"*.inc\"]\n");
  files.write("{name}*[x]/w.inc", "[worker.w]\ncommand = [\"./w\"]\n");
  const auto loaded = config::load(files.path("{name}*[x]/tree.toml"), files.options);
  ASSERT_TRUE(loaded) << loaded.error()[0].to_string();
  EXPECT_EQ(expand(loaded->programs[0]->command[0], {}, {}), files.path("{name}*[x]/w"));
}

TEST(Load, IncludesAreReadInOrderEachOnce) {
  const TreeFiles files;
  files.write("b.toml", "[worker.b]\ncommand = [\"b\"]\n");
  files.write("a.toml", "[simplevisor]\ninclude = [\"sub/*.toml\"]\n[worker.a]\ncommand = [\"a\"]\n");
  files.write("sub/c.toml", "[worker.c]\ncommand = [\"c\"]\n");
  const auto loaded = files.good(
      "[simplevisor]\ninclude = [\"b.toml\", \"[ab].toml\", \"sub/../sub/c.toml\"]\n[worker.m]\ncommand = "
      "[\"m\"]\n");
  EXPECT_THAT(loaded.files, ElementsAre(files.path("tree.toml"), files.path("b.toml"), files.path("a.toml"),
                                        files.path("sub/c.toml")));
  EXPECT_THAT(names(*loaded.root->supervisor), ElementsAre("m", "b", "a", "c"));
}

TEST(Load, WithBecomesJsonOfTheSameMeaning) {
  const TreeFiles files;
  const auto loaded = files.good(R"(
    [worker.w]
    command = ["w", "{with}"]
    [worker.w.with]
    text = "a\"b\\c\n\u0001\u00e9{name}"
    whole = -42
    real = 2.0
    small = 1e-9
    yes = true
    list = [1, "two", [3.5], {}]
    day = 2024-02-29
    moment = 2024-02-29T12:34:56.5Z
    "odd key" = ""
  )");
  EXPECT_EQ(program(loaded, "w").with_json,
            R"({"day":"2024-02-29","list":[1,"two",[3.5],{}],"moment":"2024-02-29T12:34:56.5Z","odd key":"",)"
            R"("real":2.0,"small":1e-09,"text":"a\"b\\c\u000a\u0001)"
            "\u00e9"
            R"({name}","whole":-42,"yes":true})");
}

TEST(Load, AnEmptyWithIsATableToo) {
  const TreeFiles files;
  const auto loaded = files.good("[worker.w]\ncommand = [\"w\", \"{with}\"]\nwith = {}\n");
  EXPECT_EQ(program(loaded, "w").with_json, "{}");
}

TEST(Load, EqualSetupsAreShared) {
  const TreeFiles files;
  const auto loaded = files.good(R"(
    [worker.a]
    command = ["a"]
    env = { X = "1" }
    [worker.b]
    command = ["b"]
    env = { X = "1" }
    [worker.c]
    command = ["c"]
    env = { X = "{name}" }
  )");
  EXPECT_EQ(program(loaded, "a").setup, program(loaded, "b").setup);
  EXPECT_NE(program(loaded, "a").setup, program(loaded, "c").setup);
}

TEST(Load, WarnsOfWhatThisMachineLacksWhenAsked) {
  TreeFiles files;
  files.write("bad.env", "nonsense\n");
  files.write("not-executable", "");
  const std::string text = R"([worker.a]
command = ["./missing"]
user = "no-such-user"
group = "no-such-group"
env_file = "missing.env"
[worker.b]
command = ["./not-executable"]
env_file = "bad.env"
user = "12345"
[worker.c]
command = ["not-in-path"]
[worker.d]
command = ["/bin/sh"]
user = "root"
group = "root"
[kind.k]
command = ["/"]
[worker.e]
kind = "k"
[worker.f]
kind = "k"
)";
  EXPECT_THAT(files.good(text).warnings, IsEmpty());
  files.options.warnings = true;
  EXPECT_THAT(
      files.texts(files.good(text).warnings),
      ElementsAre(
          "tree.toml:2:12: worker.a.command[0]: \"missing\" cannot be executed now: No such file or "
          "directory",
          "tree.toml:3:8: worker.a.user: user \"no-such-user\" is unknown here",
          "tree.toml:4:9: worker.a.group: group \"no-such-group\" is unknown here",
          "tree.toml:5:12: worker.a.env_file: missing.env: cannot be read: No such file or directory",
          "tree.toml:7:12: worker.b.command[0]: \"not-executable\" cannot be executed now: Permission denied",
          "tree.toml:8:12: worker.b.env_file: bad.env:1: not a NAME=VALUE line",
          "tree.toml:17:12: worker.e.command[0]: \"/\" cannot be executed now: Permission denied"));
}

TEST(Load, ReadyAfterATimeNeedsTheTimeOnly) {
  const TreeFiles files;
  const auto loaded = files.good(R"(
    [kind.k]
    command = ["k"]
    ready = "after"
    ready_after = "2s"
    [worker.a]
    kind = "k"
    [worker.b]
    kind = "k"
    ready = "exec"
  )");
  EXPECT_EQ(program(loaded, "a").setup->ready, (Readiness{Readiness::Kind::after, 3, seconds{2}}));
  EXPECT_EQ(program(loaded, "b").setup->ready.kind, Readiness::Kind::exec);
}

}  // namespace
}  // namespace simplevisor::config
