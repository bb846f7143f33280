// tests/bench/transfer/transfer_bench.cpp
//
// transfer-bench: what the transfer agent moves in a second, beside a C program that only publishes or consumes, and
// beside Python programs that make the same transfer; and what memory it needs.
//
// Method     one RabbitMQ of its own. Contenders take turns, round by round, in an order that rotates; each run is a whole
//            process, from its start to its exit. A cell is the median of its rounds; only ratios within one run mean
//            anything.
// Exit       0 every target reached; 1 some missed, or a measurement failed; 2 usage.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>

#include "tests/bench/harness/statistics.hpp"
#include "tests/brokers/rabbitmq.hpp"
#include "workers/dirq/queue.hpp"

namespace {

using namespace simplevisor;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

constexpr std::size_t body_bytes = 1024;
constexpr int python_share =
    10;  // Python moves so many times fewer messages in a round, or nobody would wait for it
constexpr auto limit = 600s;

struct Settings {
  std::string bin;
  std::string memory = "/dev/shm";
  std::string disk = ".";
  int rounds = 5;
  int count = 20'000;
  int count_memory = 1'000'000;
  bool python = true;
  std::string only;
};

struct Row {
  std::string what;
  std::string against;
  double its = 0;
  double ours = 0;
  double target = 0;  // 0: for information
};

// Runs to its end.
struct Usage {
  double seconds = 0;
  long resident_kib = 0;  // at its most
  double broker_seconds = 0;
};
Usage run(const Arguments& arguments) {
  std::vector<char*> argv;
  for (const std::string& word : arguments) argv.push_back(const_cast<char*>(word.c_str()));  // NOLINT
  argv.push_back(nullptr);
  const auto start = std::chrono::steady_clock::now();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  ::wait4(pid, &status, 0, &usage);
  if (status != 0)
    throw std::runtime_error(fmt::format("{} ended with status {}", arguments.front(), status));
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), usage.ru_maxrss,
          0};
}

class Bench {
 public:
  explicit Bench(Settings settings) : settings_{std::move(settings)} {}

  void run_all() {
    fmt::print("{:<44} {:<28} {:>10} {:>10} {:>6}  {}\n", "what", "against", "its rate/s", "our rate/s",
               "ratio", "target");
    for (const char* protocol : {"amqp", "stomp"}) {
      to_broker(protocol);
      from_broker(protocol, settings_.memory, "memory");
    }
    stomp_beside_amqp("directory queue -> broker", &Bench::send);
    stomp_beside_amqp("broker -> directory queue, memory", &Bench::receive_into_memory);
    onto_disk();
    memory();
  }
  [[nodiscard]] bool missed() const { return missed_; }

 private:
  using Rates = std::map<std::string, std::vector<double>>;

  [[nodiscard]] bool wanted(std::string_view cell) const {
    return settings_.only.empty() || cell.find(settings_.only) != std::string_view::npos;
  }
  std::string new_path(const std::string& root) {
    return (fs::path(root) / fmt::format("transfer-bench-{}-{}", ::getpid(), ++number_)).string();
  }
  std::string new_name() { return fmt::format("bench-{}", ++number_); }
  [[nodiscard]] std::string port(std::string_view protocol) const {
    return std::to_string(protocol == "amqp" ? broker_.amqp_port() : broker_.stomp_port());
  }
  [[nodiscard]] Arguments agent(std::string_view side, const std::string& protocol) const {
    return {"--" + std::string{side} + "-broker-uri",     protocol + "://127.0.0.1:" + port(protocol),
            "--" + std::string{side} + "-broker-auth",    "plain name=guest pass=guest",
            "--" + std::string{side} + "-broker-connect", "host=/"};
  }
  [[nodiscard]] Arguments ours(Arguments more, const Arguments& end) const {
    Arguments all{settings_.bin + "/simplevisor-transfer", "--reliable", "--window", "100", "--log", "null"};
    all.insert(all.end(), more.begin(), more.end());
    all.insert(all.end(), end.begin(), end.end());
    return all;
  }
  [[nodiscard]] static Arguments python(const std::string& what, const Arguments& rest) {
    Arguments all{"/usr/bin/python3", TRANSFER_BENCH_PEER, what};
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
  }
  [[nodiscard]] Arguments raw(const Arguments& rest) const {
    Arguments all{TRANSFER_BENCH_RAW};
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
  }

  static double fill(const std::string& path, int count, std::size_t size, const std::string& destination) {
    auto queue = dirq::Queue::open(path);
    if (!queue) throw std::runtime_error(queue.error().message);
    const std::string element = fmt::format(R"({{"header":{{"destination":"/queue/{}"}},"body":"{}"}})",
                                            destination, std::string(size, 'x'));
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) {
      if (!queue->add(element)) throw std::runtime_error("cannot add to " + path);
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  void publish(const std::string& name, int count) {
    run(raw({"publish", port("amqp"), name, std::to_string(count), std::to_string(body_bytes), "1000"}));
  }
  void discard(const std::string& name) { broker_.ctl({"delete_queue", name}); }
  static void discard_queue(const std::string& path) { fs::remove_all(path); }

  // One round of each, in an order that rotates.
  static void take_turns(int rounds, const std::vector<std::function<void()>>& contenders) {
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < contenders.size(); ++i)
        contenders[(i + static_cast<std::size_t>(round)) % contenders.size()]();
    }
  }

  void to_broker(const std::string& protocol) {
    const std::string cell = "directory queue -> " + protocol;
    if (!wanted(cell)) return;
    Rates rates;
    const int count = settings_.count;
    std::vector<std::function<void()>> contenders{
        [&] {
          const std::string name = new_name();
          const Usage usage = run(
              raw({"publish", port("amqp"), name, std::to_string(count), std::to_string(body_bytes), "100"}));
          rates["raw"].push_back(count / usage.seconds);
          discard(name);
        },
        [&] { rates["ours"].push_back(count / send(protocol, count).seconds); }};
    if (settings_.python) {
      contenders.emplace_back([&] {
        const std::string name = new_name();
        const std::string path = new_path(settings_.memory);
        fill(path, count / python_share, body_bytes, name);
        const Usage usage = run(python("to-" + protocol, {port(protocol), name, path}));
        rates["python"].push_back(count / python_share / usage.seconds);
        discard_queue(path);
        discard(name);
      });
    }
    take_turns(settings_.rounds, contenders);
    report(cell + ", window 100", "bare publisher, rabbitmq-c", rates["raw"], rates["ours"],
           protocol == "amqp" ? 0.6 : 0.4);
    if (settings_.python)
      report(cell, protocol == "amqp" ? "pika, dirq" : "python3-stomp, dirq", rates["python"], rates["ours"],
             0);
  }

  void from_broker(const std::string& protocol, const std::string& root, std::string_view where) {
    const std::string cell = fmt::format("{} -> directory queue, {}", protocol, where);
    if (!wanted(cell)) return;
    Rates rates;
    const int count = settings_.count;
    std::vector<std::function<void()>> contenders{
        [&] {
          const std::string name = new_name();
          publish(name, count);
          const Usage usage = run(raw({"consume", port("amqp"), name, std::to_string(count), "100"}));
          rates["raw"].push_back(count / usage.seconds);
          discard(name);
        },
        [&] { rates["ours"].push_back(count / receive(protocol, root, count).seconds); }};
    if (settings_.python) {
      contenders.emplace_back([&] {
        const std::string name = new_name();
        const std::string path = new_path(root);
        publish(name, count / python_share);
        const Usage usage = run(
            python("from-" + protocol, {port(protocol), name, path, std::to_string(count / python_share)}));
        rates["python"].push_back(count / python_share / usage.seconds);
        discard_queue(path);
        discard(name);
      });
    }
    take_turns(settings_.rounds, contenders);
    report(cell, "bare consumer, rabbitmq-c", rates["raw"], rates["ours"], 0);
    if (settings_.python)
      report(cell, protocol == "amqp" ? "pika, dirq" : "python3-stomp, dirq", rates["python"], rates["ours"],
             protocol == "amqp" ? 4 : 0);
  }

  Usage receive(const std::string& protocol, const std::string& root, int count) {
    const std::string name = new_name();
    const std::string path = new_path(root);
    publish(name, count);
    const double before = broker_seconds();
    Usage usage = run(ours({"--outgoing-queue", "path=" + path, "--count", std::to_string(count),
                            "--prefetch", "100", "--subscribe", "destination=/queue/" + name},
                           agent("incoming", protocol)));
    usage.broker_seconds = broker_seconds() - before;
    discard_queue(path);
    discard(name);
    return usage;
  }

  Usage send(const std::string& protocol, int count) {
    const std::string name = new_name();
    const std::string path = new_path(settings_.memory);
    fill(path, count, body_bytes, name);
    const double before = broker_seconds();
    Usage usage = run(ours({"--incoming-queue", "path=" + path, "--remove"}, agent("outgoing", protocol)));
    usage.broker_seconds = broker_seconds() - before;
    discard_queue(path);
    discard(name);
    return usage;
  }
  Usage receive_into_memory(const std::string& protocol, int count) {
    return receive(protocol, settings_.memory, count);
  }

  // Of its processors, all its threads together.
  [[nodiscard]] double broker_seconds() const {
    std::ifstream file{fmt::format("/proc/{}/stat", broker_.pid())};
    std::string line;
    std::getline(file, line);
    std::istringstream rest{line.substr(line.rfind(')') + 1)};
    constexpr int before_times = 11;
    std::string ignored;
    for (int i = 0; i < before_times; ++i) rest >> ignored;
    double user = 0;
    double system = 0;
    rest >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }

  // The same agent over both protocols. A broker that works the longer for STOMP by more than we may be slower does not
  // allow it.
  void stomp_beside_amqp(const std::string& direction, Usage (Bench::*transfer)(const std::string&, int)) {
    const std::string cell = "STOMP beside AMQP, " + direction;
    if (!wanted(cell)) return;
    constexpr double times_slower_max = 1.5;
    Rates rates;
    Rates work;
    std::vector<std::function<void()>> contenders;
    for (const char* protocol : {"amqp", "stomp"}) {
      contenders.emplace_back([&, protocol] {
        const Usage usage = (this->*transfer)(protocol, settings_.count);
        rates[protocol].push_back(settings_.count / usage.seconds);
        work[protocol].push_back(usage.broker_seconds / settings_.count * 1e6);
      });
    }
    take_turns(settings_.rounds, contenders);
    const double amqp_work = bench::median(work["amqp"]);
    const double stomp_work = bench::median(work["stomp"]);
    const bool allowed = stomp_work <= times_slower_max * amqp_work;
    report(cell, "ours over AMQP", rates["amqp"], rates["stomp"], allowed ? 1 / times_slower_max : 0);
    fmt::print("  the broker's processors: {:.0f} us a message over AMQP, {:.0f} over STOMP, {:.2f} x{}\n",
               amqp_work, stomp_work, stomp_work / amqp_work, allowed ? "" : ": it does not allow 1.5 x");
  }

  void onto_disk() {
    const std::string cell = "amqp -> directory queue, disk, durable";
    if (!wanted(cell)) return;
    Rates rates;
    const int count = settings_.count / 4;
    take_turns(settings_.rounds,
               {[&] {
                  const std::string path = new_path(settings_.disk);
                  rates["raw"].push_back(count / fill(path, count, body_bytes, "x"));
                  discard_queue(path);
                },
                [&] { rates["ours"].push_back(count / receive("amqp", settings_.disk, count).seconds); }});
    report(cell, "adding, not durable", rates["raw"], rates["ours"], 0.7);
  }

  // Peak of a short run, of a long one, and with one large message. Into a queue: an agent that reads one also has the
  // names of a whole directory of it in memory, however many the others have put there.
  void memory() {
    if (!wanted("resident")) return;
    const auto mebibytes = [](const Usage& usage) { return static_cast<double>(usage.resident_kib) / 1024; };
    const int little = settings_.count_memory / 50;
    const double few = mebibytes(receive("amqp", settings_.memory, little));
    const double many = mebibytes(receive("amqp", settings_.memory, settings_.count_memory));
    const std::string name = new_name();
    const std::string path = new_path(settings_.memory);
    fill(path, 1, std::size_t{64} << 20U, name);
    const double large =
        mebibytes(run(ours({"--incoming-queue", "path=" + path, "--remove"}, agent("outgoing", "amqp"))));
    discard_queue(path);
    discard(name);
    fmt::print(
        "memory, MiB at most: {:.1f} for {} messages, {:.1f} for {} ({:.2f} x); {:.1f} for one of 64 MiB\n",
        few, little, many, settings_.count_memory, many / few, large);
    missed_ = missed_ || many > 1.2 * few;
  }

  void report(std::string_view what, std::string_view against, const std::vector<double>& its,
              const std::vector<double>& ours_rates, double target) {
    const double base = bench::median(its);
    const double rate = bench::median(ours_rates);
    const bool miss = target > 0 && rate < target * base;
    missed_ = missed_ || miss;
    fmt::print("{:<44} {:<28} {:>10.0f} {:>10.0f} {:>6.2f}  {}\n", what, against, base, rate, rate / base,
               target > 0 ? fmt::format("{:.2f} {}", target, miss ? "MISSED" : "ok") : "-");
    std::fflush(stdout);
  }

  Settings settings_;
  test::RabbitMq broker_;
  int number_ = 0;
  bool missed_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Measures the transfer agent against a bare rabbitmq-c program and Python peers."};
  app.add_option("--bin", settings.bin, "where simplevisor-transfer is")->required();
  app.add_option("--memory", settings.memory, "directory on a tmpfs")->capture_default_str();
  app.add_option("--disk", settings.disk, "directory on the disk filesystem")->capture_default_str();
  app.add_option("--rounds", settings.rounds)->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--count", settings.count, "messages a round")
      ->check(CLI::Range(100, 10'000'000))
      ->capture_default_str();
  app.add_option("--count-memory", settings.count_memory, "messages of the long run for memory")
      ->check(CLI::Range(100, 100'000'000))
      ->capture_default_str();
  app.add_flag("--python,!--no-python", settings.python, "measure Python's pika, stomp and dirq, too");
  app.add_option("--only", settings.only, "only what holds this text");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    Bench bench{settings};
    bench.run_all();
    return bench.missed() ? 1 : 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "transfer-bench: {}\n", error.what());
    return 1;
  }
}
