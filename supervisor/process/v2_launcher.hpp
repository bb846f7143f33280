// supervisor/process/v2_launcher.hpp
//
// Our launcher in the shape of Boost.Process v2's, for code written against that library: its initialisers
// (process_environment, process_start_dir, process_stdio, own ones) go in, a basic_process comes out.
//
//     ClonedLauncher launcher;
//     error_code error;
//     auto process = launcher(io.get_executor(), error, "/bin/true", arguments, initialisers...);
//
// Semantics  on_setup(launcher, executable, argv) in the parent; on_exec_setup in the child, after our own
//            stages and with the rules of LaunchPlan::initialiser; on_fork_error, on_error, on_success in
//            the parent. A descriptor of `fd_whitelist` stays open in the child. The error code is the
//            cause, never a later errno. Unlike 1.81's launchers: no zombie and no exit handlers run after
//            a failed exec, no reactor touched, no descriptor leaked, cost independent of the size of the
//            process (docs/decisions/launcher.md). Not beside a Reaper, which reaps every child of the
//            process before the handle could.
// Threads    one launcher per thread.
#pragma once

#include <unistd.h>

#include <boost/asio/detail/throw_error.hpp>  // which default_launcher.hpp forgets
#include <boost/asio/execution/executor.hpp>
#include <boost/asio/is_executor.hpp>
#include <boost/process/v2/process.hpp>
#include <utility>
#include <vector>

#include "supervisor/process/launcher.hpp"

namespace simplevisor::process {

namespace v2 = boost::process::v2;

class ClonedLauncher : public v2::posix::default_launcher {
 public:
  // Stages of ours that come before the initialisers; what the launch itself needs is filled in.
  LaunchPlan plan{.stdio = {Stream{}, Stream{}, Stream{}}, .leads = Leads::nothing};

  template <class Executor, class Args, class... Inits>
    requires(boost::asio::execution::is_executor<Executor>::value ||
             boost::asio::is_executor<Executor>::value)
  auto operator()(Executor executor, v2::error_code& error, const v2::filesystem::path& program, Args&& args,
                  Inits&&... inits) -> v2::basic_process<Executor> {
    const char* const* argv = this->build_argv_(program, std::forward<Args>(args));
    error = first_error([&](auto& init) { return setup(init, program, argv); }, inits...);
    if (!error) error = clone(program, argv, inits...);
    argv_.clear();
    argv_buffer_.clear();
    fd_whitelist = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    if (!error) {
      (tell_success(inits, program, argv), ...);
      return v2::basic_process<Executor>{std::move(executor), pid, pidfd_};
    }
    (tell_error(inits, program, argv, error), ...);
    return v2::basic_process<Executor>{std::move(executor)};
  }

  template <class Context, class Args, class... Inits>
    requires std::is_convertible_v<Context&, boost::asio::execution_context&>
  auto operator()(Context& context, v2::error_code& error, const v2::filesystem::path& program, Args&& args,
                  Inits&&... inits) -> v2::basic_process<typename Context::executor_type> {
    return (*this)(context.get_executor(), error, program, std::forward<Args>(args),
                   std::forward<Inits>(inits)...);
  }

  // Where the last launch failed.
  [[nodiscard]] const LaunchError& failure() const { return failure_; }

 private:
  using Path = v2::filesystem::path;
  using Argv = const char* const*;

  template <class... Inits>
  v2::error_code clone(const Path& program, Argv argv, Inits&... inits) {
    std::vector<Handover> kept;
    for (const int fd : fd_whitelist) {
      if (fd > 2) kept.push_back({fd, fd});
    }
    auto in_child = [&] {
      return first_error([&](auto& init) { return exec_setup(init, program, argv); }, inits...).value();
    };
    LaunchPlan complete = plan;
    complete.executable = program.c_str();
    complete.argv = argv;
    complete.envp = env;
    complete.keep = kept;
    complete.pidfd = &pidfd_;
    complete.initialiser = [](void* function) { return (*static_cast<decltype(in_child)*>(function))(); };
    complete.initialiser_argument = &in_child;
    const auto launched = launcher_.launch(complete);
    if (launched) {
      pid = *launched;
      return {};
    }
    failure_ = launched.error();
    const v2::error_code error{failure_.error, boost::system::system_category()};
    if (failure_.stage == Stage::clone) (tell_fork_error(inits, program, argv, error), ...);
    return error;
  }

  template <class Call, class... Inits>
  static v2::error_code first_error([[maybe_unused]] Call call, Inits&... inits) {
    v2::error_code error;
    static_cast<void>(((error = call(inits), !error) && ...));
    return error;
  }

  template <class Init>
  v2::error_code setup(Init& init, const Path& program, Argv& argv) {
    if constexpr (requires { init.on_setup(*this, program, argv); })
      return init.on_setup(*this, program, argv);
    return {};
  }
  template <class Init>
  v2::error_code exec_setup(Init& init, const Path& program, Argv argv) {
    if constexpr (requires { init.on_exec_setup(*this, program, argv); }) {
      return init.on_exec_setup(*this, program, argv);
    }
    return {};
  }
  template <class Init>
  void tell_success(Init& init, const Path& program, Argv argv) {
    if constexpr (requires { init.on_success(*this, program, argv); }) init.on_success(*this, program, argv);
  }
  template <class Init>
  void tell_error(Init& init, const Path& program, Argv argv, const v2::error_code& error) {
    if constexpr (requires { init.on_error(*this, program, argv, error); }) {
      init.on_error(*this, program, argv, error);
    }
  }
  template <class Init>
  void tell_fork_error(Init& init, const Path& program, Argv argv, const v2::error_code& error) {
    if constexpr (requires { init.on_fork_error(*this, program, argv, error); }) {
      init.on_fork_error(*this, program, argv, error);
    }
  }

  Launcher launcher_;
  LaunchError failure_;
  int pidfd_ = -1;
};

}  // namespace simplevisor::process
