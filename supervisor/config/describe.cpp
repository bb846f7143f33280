// supervisor/config/describe.cpp
#include "supervisor/config/describe.hpp"

#include <fmt/format.h>

#include "supervisor/config/keys.hpp"
#include "supervisor/config/units.hpp"

namespace simplevisor::config {

std::string_view name_of(core::Strategy strategy) {
  switch (strategy) {
    case core::Strategy::one_for_one:
      return "one_for_one";
    case core::Strategy::rest_for_one:
      return "rest_for_one";
    case core::Strategy::one_for_all:
      return "one_for_all";
    case core::Strategy::simple_one_for_one:
      return "simple_one_for_one";
  }
  return {};
}

std::string_view name_of(core::Restart restart) {
  switch (restart) {
    case core::Restart::permanent:
      return "permanent";
    case core::Restart::transient:
      return "transient";
    case core::Restart::temporary:
      return "temporary";
  }
  return {};
}

namespace {

std::string shutdown_text(const core::Shutdown& shutdown) {
  switch (shutdown.kind) {
    case core::Shutdown::Kind::brutal_kill:
      return "brutal_kill";
    case core::Shutdown::Kind::infinity:
      return "infinity";
    case core::Shutdown::Kind::timed:
      break;
  }
  return duration_text(shutdown.grace);
}

std::string supervision_text(const core::SupervisorSpec& spec) {
  std::string text =
      fmt::format(", more than {} restarts in {}: ", spec.intensity, duration_text(spec.period));
  text += spec.on_exhausted == core::OnExhausted::escalate
              ? "give up"
              : fmt::format("cool down for {}", duration_text(spec.cool_down));
  if (spec.auto_shutdown == core::AutoShutdown::any_significant) text += ", ends with any significant child";
  if (spec.auto_shutdown == core::AutoShutdown::all_significant)
    text += ", ends with the last significant child";
  if (!spec.ordered) text += fmt::format(", unordered, {} at a time", spec.max_concurrent);
  return text;
}

// What is the same for every child: how it comes back and goes.
std::string child_text(const core::ChildSpec& child) {
  std::string text = fmt::format("{}, shutdown {}", name_of(child.restart), shutdown_text(child.shutdown));
  if (child.significant) text += ", significant";
  if (child.backoff.initial != core::Milliseconds{0}) {
    text += fmt::format(", backoff {} to {}", duration_text(child.backoff.initial),
                        duration_text(child.backoff.max));
  }
  return text;
}

std::string readiness_text(const Readiness& ready) {
  switch (ready.kind) {
    case Readiness::Kind::exec:
      return "exec";
    case Readiness::Kind::notify:
      return "notify";
    case Readiness::Kind::fd:
      return fmt::format("fd {}", ready.fd);
    case Readiness::Kind::after:
      return fmt::format("after {}", duration_text(ready.after));
  }
  return {};
}

// An argument as it would be typed; quoted only where it has to be.
std::string word_text(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_of(" \t\n\r\"'\\$`;&|<>()*?[]#~") == std::string::npos;
  if (plain) return word;
  std::string text = "'";
  for (const char c : word) {
    if (c == '\'') {
      text += "'\\''";
    } else {
      text += static_cast<unsigned char>(c) < ' ' ? '?' : c;
    }
  }
  return text + "'";
}

class Description {
 public:
  explicit Description(const Configuration& configuration) : configuration_{configuration} {}

  std::string run() {
    const Settings& settings = configuration_.settings;
    text_ += fmt::format("{}: {} programs, state in {}\n", settings.name, configuration_.programs.size(),
                         settings.state_dir);
    for (const std::string& file : configuration_.files) text_ += fmt::format("file {}\n", file);
    text_ += '\n';
    node(*configuration_.root, 0);
    return std::move(text_);
  }

 private:
  // Depth is bounded by the loader.
  void node(const core::ChildSpec& child, std::size_t depth) {
    if (child.supervisor == nullptr) {
      line(depth, fmt::format("{}: worker, {}", child.name, child_text(child)));
      program(child, depth + 1);
      return;
    }
    const core::SupervisorSpec& spec = *child.supervisor;
    if (spec.strategy == core::Strategy::simple_one_for_one) {
      const core::ChildSpec& instance = *spec.children.front();
      line(depth, fmt::format("{}: pool of {}, {}{}", child.name, spec.initial_instances,
                              child_text(instance), supervision_text(spec)));
      program(instance, depth + 1);
      return;
    }
    const std::string as_child = depth == 0 ? std::string{} : fmt::format(", {}", child_text(child));
    line(depth, fmt::format("{}: supervisor, {}{}{}", child.name, name_of(spec.strategy), as_child,
                            supervision_text(spec)));
    for (const auto& each : spec.children) node(*each, depth + 1);
  }

  void program(const core::ChildSpec& child, std::size_t depth) {
    const Program& program = *configuration_.programs[child.program];
    const Setup& setup = *program.setup;
    std::string command;
    for (const std::string& word : program.command) {
      if (!command.empty()) command += ' ';
      command += word_text(word);
    }
    line(depth, "runs " + command);
    std::string how = fmt::format("ready: {}", readiness_text(setup.ready));
    const auto add = [&](std::string_view name, const std::string& value) {
      if (!value.empty()) how += fmt::format(", {}: {}", name, value);
    };
    add("kind", setup.kind);
    add("user", setup.user);
    add("group", setup.group);
    add("cwd", setup.cwd);
    add("env_file", setup.env_file);
    if (setup.watchdog != Milliseconds{0}) add("watchdog", duration_text(setup.watchdog));
    if (setup.umask) add("umask", fmt::format("{:03o}", *setup.umask));
    if (setup.nice) add("nice", std::to_string(*setup.nice));
    if (setup.stop_signal != 15) add("stop_signal", std::to_string(setup.stop_signal));
    if (setup.session != Session::automatic) add("session", setup.session == Session::own ? "own" : "shared");
    add("stdout", output_text(setup.stdout_to));
    add("stderr", output_text(setup.stderr_to));
    if (setup.log_format) add("log_format", name_in(log_formats(), *setup.log_format));
    if (setup.log_to) add("log_to", name_in(log_targets(), *setup.log_to));
    if (setup.flood_lines.value_or(0) > 0) add("flood_lines", std::to_string(*setup.flood_lines));
    if (setup.flood_bytes.value_or(0) > 0) add("flood_bytes", size_text(*setup.flood_bytes));
    if (!setup.env.empty()) add("env", std::to_string(setup.env.size()) + " variables");
    if (!setup.limits.empty()) add("limits", std::to_string(setup.limits.size()));
    line(depth, how);
  }

  template <class Enum>
  static std::string name_in(std::span<const Choice> choices, Enum value) {
    return std::string{choices[static_cast<std::size_t>(value)].name};
  }

  // "" for captured, which is what everybody expects.
  static std::string output_text(const Output& output) {
    if (output.kind == Output::Kind::file) return output.path;
    if (output.kind == Output::Kind::capture) return {};
    return output.kind == Output::Kind::null ? "null" : "inherit";
  }

  void line(std::size_t depth, const std::string& content) {
    text_.append(2 * depth, ' ').append(content).append(1, '\n');
  }

  const Configuration& configuration_;
  std::string text_;
};

}  // namespace

std::string describe(const Configuration& configuration) {
  return Description{configuration}.run();
}

std::string digest(const Configuration& configuration) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : describe(configuration)) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

}  // namespace simplevisor::config
