// tests/bench/dirq/dirq_bench.cpp
//
// dirq-bench: how the directory queue compares with the bare system calls of its algorithm, and with python3-dirq.
//
// Method     the contenders take turns, round by round, in an order that rotates; a cell is the median of its rounds,
//            and only ratios of medians within one run mean anything: they hold on a machine that is busy with other
//            things, absolute figures do not.
// Exit       0 every target reached; 1 some missed, or a measurement failed; 2 usage.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/dirq/contenders.hpp"
#include "tests/bench/dirq/race.hpp"

namespace {

using namespace simplevisor::bench;
namespace fs = std::filesystem;

struct Settings {
  std::string disk = ".";
  std::string memory = "/dev/shm";
  int rounds = 7;
  long elements_disk = 2'000;
  long elements_memory = 16'000;
  std::string only;
  std::string json;
  bool python = true;
};

struct Row {
  std::string where;
  std::string what;
  std::size_t size = 0;
  int processes = 1;
  std::string base;      // what the ratio is to
  double base_rate = 0;  // elements per second, median
  double rate = 0;
  double processor_ratio = 0;  // the same per second of processor time
  double target = 0;           // 0: for information
  [[nodiscard]] double ratio() const { return base_rate > 0 ? rate / base_rate : 0; }
  [[nodiscard]] bool missed() const { return target > 0 && ratio() < target; }
};

// Elements per second, and per second of processor time, one of each per round.
struct Rates {
  std::vector<double> wall;
  std::vector<double> processor;
  void note(long elements, const Took& took) {
    wall.push_back(static_cast<double>(elements) / took.seconds);
    processor.push_back(static_cast<double>(elements) / took.processor_seconds);
  }
};
using RatesByName = std::map<std::string, Rates>;

class Bench {
 public:
  explicit Bench(const Settings& settings) : settings_(settings) {}

  void run() {
    fmt::print("{:<6} {:<22} {:>6} {:>5}  {:>12} {:>10} {:>10} {:>6} {:>6}  {}\n", "where", "what", "bytes",
               "procs", "against", "its rate/s", "our rate/s", "ratio", "by cpu", "target");
    for (const auto& [where, root] :
         {std::pair{"disk", settings_.disk}, std::pair{"memory", settings_.memory}}) {
      if (root.empty()) continue;
      for (const std::size_t size : {100U, 1'024U, 65'536U}) {
        for (const int processes : {1, 4}) add_and_take(where, root, size, processes);
        recycle(where, root, size);
      }
      takers(where, root);
    }
  }

  [[nodiscard]] bool missed() const {
    return std::ranges::any_of(rows_, [](const Row& row) { return row.missed(); });
  }

  void write_json() const {
    std::ofstream out(settings_.json);
    out << "[\n";
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const Row& row = rows_[i];
      out << fmt::format(
          R"(  {{"where": "{}", "what": "{}", "bytes": {}, "processes": {}, "against": "{}", "against_rate": {:.0f}, )"
          R"("rate": {:.0f}, "ratio": {:.3f}, "processor_ratio": {:.3f}, "target": {}}}{})",
          row.where, row.what, row.size, row.processes, row.base, row.base_rate, row.rate, row.ratio(),
          row.processor_ratio, row.target > 0 ? fmt::format("{}", row.target) : "null",
          i + 1 < rows_.size() ? ",\n" : "\n");
    }
    out << "]\n";
    if (!out.flush()) throw std::runtime_error("cannot write " + settings_.json);
  }

 private:
  [[nodiscard]] long elements(std::string_view where, std::size_t size) const {
    const long elements = where == "disk" ? settings_.elements_disk : settings_.elements_memory;
    return size > 10'000 ? elements / 4 : elements;
  }

  [[nodiscard]] bool wanted(const std::string& cell) const {
    return settings_.only.empty() || cell.find(settings_.only) != std::string::npos;
  }

  // A directory for one measurement, removed with it.
  struct Scratch {
    explicit Scratch(const std::string& root)
        : path(fs::path(root) / fmt::format("dirq-bench-{}", ::getpid())) {
      fs::remove_all(path);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
      std::error_code ignored;
      fs::remove_all(path, ignored);
    }
    [[nodiscard]] std::string queue(std::string_view name) const { return (path / name).string(); }
    fs::path path;
  };

  void add_and_take(const std::string& where, const std::string& root, std::size_t size, int processes) {
    const std::string cell = fmt::format("{}/plain/{}/{}", where, size, processes);
    if (!wanted(cell)) return;
    std::vector<std::pair<std::string, Contender>> contenders{{"raw", Contender::raw},
                                                              {"ours", Contender::library}};
    if (settings_.python && python_available()) contenders.emplace_back("python", Contender::python);
    RatesByName added;
    RatesByName taken;
    const long count = elements(where, size);
    for (int round = 0; round < settings_.rounds; ++round) {
      const Scratch scratch(root);
      for (std::size_t i = 0; i < contenders.size(); ++i) {
        const auto& [name, contender] = contenders[(i + static_cast<std::size_t>(round)) % contenders.size()];
        const Work work{scratch.queue(name), size, count, processes};
        fs::create_directories(work.queue);
        added[name].note(count, add(contender, work));
        taken[name].note(count, take(contender, work));
      }
    }
    report({where, "add", size, processes, "raw"}, added["raw"], added["ours"], 0.95);
    report({where, "take", size, processes, "raw"}, taken["raw"], taken["ours"], 0.95);
    if (!added["python"].wall.empty()) {
      report({where, "add", size, processes, "python3-dirq"}, added["python"], added["ours"], 0);
      report({where, "take", size, processes, "python3-dirq"}, taken["python"], taken["ours"], 0);
    }
  }

  void recycle(const std::string& where, const std::string& root, std::size_t size) {
    if (!wanted(fmt::format("{}/recycle/{}/1", where, size))) return;
    RatesByName rates;
    const long count = elements(where, size);
    const double target = where == "disk" ? 2.0 : 0;
    const Scratch scratch(root);
    const Work ours{scratch.queue("recycling"), size, count, 1};
    fs::create_directories(ours.queue);
    add(Contender::recycling, ours);  // fills the pool
    take(Contender::recycling, ours);
    for (int round = 0; round < settings_.rounds; ++round) {
      const Work raw{scratch.queue(fmt::format("raw{}", round)), size, count, 1};
      fs::create_directories(raw.queue);
      rates["raw add"].note(count, add(Contender::raw, raw));
      rates["raw take"].note(count, take(Contender::raw, raw));
      rates["add"].note(count, add(Contender::recycling, ours));
      rates["take"].note(count, take(Contender::recycling, ours));
      rates["raw through"].note(count, through(Contender::raw, raw));
      rates["through"].note(count, through(Contender::recycling, ours));
    }
    report({where, "add, recycling", size, 1, "raw"}, rates["raw add"], rates["add"], target);
    report({where, "take, recycling", size, 1, "raw"}, rates["raw take"], rates["take"], 0);
    report({where, "add+take, recycling", size, 1, "raw"}, rates["raw through"], rates["through"], 0);
  }

  void takers(const std::string& where, const std::string& root) {
    if (!wanted(fmt::format("{}/takers/1024/4", where))) return;
    RatesByName rates;
    const long count = elements(where, 1'024);
    const std::map<std::string, std::pair<Contender, int>> contenders{{"raw 1", {Contender::raw, 1}},
                                                                      {"raw 4", {Contender::raw, 4}},
                                                                      {"1", {Contender::library, 1}},
                                                                      {"4", {Contender::library, 4}}};
    for (int round = 0; round < settings_.rounds; ++round) {
      const Scratch scratch(root);
      for (const auto& [name, contender] : contenders) {
        Work work{scratch.queue(name), 1'024, count, 1};
        fs::create_directories(work.queue);
        add(Contender::library, work);
        work.processes = contender.second;
        rates[name].note(count, take(contender.first, work));
      }
    }
    report({where, "4 takers", 1'024, 4, "1 taker"}, rates["1"], rates["4"], 1.0);
    report({where, "4 raw takers", 1'024, 4, "1 raw taker"}, rates["raw 1"], rates["raw 4"], 0);
  }

  void report(Row row, const Rates& base, const Rates& ours, double target) {
    row.base_rate = median(base.wall);
    row.rate = median(ours.wall);
    row.processor_ratio = median(ours.processor) / median(base.processor);
    row.target = target;
    fmt::print("{:<6} {:<22} {:>6} {:>5}  {:>12} {:>10.0f} {:>10.0f} {:>6.2f} {:>6.2f}  {}\n", row.where,
               row.what, row.size, row.processes, row.base, row.base_rate, row.rate, row.ratio(),
               row.processor_ratio,
               target <= 0 ? "-" : fmt::format("{:.2f} {}", target, row.missed() ? "MISSED" : "ok"));
    std::fflush(stdout);
    rows_.push_back(std::move(row));
  }

  Settings settings_;
  std::vector<Row> rows_;
};

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Measures the directory queue against the bare system calls of its algorithm."};
  app.add_option("--disk", settings.disk, "directory on the disk filesystem; empty: skip")
      ->capture_default_str();
  app.add_option("--memory", settings.memory, "directory on a tmpfs; empty: skip")->capture_default_str();
  app.add_option("--rounds", settings.rounds, "rounds per cell")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--elements-disk", settings.elements_disk, "elements per round on disk")
      ->check(CLI::Range(400, 1'000'000))
      ->capture_default_str();
  app.add_option("--elements-memory", settings.elements_memory, "elements per round in memory")
      ->check(CLI::Range(400, 1'000'000))
      ->capture_default_str();
  app.add_option("--only", settings.only,
                 "only cells whose name holds this, as in disk/plain/1024/1, memory/takers");
  app.add_option("--json", settings.json, "write the table to this file too");
  app.add_flag("--python,!--no-python", settings.python, "measure python3-dirq where it is installed");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    Bench bench(settings);
    bench.run();
    if (!settings.json.empty()) bench.write_json();
    return bench.missed() ? 1 : 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "dirq-bench: {}\n", error.what());
    return 1;
  }
}
