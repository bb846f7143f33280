// What workers keep in files: found by the configuration, read without trust.
#include "supervisor/control/worker_files.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/control/fake_service.hpp"

namespace simplevisor::control {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

config::Configuration configured(
    const std::vector<std::tuple<std::string, std::string, std::string>>& programs) {  // path, program, with
  config::Configuration configuration;
  for (const auto& [path, program, with] : programs) {
    auto setup = std::make_shared<config::Setup>();
    setup->cwd = "/srv/work";
    auto made = std::make_shared<config::Program>();
    made->path = path;
    made->command = {program};
    made->with_json = with;
    made->setup = setup;
    configuration.programs.push_back(made);
  }
  return configuration;
}

std::vector<std::string> uses(const WorkerFiles& files) {
  std::vector<std::string> lines;
  for (const auto& use : files.uses)
    lines.push_back(use.queue + " " + use.node + " " + std::string(use.role));
  return lines;
}

TEST(WorkerFiles, AreFoundByTheProgramAndItsWith) {
  const auto files = find_worker_files(configured({
      {"root/jobs", "/usr/bin/simplevisor-consumer", R"({"queue":["in/","/abs/./two"],"handler":["x"]})"},
      {"root/one", "simplevisor-consumer",
       R"({"queue":"in","dead_letter":"/grave","status_file":"one.json"})"},
      {"root/send", "/b/simplevisor-transfer",
       R"({"incoming-queue":"type=DQN path=in%20box,maxlock=5","outgoing-queue":{"path":"out"},"status-file":"s.json"})"},
      {"root/feed", "/b/simplevisor-sarra", R"({"path":"in","from":"/old","status-file":"/run/feed.json"})"},
      {"root/other", "/b/consumer", R"({"queue":"not-ours"})"},
      {"root/plain", "/b/simplevisor-consumer", ""},
  }));
  EXPECT_THAT(uses(files),
              ElementsAre("/abs/two root/jobs takes", "/abs/two.dead root/jobs dead_letters",
                          "/grave root/one dead_letters", "/old root/feed takes",
                          "/srv/work/in root/feed adds", "/srv/work/in root/jobs takes",
                          "/srv/work/in root/one takes", "/srv/work/in box root/send takes",
                          "/srv/work/in.dead root/jobs dead_letters", "/srv/work/out root/send adds"));
  ASSERT_THAT(files.status_files, SizeIs(3));
  EXPECT_EQ(files.status_files[0].path, "/srv/work/one.json");
  EXPECT_EQ(files.status_files[1].path, "/srv/work/s.json");
  EXPECT_EQ(files.status_files[2].node, "root/feed");
}

TEST(WorkerFiles, AreOnesOwnInAPoolThatNumbersThem) {
  const auto pool = [](const char* with, std::size_t instances) {
    auto configuration = configured({{"root/jobs", "simplevisor-consumer", with}});
    auto program = std::make_shared<config::Program>(*configuration.programs[0]);
    program->pool = true;
    configuration.programs = {program};
    core::SupervisorSpec many;
    many.strategy = core::Strategy::simple_one_for_one;
    many.initial_instances = instances;
    many.children = {std::make_shared<core::ChildSpec>()};
    core::ChildSpec jobs;
    jobs.supervisor = std::make_shared<core::SupervisorSpec>(many);
    core::SupervisorSpec root;
    root.children = {std::make_shared<core::ChildSpec>(jobs)};
    core::ChildSpec top;
    top.supervisor = std::make_shared<core::SupervisorSpec>(root);
    configuration.root = std::make_shared<core::ChildSpec>(top);
    return find_worker_files(configuration).status_files;
  };
  const auto numbered = pool(R"({"status_file":"{instance}/s{instance}"})", 2);
  ASSERT_THAT(numbered, SizeIs(2));
  EXPECT_EQ(numbered[0].path, "/srv/work/1/s1");
  EXPECT_EQ(numbered[1].path, "/srv/work/2/s2");
  EXPECT_EQ(numbered[1].node, "root/jobs/2");
  const auto shared = pool(R"({"status_file":"s"})", 2);
  ASSERT_THAT(shared, SizeIs(1));
  EXPECT_EQ(shared[0].node, "root/jobs");
  EXPECT_THAT(pool(R"({"status_file":"s{instance}"})", 1'000'000), SizeIs(WorkerSurvey::files_max));
}

TEST(WorkerFiles, AreNotFoundInWhatIsMalformed) {
  for (const char* with : {"", "{", "[]", "3", R"({"queue":3})", R"({"queue":[1,{}]})", R"({"queue":""})",
                           R"({"queue":"a\u0000b"})", R"({"queue":{"path":"x"}})"}) {
    EXPECT_THAT(find_worker_files(configured({{"root/a", "simplevisor-consumer", with}})).uses, IsEmpty())
        << with;
  }
  for (const char* with : {R"({"incoming-queue":{"path":3}})", R"({"incoming-queue":"type=DQS"})",
                           R"({"incoming-queue":"path=%4"})", R"({"incoming-queue":"path="})"}) {
    EXPECT_THAT(find_worker_files(configured({{"root/a", "simplevisor-transfer", with}})).uses, IsEmpty())
        << with;
  }
}

class Queue : public ::testing::Test {
 protected:
  void touch(const std::string& name) {
    fs::create_directories(fs::path(dir / name).parent_path());
    std::ofstream(dir / name) << "x";
  }
  static bool always() { return true; }
  testing::PrivateDir dir;
};

TEST_F(Queue, IsCountedByTheNamesInIt) {
  touch("q/6b02437c/6b02438b832dfe");
  touch("q/6b02437c/6b02438b832dfe.lck");
  touch("q/6b02437c/6b02438b832dff");
  touch("q/6b02437c/6b02438b832d01.tmp");
  touch("q/6b02437c/6b02438b832d02.lck");  // its element is gone
  touch("q/6b024400/6b024400000000");
  touch("q/corrupt/6b02438b832dfe");
  touch("q/.spare/6b02438b832dfe");
  touch("q/6B02437C/6b02438b832dfe");
  touch("q/6b02437c/6B02438B832DFE");
  touch("q/6b02437d");  // a file, where a directory would be
  const auto figures = count_queue(dir / "q", always);
  EXPECT_TRUE(figures.readable);
  EXPECT_TRUE(figures.whole);
  EXPECT_EQ(figures.locked, 2u);
  EXPECT_EQ(figures.ready, 1u);
  EXPECT_EQ(figures.oldest, std::chrono::system_clock::time_point{} + std::chrono::seconds{0x6b02438b} +
                                std::chrono::microseconds{0x832df});
}

TEST_F(Queue, OfTheNormalKindHasDirectoriesForElements) {
  for (const char* name :
       {"temporary", "obsolete", "6b02437c/6b02438b832dfe/locked", "6b02437c/6b02438b832dff"})
    fs::create_directories(fs::path(dir / "n") / name);
  const auto figures = count_queue(dir / "n", always);
  EXPECT_EQ(figures.locked, 1u);
  EXPECT_EQ(figures.ready, 1u);
}

TEST_F(Queue, ThatIsNotThereOrIsNoneIsNotReadable) {
  touch("file");
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  for (const char* name : {"none", "file", "fifo"})
    EXPECT_FALSE(count_queue(dir / name, always).readable) << name;
  fs::create_directories(dir / "empty");
  const auto figures = count_queue(dir / "empty", always);
  EXPECT_TRUE(figures.readable);
  EXPECT_EQ(figures.oldest, std::nullopt);
}

TEST_F(Queue, IsCountedNoFurtherThanAllowed) {
  for (int n = 0; n < 5; ++n) touch("q/6b02437" + std::to_string(n) + "/6b02438b832dfe");
  int looks = 0;
  const auto figures = count_queue(dir / "q", [&] { return ++looks <= 2; });
  EXPECT_FALSE(figures.whole);
  EXPECT_EQ(figures.ready, 2u);
}

TEST_F(Queue, FiguresAreKeptForAWhile) {
  touch("jobs/6b02437c/6b02438b832dfe");
  const auto configuration =
      configured({{"root/a", "simplevisor-consumer", "{\"queue\":\"" + (dir / "jobs") + "\"}"}});
  WorkerSurvey survey(&configuration);
  const auto now = std::chrono::steady_clock::now();
  ASSERT_THAT(survey.figures(now).queues, SizeIs(2));
  EXPECT_EQ(survey.figures(now).queues[0].ready, 1u);
  EXPECT_FALSE(survey.figures(now).queues[1].readable) << "nothing is dead yet";
  touch("jobs/6b02437c/6b02438b832dff");
  EXPECT_EQ(survey.figures(now + WorkerSurvey::kept / 2).queues[0].ready, 1u);
  EXPECT_EQ(survey.figures(now + WorkerSurvey::kept).queues[0].ready, 2u);
}

using StatusFile = Queue;

std::vector<std::string> counters(const std::string& path) {
  std::vector<std::string> lines;
  for (const auto& counter : read_status_file({path, "root/a"}))
    lines.push_back(counter.node + " " + counter.name + " " + std::to_string(counter.value));
  return lines;
}

TEST_F(StatusFile, GivesTheNumbersInIt) {
  std::ofstream(dir / "s")
      << R"({"state":"running","received":12,"pending":-1,"rate":1.5,"big":18446744073709551615,)"
         R"("bad name":1,"Caps":2,"":3,"deep":{"x":1},"last_error":""})";
  EXPECT_THAT(counters(dir / "s"), ElementsAre("root/a received 12", "root/a pending -1",
                                               "root/a big " + std::to_string(INT64_MAX)));
}

TEST_F(StatusFile, ThatIsNoneGivesNothing) {
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  std::ofstream(dir / "empty") << "";
  std::ofstream(dir / "cut") << R"({"received":12)";
  std::ofstream(dir / "list") << "[1]";
  std::ofstream(dir / "binary") << std::string("\0\xff{", 3);
  std::ofstream(dir / "deep") << std::string(60'000, '[');
  std::ofstream(dir / "large") << "{\"a\":1}" << std::string(WorkerSurvey::file_bytes_max, ' ');
  for (const char* name : {"none", "fifo", "empty", "cut", "list", "binary", "deep", "large", "."})
    EXPECT_THAT(counters(dir / name), IsEmpty()) << name;
  EXPECT_THAT(counters("/dev/zero"), IsEmpty());
}

TEST_F(StatusFile, GivesAtMostSoManyCounters) {
  std::ofstream file(dir / "s");
  file << "{\"n\":1";
  for (int n = 0; n < 500; ++n) file << ",\"n" << n << "\":1";
  file << "}";
  file.close();
  EXPECT_THAT(counters(dir / "s"), SizeIs(WorkerSurvey::counters_max));
}

}  // namespace
}  // namespace simplevisor::control
