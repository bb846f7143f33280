// tests/config/complaints_test.cpp
//
// Every complaint there is, word for word. One row is one configuration and all it is refused for, in order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/config/tree_files.hpp"

namespace simplevisor::config {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

struct Row {
  const char* text;
  std::vector<std::string> complaints;
};

class Refused : public testing::TestWithParam<Row> {};

TEST_P(Refused, WithThisComplaint) {
  const TreeFiles files;
  EXPECT_THAT(files.complaints(GetParam().text), ElementsAreArray(GetParam().complaints)) << GetParam().text;
}

// Lines 1 and 2 of many rows: a worker that is valid so far.
#define WORKER "[worker.w]\ncommand = [\"w\"]\n"
#define ROOT(children) "[supervisor.root]\nchildren = [" children "]\n"

const std::vector<Row> syntax{
    {"[worker.w", {"tree.toml:1:10: Error while parsing table header: encountered end-of-file"}},
    {"", {"tree.toml:1:1: nothing to supervise: no [worker.NAME], [pool.NAME] or [supervisor.NAME]"}},
    {"[simplevisor]\n",
     {"tree.toml:1:1: nothing to supervise: no [worker.NAME], [pool.NAME] or [supervisor.NAME]"}},
};

const std::vector<Row> keys{
    {WORKER "comand = 1\n", {"tree.toml:3:1: worker.w.comand: unknown key (did you mean \"command\"?)"}},
    {WORKER "xyzzy = 1\n", {"tree.toml:3:1: worker.w.xyzzy: unknown key"}},
    {WORKER "backoff = { initail = 0 }\n",
     {"tree.toml:3:13: worker.w.backoff.initail: unknown key (did you mean \"initial\"?)"}},
    {WORKER "size = 3\n", {"tree.toml:3:1: worker.w.size: unknown key"}},
    {WORKER "[simplevisor.log]\nlevle = 1\n",
     {"tree.toml:4:1: simplevisor.log.levle: unknown key (did you mean \"level\"?)"}},
    {WORKER "[wroker.x]\n", {"tree.toml:3:2: wroker: unknown table (did you mean \"worker\"?)"}},
    {WORKER "[service.httpd]\n", {"tree.toml:3:10: service.httpd: not supported by this version"}},
    {"service = 1\n" WORKER, {"tree.toml:1:1: service: not supported by this version"}},
    {"pool = 1\n" WORKER, {"tree.toml:1:1: pool: must be a table, not an integer"}},
    {"simplevisor = 1\n" WORKER, {"tree.toml:1:1: simplevisor: must be a table, not an integer"}},
    {"[worker]\ncommand = [\"x\"]\n",
     {"tree.toml:2:1: worker.command: must be a table, [worker.NAME], not an array"}},
    {"[[worker.x]]\n", {"tree.toml:1:10: worker.x: must be a table, [worker.NAME], not an array"}},
    {"[kind.k]\nkind = \"l\"\n" WORKER, {"tree.toml:2:1: kind.k.kind: unknown key"}},
};

const std::vector<Row> values{
    {"[worker.w]\ncommand = \"w\"\n",
     {"tree.toml:2:11: worker.w.command: must be an array of strings, program and arguments, not a string"}},
    {"[worker.w]\ncommand = 1\n",
     {"tree.toml:2:11: worker.w.command: must be an array of strings, not an integer"}},
    {"[worker.w]\ncommand = []\n", {"tree.toml:2:11: worker.w.command: must not be empty"}},
    {"[worker.w]\ncommand = [\"\"]\n", {"tree.toml:2:12: worker.w.command[0]: must not be empty"}},
    {"[worker.w]\ncommand = [\"w\", 1]\n",
     {"tree.toml:2:17: worker.w.command[1]: must be a string, not an integer"}},
    {"[worker.w]\ncommand = [\"w\", \"a\\u0000b\"]\n",
     {"tree.toml:2:17: worker.w.command[1]: contains a NUL character"}},
    {"[worker.w]\n", {"tree.toml:1:9: worker.w: has no `command`"}},
    {"[kind.k]\n[worker.w]\nkind = \"k\"\n",
     {"tree.toml:2:9: worker.w: has no `command`, and its kind has none"}},
    {WORKER "kind = \"k\"\n[kind.kk]\n",
     {"tree.toml:3:8: worker.w.kind: there is no [kind.k] (did you mean \"kk\"?)"}},
    {WORKER "kind = 7\n", {"tree.toml:3:8: worker.w.kind: must be a string, not an integer"}},
    {WORKER "restart = \"tranzient\"\n",
     {"tree.toml:3:11: worker.w.restart: must be \"permanent\", \"transient\" or \"temporary\" (did you mean "
      "\"transient\"?)"}},
    {WORKER "restart = true\n",
     {"tree.toml:3:11: worker.w.restart: must be \"permanent\", \"transient\" or \"temporary\", not a "
      "boolean"}},
    {WORKER "significant = \"yes\"\n",
     {"tree.toml:3:15: worker.w.significant: must be true or false, not a string"}},
    {WORKER "nice = 20\n", {"tree.toml:3:8: worker.w.nice: must be -20 to 19, not 20"}},
    {WORKER "nice = 1.5\n", {"tree.toml:3:8: worker.w.nice: must be an integer, not a float"}},
    {WORKER "nice = 2024-01-01\n", {"tree.toml:3:8: worker.w.nice: must be an integer, not a date or time"}},
    {WORKER "user = \"\"\n", {"tree.toml:3:8: worker.w.user: must not be empty"}},
    {WORKER "user = 0\n", {"tree.toml:3:8: worker.w.user: must be a string, not an integer"}},
    {WORKER "cwd = \"~/x\"\n",
     {"tree.toml:3:7: worker.w.cwd: \"~\" is not expanded: write the whole path, or \"./~\""}},
    {WORKER "cwd = \"{instance}\"\n",
     {"tree.toml:3:7: worker.w.cwd: {instance} is known only when a worker starts: not in a path"}},
    {WORKER "env = { A = 1 }\n",
     {"tree.toml:3:13: worker.w.env.A: must be a string, not an integer: put it in quotes"}},
    {WORKER "env = { A = [] }\n", {"tree.toml:3:13: worker.w.env.A: must be a string, not an array"}},
    {WORKER "env = { \"A B\" = \"\" }\n",
     {"tree.toml:3:9: worker.w.env.\"A B\": not a name of a variable: letters, digits and _, no digit "
      "first"}},
    {WORKER "env = []\n", {"tree.toml:3:7: worker.w.env: must be a table of strings, not an array"}},
    {WORKER "with = []\n", {"tree.toml:3:8: worker.w.with: must be a table, not an array"}},
    {WORKER "with = { a = [1.0, inf] }\n",
     {"tree.toml:3:14: worker.w.with.a: JSON knows no infinity and no NaN"}},
    {WORKER "limits = 5\n", {"tree.toml:3:10: worker.w.limits: must be a table, not an integer"}},
    {WORKER "limits = { nofile = -1 }\n",
     {"tree.toml:3:21: worker.w.limits.nofile: must not be negative; for no limit write \"unlimited\""}},
    {WORKER "limits = { nofile = \"unlimted\" }\n",
     {"tree.toml:3:21: worker.w.limits.nofile: must be an integer or \"unlimited\" (did you mean "
      "\"unlimited\"?)"}},
    {WORKER "limits = { core = true }\n",
     {"tree.toml:3:19: worker.w.limits.core: must be an integer, a size (such as \"64MiB\") or "
      "\"unlimited\", not a "
      "boolean"}},
    {WORKER "limits = { core = \"18446744073709551615B\" }\n",
     {"tree.toml:3:19: worker.w.limits.core: \"18446744073709551615B\" is too large"}},
    {WORKER "limits = { core = { soft = 1 } }\n",
     {"tree.toml:3:19: worker.w.limits.core: needs both `soft` and `hard`"}},
    {WORKER "limits = { core = { soft = 2, hard = 1 } }\n",
     {"tree.toml:3:19: worker.w.limits.core: `soft` must not be above `hard`"}},
    {WORKER "limits = { core = { soft = 2, hrad = 1 } }\n",
     {"tree.toml:3:31: worker.w.limits.core.hrad: unknown key (did you mean \"hard\"?)"}},
    {WORKER "limits = { nofiles = 1 }\n",
     {"tree.toml:3:12: worker.w.limits.nofiles: unknown key (did you mean \"nofile\"?)"}},
    {WORKER "umask = \"8\"\n",
     {"tree.toml:3:9: worker.w.umask: must be an octal mask of at most 777, such as \"022\""}},
    {WORKER "umask = \"1000\"\n",
     {"tree.toml:3:9: worker.w.umask: must be an octal mask of at most 777, such as \"022\""}},
    {WORKER "umask = 512\n",
     {"tree.toml:3:9: worker.w.umask: must be 0 to 0o777; write it in octal: 0o022 or \"022\""}},
    {WORKER "umask = 0.5\n",
     {"tree.toml:3:9: worker.w.umask: must be an octal mask (\"022\" or 0o022), not a float"}},
    {WORKER "stop_signal = \"SIGTREM\"\n",
     {"tree.toml:3:15: worker.w.stop_signal: not the name of a signal (such as \"SIGTERM\" or \"INT\") (did "
      "you mean "
      "\"SIGTERM\"?)"}},
    {WORKER "stop_signal = 65\n", {"tree.toml:3:15: worker.w.stop_signal: must be 1 to 64, not 65"}},
    {WORKER "stop_signal = []\n",
     {"tree.toml:3:15: worker.w.stop_signal: must be the name or number of a signal, not an array"}},
    {WORKER "stdout = \"nul\"\n",
     {"tree.toml:3:10: worker.w.stdout: must be \"capture\", \"inherit\", \"null\" or { file = \"path\" } "
      "(did you mean "
      "\"null\"?)"}},
    {WORKER "stdout = 1\n",
     {"tree.toml:3:10: worker.w.stdout: must be \"capture\", \"inherit\", \"null\" or { file = \"path\" }, "
      "not an "
      "integer"}},
    {WORKER "stdout = {}\n", {"tree.toml:3:10: worker.w.stdout: needs a `file`"}},
    {WORKER "stdout = { flie = \"x\" }\n",
     {"tree.toml:3:12: worker.w.stdout.flie: unknown key (did you mean \"file\"?)"}},
    {WORKER "stdout = { file = 5 }\n",
     {"tree.toml:3:19: worker.w.stdout.file: must be a string, not an integer"}},
    {WORKER "ready = \"after\"\n", {"tree.toml:3:9: worker.w.ready: \"after\" needs a `ready_after`"}},
    {WORKER "ready_after = \"1s\"\n",
     {"tree.toml:3:15: worker.w.ready_after: means nothing without `ready = \"after\"`"}},
    {WORKER "ready_fd = 5\n", {"tree.toml:3:12: worker.w.ready_fd: means nothing without `ready = \"fd\"`"}},
    {WORKER "ready = \"fd\"\nready_fd = 2\n", {"tree.toml:4:12: worker.w.ready_fd: must be 3 to 255, not 2"}},
    {"[pool.p]\ncommand = [\"p\"]\nsize = { min = 1, max = 3 }\n",
     {"tree.toml:3:8: pool.p.size: elastic sizes are not supported by this version: give one number, 0 to "
      "10000"}},
    {"[pool.p]\ncommand = [\"p\"]\nsize = -1\n", {"tree.toml:3:8: pool.p.size: must be 0 to 10000, not -1"}},
};

const std::vector<Row> units{
    {WORKER "start_timeout = 20\n",
     {"tree.toml:3:17: worker.w.start_timeout: a duration needs a unit: \"20s\"?"}},
    {WORKER "start_timeout = \"20\"\n",
     {"tree.toml:3:17: worker.w.start_timeout: \"20\" needs a unit: d, h, min (or m), s or ms"}},
    {WORKER "start_timeout = \"20 sec\"\n",
     {"tree.toml:3:17: worker.w.start_timeout: \"20 sec\" needs a unit: d, h, min (or m), s or ms"}},
    {WORKER "start_timeout = \"20sec\"\n",
     {"tree.toml:3:17: worker.w.start_timeout: \"20sec\": \"sec\" is not a unit of time: d, h, min (or m), "
      "s, ms"}},
    {WORKER "start_timeout = \"soon\"\n",
     {"tree.toml:3:17: worker.w.start_timeout: \"soon\" is not a duration (such as \"250ms\", \"20s\", "
      "\"5min\", "
      "\"1h30m\")"}},
    {WORKER "start_timeout = \"1s1h\"\n",
     {"tree.toml:3:17: worker.w.start_timeout: \"1s1h\": units go from long to short, each once"}},
    {WORKER "start_timeout = \"99999999999999999999d\"\n",
     {"tree.toml:3:17: worker.w.start_timeout: \"99999999999999999999d\" is too large"}},
    {WORKER "start_timeout = 0\n", {"tree.toml:3:17: worker.w.start_timeout: must be 1ms to 366d, not 0"}},
    {WORKER "start_timeout = \"367d\"\n",
     {"tree.toml:3:17: worker.w.start_timeout: must be 1ms to 366d, not 367d"}},
    {WORKER "start_timeout = true\n",
     {"tree.toml:3:17: worker.w.start_timeout: must be a duration (such as \"20s\"), not a boolean"}},
    {WORKER "shutdown = 0\n",
     {"tree.toml:3:12: worker.w.shutdown: must be longer than 0; to kill at once write \"brutal_kill\""}},
    {WORKER "shutdown = 5\n", {"tree.toml:3:12: worker.w.shutdown: a duration needs a unit: \"5s\"?"}},
    {WORKER "shutdown = \"brutal-kill\"\n",
     {"tree.toml:3:12: worker.w.shutdown: must be a duration (such as \"20s\"), \"brutal_kill\" or "
      "\"infinity\" (did "
      "you mean \"brutal_kill\"?)"}},
    {WORKER "shutdown = true\n",
     {"tree.toml:3:12: worker.w.shutdown: must be a duration (such as \"20s\"), \"brutal_kill\" or "
      "\"infinity\", not a "
      "boolean"}},
    {WORKER "backoff = { factor = 0.5 }\n",
     {"tree.toml:3:22: worker.w.backoff.factor: must be 1 to 1000, not 0.5"}},
    {WORKER "backoff = { factor = nan }\n",
     {"tree.toml:3:22: worker.w.backoff.factor: must be 1 to 1000, not nan"}},
    {WORKER "backoff = { factor = \"2\" }\n",
     {"tree.toml:3:22: worker.w.backoff.factor: must be a number, not a string"}},
    {WORKER "backoff = { initial = \"1min\" }\n",
     {"tree.toml:3:23: worker.w.backoff.initial: must not be above `max`"}},
    {WORKER "[simplevisor.capture]\nsize = 100000\n",
     {"tree.toml:4:8: simplevisor.capture.size: a size needs a unit: \"100000B\"?"}},
    {WORKER "[simplevisor.capture]\nsize = \"10\"\n",
     {"tree.toml:4:8: simplevisor.capture.size: \"10\" needs a unit: B, kB, KiB, MB, MiB, ..."}},
    {WORKER "[simplevisor.capture]\nsize = \"10mb\"\n",
     {"tree.toml:4:8: simplevisor.capture.size: \"10mb\": \"mb\" is not a unit of size: B, kB, KiB, MB, MiB, "
      "GB, GiB, "
      "TB, TiB"}},
    {WORKER "[simplevisor.capture]\nsize = \"big\"\n",
     {"tree.toml:4:8: simplevisor.capture.size: \"big\" is not a size (such as \"512B\", \"64kB\", "
      "\"10MiB\", "
      "\"1GiB\")"}},
    {WORKER "[simplevisor.capture]\nsize = \"1B\"\n",
     {"tree.toml:4:8: simplevisor.capture.size: must be 4KiB to 1TiB, not 1B"}},
    {WORKER "[simplevisor.capture]\nsize = true\n",
     {"tree.toml:4:8: simplevisor.capture.size: must be a size (such as \"10MiB\"), not a boolean"}},
    {WORKER "[simplevisor.log]\nlevel = \"loud\"\n",
     {"tree.toml:4:9: simplevisor.log.level: must be \"trace\", \"debug\", \"info\", \"warn\", \"error\" or "
      "\"off\""}},
};

const std::vector<Row> substitutions{
    {"[worker.w]\ncommand = [\"{nmae}\"]\n",
     {"tree.toml:2:12: worker.w.command[0]: unknown substitution {nmae}; braces that stand for themselves "
      "are doubled: "
      "{{nmae}} (did you mean \"{name}\"?)"}},
    {WORKER "env = { A = \"{\" }\n",
     {"tree.toml:3:13: worker.w.env.A: \"{\" without its \"}\"; a brace that stands for itself is \"{{\""}},
    {WORKER "env = { A = \"x}\" }\n",
     {"tree.toml:3:13: worker.w.env.A: \"}\" without its \"{\"; a brace that stands for itself is \"}}\""}},
    {"[worker.w]\ncommand = [\"w\", \"{with}\"]\n",
     {"tree.toml:1:9: worker.w: has no `with`, the table that {with} in its command or environment stands "
      "for"}},
    {WORKER "stdout = { file = \"{with}\" }\n",
     {"tree.toml:3:19: worker.w.stdout.file: {with} is known only when a worker starts: not in a path"}},
};

const std::vector<Row> trees{
    {ROOT("\"a\"") "[worker.aa]\ncommand = [\"a\"]\n",
     {"tree.toml:2:13: supervisor.root.children[0]: there is no supervisor, worker or pool \"a\" (did you "
      "mean "
      "\"aa\"?)"}},
    {ROOT("\"nothing-alike\""),
     {"tree.toml:2:13: supervisor.root.children[0]: there is no supervisor, worker or pool "
      "\"nothing-alike\""}},
    {ROOT("") WORKER,
     {"tree.toml:3:9: worker.w: is nobody's child: no supervisor lists it in its `children`"}},
    {ROOT("\"w\", \"w\"") WORKER,
     {"tree.toml:2:18: supervisor.root.children[1]: \"w\" is already a child of the supervisor at "
      "tree.toml:1:13"}},
    {ROOT("\"root\""),
     {"tree.toml:2:13: supervisor.root.children[0]: \"root\" is the root and can be nobody's child"}},
    {ROOT("1, \"a b\""),
     {"tree.toml:2:13: supervisor.root.children[0]: must be a string, not an integer",
      "tree.toml:2:16: supervisor.root.children[1]: not a name: letters, digits, \"_\", \"-\" and \".\", the "
      "first no "
      "\"-\" and no \".\", at most 64"}},
    {"[supervisor.root]\nchildren = \"w\"\n" WORKER,
     {"tree.toml:2:12: supervisor.root.children: must be an array of strings, not a string"}},
    {"[supervisor.top]\n", {"tree.toml:1:1: there is no [supervisor.root], the root"}},
    {"[simplevisor]\nroot = \"tip\"\n[supervisor.top]\n",
     {"tree.toml:2:8: simplevisor.root: there is no [supervisor.tip], the root (did you mean \"top\"?)"}},
    {"[simplevisor]\nroot = \"w\"\n" WORKER "[supervisor.s]\nchildren = [\"w\"]\n",
     {"tree.toml:2:8: simplevisor.root: the root must be a supervisor: \"w\" is the worker at "
      "tree.toml:3:9"}},
    {"[worker.root]\ncommand = [\"w\"]\n",
     {"tree.toml:1:9: worker.root: without any [supervisor.NAME] this is the name of the implied root: take "
      "another"}},
    {WORKER "[pool.w]\ncommand = [\"p\"]\n",
     {"tree.toml:3:7: pool.w: this name is taken by the worker at tree.toml:1:9"}},
    {ROOT("") "[supervisor.a]\nchildren = [\"b\"]\n[supervisor.b]\nchildren = "
              "[\"c\"]\n[supervisor.c]\nchildren = "
              "[\"a\"]\n",
     {"tree.toml:3:13: supervisor.a: supervisors are children of each other: a -> b -> c -> a"}},
    {ROOT("") "[supervisor.a]\nchildren = [\"a\"]\n",
     {"tree.toml:3:13: supervisor.a: supervisors are children of each other: a -> a"}},
    {"[worker.\"a b\"]\n",
     {"tree.toml:1:9: worker.\"a b\": not a name: letters, digits, \"_\", \"-\" and \".\", the first no "
      "\"-\" and no "
      "\".\", at most 64"}},
    {"[worker.\"..\"]\n",
     {"tree.toml:1:9: worker.\"..\": not a name: letters, digits, \"_\", \"-\" and \".\", the first no \"-\" "
      "and no "
      "\".\", at most 64"}},
    {ROOT("\"w\"") WORKER "significant = true\nrestart = \"transient\"\n",
     {"tree.toml:5:15: worker.w.significant: has no effect: its supervisor has no `auto_shutdown`"}},
    {ROOT("\"w\"") "auto_shutdown = \"any_significant\"\n" WORKER "significant = true\n",
     {"tree.toml:6:15: worker.w.significant: needs `restart = \"transient\"` or \"temporary\": a permanent "
      "child never "
      "ends for good"}},
    {"[pool.p]\ncommand = [\"p\"]\nsignificant = true\nrestart = \"temporary\"\n",
     {"tree.toml:3:15: pool.p.significant: has no effect: the pool has no `auto_shutdown`"}},
    {ROOT("") "strategy = \"rest_for_one\"\nordered = false\n",
     {"tree.toml:4:11: supervisor.root.ordered: may be false with `strategy = \"one_for_one\"` only"}},
    {ROOT("") "strategy = \"simple_one_for_one\"\n",
     {"tree.toml:3:12: supervisor.root.strategy: must be \"one_for_one\", \"rest_for_one\" or "
      "\"one_for_all\""}},
    {ROOT("") "restart = \"transient\"\nsignificant = false\n",
     {"tree.toml:3:11: supervisor.root.restart: means nothing for the root: no supervisor is above it",
      "tree.toml:4:15: supervisor.root.significant: means nothing for the root: no supervisor is above it"}},
};

INSTANTIATE_TEST_SUITE_P(Syntax, Refused, testing::ValuesIn(syntax));
INSTANTIATE_TEST_SUITE_P(Keys, Refused, testing::ValuesIn(keys));
INSTANTIATE_TEST_SUITE_P(Values, Refused, testing::ValuesIn(values));
INSTANTIATE_TEST_SUITE_P(Units, Refused, testing::ValuesIn(units));
INSTANTIATE_TEST_SUITE_P(Substitutions, Refused, testing::ValuesIn(substitutions));
INSTANTIATE_TEST_SUITE_P(Trees, Refused, testing::ValuesIn(trees));

TEST(Complaints, OfAllFilesComeInOneRunInOrderOfFilesAndText) {
  TreeFiles files;
  files.write("a.toml", "[worker.a]\ncommand = [1]\n[worker.b\n");
  files.write("b.toml", "[worker.w]\ncommand = [\"w\"]\n[kind.k]\ncommand = [\"k\"]\nnice = 99\n");
  files.write("kinds/k.toml", "[kind.l]\nnice = 98\n[worker.x]\n");
  files.options.kinds_dirs = {files.path("kinds")};
  EXPECT_THAT(files.complaints("[simplevisor]\nlog = { json = 1 }\ninclude = [\"a.toml\", \"b.toml\"]\n"
                               "[worker.w]\nkind = \"k\"\nnice = 97\n[supervisor.root]\nintensity = -1\n"),
              ElementsAre("tree.toml:2:16: simplevisor.log.json: must be true or false, not an integer",
                          "tree.toml:6:8: worker.w.nice: must be -20 to 19, not 97",
                          "tree.toml:8:13: supervisor.root.intensity: must be 0 to 100000, not -1",
                          "a.toml:3:10: Error while parsing table header: expected ']', saw '\\n'",
                          "b.toml:1:9: worker.w: this name is taken by the worker at tree.toml:4:9",
                          "b.toml:5:8: kind.k.nice: must be -20 to 19, not 99",
                          "kinds/k.toml:2:8: kind.l.nice: must be -20 to 19, not 98",
                          "kinds/k.toml:3:2: worker: a file of kinds has only [kind.NAME]"));
}

TEST(Complaints, OfAKindComeOnceHoweverManyUseIt) {
  const TreeFiles files;
  EXPECT_THAT(
      files.complaints(
          "[kind.k]\ncommand = [\"\"]\nuser = 5\n[worker.a]\nkind = \"k\"\n[worker.b]\nkind = \"k\"\n"),
      ElementsAre("tree.toml:2:12: kind.k.command[0]: must not be empty",
                  "tree.toml:3:8: kind.k.user: must be a string, not an integer"));
}

TEST(Complaints, OfKindsDeclaredTwiceSayWhereTheFirstOneIs) {
  const TreeFiles files;
  files.write("more.toml", "[kind.k]\n");
  EXPECT_THAT(files.complaints("[simplevisor]\ninclude = [\"more.toml\"]\n[kind.k]\n" WORKER),
              ElementsAre("more.toml:1:7: kind.k: already declared at tree.toml:3:7"));
}

TEST(Complaints, DoNotFollowFromAFileThatCouldNotBeReadUnlessSomethingLooksMisspelt) {
  const TreeFiles files;
  files.write("bad.toml", "= 1\n");
  EXPECT_THAT(
      files.complaints(
          "[simplevisor]\ninclude = [\"bad.toml\"]\n"
          "[supervisor.root]\nchildren = [\"unseen\", \"wroker\"]\n[worker.worker]\nkind = \"unseen\"\n"
          "[worker.orphan]\ncommand = [\"o\"]\n"),
      ElementsAre("tree.toml:4:23: supervisor.root.children[1]: there is no supervisor, worker or pool "
                  "\"wroker\" (did you mean \"worker\"?)",
                  "bad.toml:1:1: Error while parsing root table: expected keys, tables, whitespace or "
                  "comments, saw '='"));
}

TEST(Includes, ThatMatchNothingAreComplainedAbout) {
  const TreeFiles files;
  EXPECT_THAT(files.complaints("[simplevisor]\ninclude = [\"conf.d/*.toml\", 5, \"\"]\n" WORKER),
              ElementsAre("tree.toml:2:12: simplevisor.include[0]: no file matches \"conf.d/*.toml\"",
                          "tree.toml:2:29: simplevisor.include[1]: must be a string, not an integer",
                          "tree.toml:2:32: simplevisor.include[2]: must not be empty"));
}

TEST(Includes, OfEachOtherAreComplainedAbout) {
  const TreeFiles files;
  files.write("a.toml", "[simplevisor]\ninclude = [\"b.toml\"]\n");
  files.write("b.toml", "[simplevisor]\ninclude = [\"./a.toml\"]\n");
  EXPECT_THAT(
      files.complaints("[simplevisor]\ninclude = [\"a.toml\"]\n" WORKER),
      ElementsAre(
          "b.toml:2:12: simplevisor.include[0]: files include each other: a.toml -> b.toml -> ./a.toml"));
}

TEST(Includes, HaveNoOtherSettings) {
  const TreeFiles files;
  files.write("a.toml", "[simplevisor]\nname = \"x\"\nnmae = 1\n");
  EXPECT_THAT(
      files.complaints("[simplevisor]\ninclude = [\"a.toml\"]\n" WORKER),
      ElementsAre(
          "a.toml:2:1: simplevisor.name: belongs into tree.toml: an included file has only `include` here",
          "a.toml:3:1: simplevisor.nmae: unknown key (did you mean \"name\"?)"));
}

TEST(Includes, NestOnlySoDeep) {
  const TreeFiles files;
  for (int i = 0; i <= 17; ++i) {
    files.write(std::to_string(i) + ".inc",
                "[simplevisor]\ninclude = [\"" + std::to_string(i + 1) + ".inc\"]\n");
  }
  EXPECT_THAT(files.complaints("[simplevisor]\ninclude = [\"0.inc\"]\n" WORKER),
              ElementsAre("15.inc:2:12: simplevisor.include[0]: files included more than 16 deep"));
}

TEST(Files, ThatCannotBeReadAreComplainedAbout) {
  const TreeFiles files;
  EXPECT_THAT(files.complaints(), ElementsAre("tree.toml: cannot be read: No such file or directory"));
  files.write("dir/x", "");
  ASSERT_EQ(::mkfifo(files.path("fifo").c_str(), 0600), 0);
  ASSERT_EQ(::symlink("nowhere", files.path("link").c_str()), 0);
  EXPECT_THAT(
      files.complaints("[simplevisor]\ninclude = [\"dir\", \"fifo\", \"link\"]\n" WORKER),
      ElementsAre("dir: cannot be read: not a regular file", "fifo: cannot be read: not a regular file",
                  "link: cannot be read: No such file or directory"));
}

TEST(Files, OfMoreThan64MiBAreRefused) {
  const TreeFiles files;
  files.write("tree.toml", "");
  ASSERT_EQ(::truncate(files.path("tree.toml").c_str(), (64 << 20) + 1), 0);
  EXPECT_THAT(files.complaints(), ElementsAre("tree.toml: larger than 67108864 bytes"));
}

TEST(Files, ThatAreNoTextAreRefused) {
  const TreeFiles files;
  files.write("tree.toml", std::string("\x00\xff\xfe\x01", 4));
  EXPECT_EQ(files.complaints().size(), 1u);
  EXPECT_EQ(files.complaints(std::string(2000, '[') + "\n").size(), 1u);
  EXPECT_EQ(files.complaints("a = " + std::string(2000, '[') + std::string(2000, ']') + "\n").size(), 1u);
}

TEST(Trees, NestOnlySoDeep) {
  const TreeFiles files;
  const auto chain = [](int supervisors) {
    std::string text = "[simplevisor]\nroot = \"s1\"\n";
    for (int i = 1; i <= supervisors; ++i) {
      text += "[supervisor.s" + std::to_string(i) + "]\nchildren = [";
      if (i < supervisors) text += "\"s" + std::to_string(i + 1) + "\"";
      text += "]\n";
    }
    return text;
  };
  EXPECT_THAT(files.complaints(chain(64)), testing::IsEmpty());
  EXPECT_THAT(files.complaints(chain(65)),
              ElementsAre("tree.toml:131:13: supervisor.s65: more than 64 supervisors deep"));
}

TEST(Complaints, AreBounded) {
  const TreeFiles files;
  std::string text = WORKER;
  for (int i = 0; i < 10'050; ++i) text += "x" + std::to_string(i) + " = 1\n";
  const auto complaints = files.complaints(text);
  ASSERT_EQ(complaints.size(), 10'001u);
  EXPECT_EQ(complaints.back(), "tree.toml: more than 10000 complaints");
}

TEST(Complaints, AreOneLineEachWhateverTheKeys) {
  const TreeFiles files;
  EXPECT_THAT(files.complaints(WORKER "\"a\\nb\\\"\" = 1\n\"" + std::string(200, 'k') + "\" = 1\n"),
              ElementsAre("tree.toml:3:1: worker.w.\"a?b?\": unknown key",
                          "tree.toml:4:1: worker.w.\"" + std::string(80, 'k') + "...\": unknown key"));
}

}  // namespace
}  // namespace simplevisor::config
