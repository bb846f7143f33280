// Other supervisors, as Debian packages them, each set up to do the same: keep N workers running, restart at
// once, no log. What they cannot be told (runit's and s6's pause of one second) is part of the result.
#include <fmt/format.h>

#include <sys/resource.h>
#include <algorithm>
#include <iterator>

#include "tests/bench/harness/run_program.hpp"
#include "tests/bench/harness/system.hpp"

namespace simplevisor::bench {

namespace fs = std::filesystem;

namespace {

using Argv = Result<std::vector<std::string>>;

unsigned descriptors_max() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<unsigned>(std::min<rlim_t>(limit.rlim_cur, 1'000'000));
}

// A service directory whose ./run is the worker itself: "#!" passes it one argument, and no shell is in the
// way.
Result<void> write_service(const Job& job, unsigned id) {
  return write_file(job.directory / "services" / fmt::format("w{:05}", id) / "run",
                    fmt::format("#!{} {}\n", job.worker.string(), job.argument(std::to_string(id))), true);
}

System runit(const std::string& runsvdir) {
  System system;
  system.name = "runit";
  system.note = "runsvdir over N directories; ./run is a #! file of the worker itself";
  system.workers_max = 1000;  // MAXSERVICES in runsvdir.c
  system.stop_signal = SIGHUP;
  system.settle = std::chrono::milliseconds(1200);  // only what ran for a second is restarted without a pause
  system.patience = std::chrono::milliseconds(5000);
  system.prepare = [runsvdir](const Job& job) -> Argv {
    for (unsigned id = 0; id < job.workers; ++id) {
      if (auto written = write_service(job, id); !written) return std::unexpected(written.error());
    }
    return std::vector<std::string>{runsvdir, (job.directory / "services").string()};
  };
  return system;
}

System s6(const std::string& svscan) {
  System system;
  system.name = "s6";
  system.note =
      "s6-svscan; ./run is a #! file of the worker itself; notification-fd, without which every restart "
      "waits 1 s";
  system.workers_max = 6000;
  system.settle = std::chrono::milliseconds(1200);
  system.patience = std::chrono::milliseconds(5000);
  system.prepare = [svscan](Job job) -> Argv {
    if (job.mode == "s") job.mode = "n";
    for (unsigned id = 0; id < job.workers; ++id) {
      auto written = write_service(job, id);
      if (written && job.mode == "n") {
        written =
            write_file(job.directory / "services" / fmt::format("w{:05}", id) / "notification-fd", "3\n");
      }
      if (!written) return std::unexpected(written.error());
    }
    return std::vector<std::string>{svscan, "-c", std::to_string(std::max(job.workers + 1, 500u)),
                                    (job.directory / "services").string()};
  };
  return system;
}

System supervisord(const std::string& program) {
  System system;
  system.name = "supervisord";
  system.note = "one [program] with numprocs=N, autorestart=true, startsecs=0, logs to NONE";
  system.slow = true;
  system.workers_max = 1000;
  system.settle = std::chrono::milliseconds(1500);
  system.patience = std::chrono::milliseconds(20'000);
  system.prepare = [program](const Job& job) -> Argv {
    const fs::path file = job.directory / "supervisord.conf";
    const auto text = fmt::format(
        "[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\nloglevel=critical\npidfile={0}/"
        "pid\n"
        "childlogdir={0}\nminfds={1}\n\n[program:w]\ncommand={2} {3}\nnumprocs={4}\n"
        "process_name=w%(process_num)05d\nautorestart=true\nstartsecs=0\nstartretries=1000000000\n"
        "stdout_logfile=NONE\nstderr_logfile=NONE\n",
        job.directory.string(), 4 * job.workers + 100, job.worker.string(), job.argument("%(process_num)d"),
        job.workers);
    if (auto written = write_file(file, text); !written) return std::unexpected(written.error());
    return std::vector<std::string>{program, "-n", "-c", file.string()};
  };
  return system;
}

System erlang(const std::string& erl, const std::string& erlc, const fs::path& sources) {
  System system;
  system.name = "Erlang/OTP";
  system.note =
      "supervisor, one_for_one, intensity 10^9 in 1 s; children are gen_servers that own a port program";
  system.workers_max = descriptors_max() / 3;  // two descriptors per port
  system.settle = std::chrono::milliseconds(1000);
  system.patience = std::chrono::milliseconds(5000);
  system.prepare = [erl, erlc, sources](Job job) -> Argv {
    if (job.mode == "s") job.mode = "e";  // a port program ends when its owner closes the port
    if (auto done = run_program({erlc, "-o", job.directory.string(), (sources / "bench_peer.erl").string()});
        !done) {
      return std::unexpected(done.error());
    }
    return std::vector<std::string>{erl,
                                    "-noinput",
                                    "-pa",
                                    job.directory.string(),
                                    "-s",
                                    "bench_peer",
                                    "main",
                                    "-extra",
                                    std::to_string(job.workers),
                                    job.worker.string(),
                                    job.fifo + ":",
                                    ":" + job.mode};
  };
  return system;
}

}  // namespace

std::vector<System> peers(const fs::path& sources, std::vector<std::string>& missing) {
  std::vector<System> found;
  const auto add = [&](const std::string& name, auto make) {
    if (const auto program = find_program(name)) {
      found.push_back(make(*program));
    } else {
      missing.push_back(program.error().message);
    }
  };
  add("runsvdir", runit);
  add("s6-svscan", s6);
  add("supervisord", supervisord);
  add("erl", [&](const std::string& erl) { return erlang(erl, erl + "c", sources); });
  return found;
}

}  // namespace simplevisor::bench
