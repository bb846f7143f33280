// supervisor/config/programs.cpp
#include "supervisor/config/programs.hpp"

#include <fmt/format.h>

#include <functional>

#include "supervisor/config/json_value.hpp"

namespace simplevisor::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t path_bytes_max = 4095;

std::string exactly(std::string text) {
  text.shrink_to_fit();
  return text;
}

std::string json_object(const std::map<std::string, std::string>& values) {
  std::string json = "{";
  for (const auto& [key, value] : values) {
    if (json.size() > 1) json += ',';
    append_json_string(json, key);
    json += ':';
    json += value;
  }
  return exactly(json + '}');
}

std::string doubled_braces(std::string_view text) {
  std::string doubled;
  for (const char c : text) doubled.append(c == '{' || c == '}' ? 2 : 1, c);
  return doubled;
}

std::string normal(const fs::path& path) {
  std::string text = path.lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return exactly(std::move(text));
}

}  // namespace

std::string Paths::absolute(const Text& text, const std::string& key, const Known& known) {
  auto substituted = substitute_wholly(text.text, known);
  if (!substituted) {
    report_.add(text.where, key, substituted.error().message, substituted.error().nearest);
    return {};
  }
  return absolute(Text{*std::move(substituted), text.where}, key);
}

std::string Paths::absolute(const Text& text, const std::string& key) {
  if (text.text == "~" || text.text.starts_with("~/")) {
    report_.add(text.where, key, "\"~\" is not expanded: write the whole path, or \"./~\"");
    return {};
  }
  std::string path = normal(dir(text.where) / text.text);
  if (path.size() > path_bytes_max) {
    report_.add(text.where, key, fmt::format("longer than {} bytes", path_bytes_max));
  }
  return path;
}

ProgramMaker::ProgramMaker(const Sources& sources, std::string state_dir, std::string bin_dir, Report& report,
                           Machine* machine)
    : paths_{sources, report},
      state_dir_{std::move(state_dir)},
      bin_dir_{std::move(bin_dir)},
      report_{report},
      machine_{machine} {
  for (const Source& source : sources.files)
    files_.push_back(std::make_shared<const std::string>(source.name));
}

std::shared_ptr<const Program> ProgramMaker::make(const Declared& node, const NodeDraft& draft,
                                                  std::string path) {
  const std::size_t before = report_.size();
  const std::string key = fmt::format("{}.{}", node.section().name, node.name);
  const Known known{node.name, path, state_dir_, bin_dir_};
  if (!draft.command.set && !draft.command_spoilt) {
    report_.add(node.where, key,
                draft.kind.set ? "has no `command`, and its kind has none" : "has no `command`");
  }
  with_wanted_ = false;
  auto program = std::make_shared<Program>();
  program->command = command(draft, key, known);
  if (draft.with.set) program->with_json = json_object(draft.with.value);
  program->setup = shared(setup(draft, key, known));
  // Told of the node, not of the text: that may be its kind's, and what is missing belongs here.
  if (with_wanted_ && !draft.with.set) {
    report_.add(node.where, key,
                "has no `with`, the table that {with} in its command or environment stands for");
  }
  if (report_.size() != before || program->command.empty()) return nullptr;
  if (machine_ != nullptr) machine_->check(*program, draft, key);
  program->name = node.name;
  program->path = exactly(std::move(path));
  program->where = {files_[node.where.file], node.where.line, node.where.column};
  program->pool = node.type == NodeType::pool;
  return program;
}

std::vector<std::string> ProgramMaker::command(const NodeDraft& draft, const std::string& key,
                                               const Known& known) {
  std::vector<std::string> words;
  words.reserve(draft.command.value.size());
  for (std::size_t i = 0; i < draft.command.value.size(); ++i) {
    const Text& text = draft.command.value[i];
    std::string word = pending(text, fmt::format("{}.command[{}]", key, i), known);
    words.push_back(exactly(i == 0 ? program_path(text, std::move(word)) : std::move(word)));
  }
  return words;
}

// The first step of substitution, for what a start completes.
std::string ProgramMaker::pending(const Text& text, const std::string& key, const Known& known) {
  auto made = substitute(text.text, known);
  if (!made) {
    report_.add(text.where, key, made.error().message, made.error().nearest);
    return {};
  }
  with_wanted_ = with_wanted_ || made->with;
  return exactly(std::move(made->text));
}

// A program with a slash in its name is a path like any other; without, PATH is searched when it starts.
std::string ProgramMaker::program_path(const Text& text, std::string expanded) const {
  if (!expanded.contains('/') || expanded.starts_with('/') || expanded.starts_with("{with}")) return expanded;
  return normal(doubled_braces(paths_.dir(text.where).string()) + "/" + expanded);
}

Setup ProgramMaker::setup(const NodeDraft& draft, const std::string& key, const Known& known) {
  Setup setup;
  const auto path = [&](const Given<Text>& text, std::string_view name) {
    return text.set ? paths_.absolute(text.value, fmt::format("{}.{}", key, name), known) : std::string{};
  };
  setup.env.reserve(draft.env.size());
  for (const auto& [name, text] : draft.env) {
    setup.env.emplace_back(name, pending(text, fmt::format("{}.env.{}", key, name), known));
  }
  setup.env_file = path(draft.env_file, "env_file");
  setup.cwd = path(draft.cwd, "cwd");
  setup.user = draft.user.value.text;
  setup.group = draft.group.value.text;
  if (draft.umask.set) setup.umask = draft.umask.value;
  if (draft.nice.set) setup.nice = draft.nice.value;
  setup.limits.reserve(draft.limits.size());
  for (const auto& [resource, limit] : draft.limits) setup.limits.push_back(limit);
  setup.stop_signal = draft.stop_signal.value_or(setup.stop_signal);
  setup.session = draft.session.value_or(setup.session);
  setup.stdout_to = output(draft.stdout_to, key + ".stdout", known);
  setup.stderr_to = output(draft.stderr_to, key + ".stderr", known);
  if (draft.log_format.set) setup.log_format = draft.log_format.value;
  if (draft.log_to.set) setup.log_to = draft.log_to.value;
  if (draft.flood_lines.set) setup.flood_lines = draft.flood_lines.value;
  if (draft.flood_bytes.set) setup.flood_bytes = draft.flood_bytes.value;
  setup.ready = readiness(draft, key);
  setup.start_timeout = draft.start_timeout.value_or(setup.start_timeout);
  setup.watchdog = draft.watchdog.value_or(setup.watchdog);
  setup.kind = draft.kind.value.text;
  return setup;
}

Output ProgramMaker::output(const Given<OutputDraft>& draft, const std::string& key, const Known& known) {
  Output output{draft.value.kind, {}};
  if (output.kind == Output::Kind::file)
    output.path = paths_.absolute(draft.value.path, key + ".file", known);
  return output;
}

Readiness ProgramMaker::readiness(const NodeDraft& draft, const std::string& key) {
  using Kind = Readiness::Kind;
  const Readiness defaults;
  const Readiness ready{draft.ready.value_or(defaults.kind), draft.ready_fd.value_or(defaults.fd),
                        draft.ready_after.value_or(defaults.after)};
  if (ready.kind == Kind::after && !draft.ready_after.set) {
    report_.add(draft.ready.where, key + ".ready", "\"after\" needs a `ready_after`");
  }
  // Given without any `ready` they would be silently without effect. Beside another `ready` they may come from a kind.
  const auto useless = [&](Where where, std::string_view name, std::string_view value) {
    report_.add(where, fmt::format("{}.{}", key, name),
                fmt::format("means nothing without `ready = \"{}\"`", value));
  };
  if (!draft.ready.set && draft.ready_after.set) useless(draft.ready_after.where, "ready_after", "after");
  if (!draft.ready.set && draft.ready_fd.set) useless(draft.ready_fd.where, "ready_fd", "fd");
  return ready;
}

// The fields that differ most often; the rest is left to the comparison.
std::size_t ProgramMaker::SetupHash::operator()(const std::shared_ptr<const Setup>& setup) const {
  const std::hash<std::string> hash;
  std::size_t sum = hash(setup->cwd);
  const auto add = [&](const std::string& text) { sum = sum * 31 + hash(text); };
  add(setup->env_file);
  add(setup->user);
  add(setup->kind);
  add(setup->stdout_to.path);
  add(setup->stderr_to.path);
  for (const auto& [name, value] : setup->env) {
    add(name);
    add(value);
  }
  return sum;
}

std::shared_ptr<const Setup> ProgramMaker::shared(Setup setup) {
  return *setups_.insert(std::make_shared<const Setup>(std::move(setup))).first;
}

}  // namespace simplevisor::config
