// supervisor/documents/main.cpp
//
// Brings what is made from tables up to date, or says where it is not: `ninja documents_update`, and a test.
//
//   simplevisor_documents update|check DOCS_DIR COMPLETIONS_DIR BIN_DIR
//
// Exit codes  0 up to date (now), 1 not up to date, or a file or program that cannot be used, 2 usage.
#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "supervisor/documents/completions.hpp"
#include "supervisor/documents/made.hpp"
#include "supervisor/documents/regions.hpp"

namespace {

using namespace simplevisor::documents;
namespace fs = std::filesystem;

constexpr std::size_t help_bytes_max = 1 << 20;

std::string contents(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error(fmt::format("{} cannot be read", path.string()));
  return {std::istreambuf_iterator<char>{file}, {}};
}

// The program's directory is ours, and so are the words: no shell gets anything that others wrote.
std::string output_of(const std::string& command) {
  const auto close = [](std::FILE* stream) { ::pclose(stream); };
  std::unique_ptr<std::FILE, decltype(close)> stream{::popen(command.c_str(), "re"), close};
  if (!stream) throw std::runtime_error(command + ": cannot be run");
  std::string text;
  char block[4096];
  for (std::size_t count = 0; (count = std::fread(block, 1, sizeof block, stream.get())) > 0;) {
    text.append(block, count);
    if (text.size() > help_bytes_max) throw std::runtime_error(command + ": prints without end");
  }
  const int status = ::pclose(stream.release());
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error(command + ": failed");
  return text;
}

class Programs {
 public:
  explicit Programs(fs::path directory) : directory_{std::move(directory)} {}

  HelpText help(std::string_view program, std::string_view command) {
    const std::string words =
        fmt::format("'{}' {} --help", (directory_ / std::string(program)).string(), command);
    const auto known = texts_.find(words);
    const std::string& text = known != texts_.end() ? known->second : (texts_[words] = output_of(words));
    auto help = parse_help(text);
    if (!help) throw std::runtime_error(fmt::format("{}: {}", words, help.error()));
    return *std::move(help);
  }

 private:
  fs::path directory_;
  std::map<std::string, std::string> texts_;
};

std::string remade(const fs::path& path, Programs& programs) {
  const bool markdown = path.extension() == ".md";
  const auto make = [&](std::string_view name) {
    if (markdown) return made_markdown(name);
    return made_roff(name, [&](std::string_view program, std::string_view command) {
      return programs.help(program, command);
    });
  };
  auto text = with_regions(contents(path), markdown ? Markup::markdown : Markup::roff, make);
  if (!text) throw std::runtime_error(fmt::format("{}: {}", path.string(), text.error()));
  return *std::move(text);
}

std::map<fs::path, std::string> everything(const fs::path& docs, const fs::path& completions,
                                           Programs& programs) {
  std::map<fs::path, std::string> files{{completions / "simplevisor.bash", bash_completion()},
                                        {completions / "_simplevisor", zsh_completion()},
                                        {completions / "simplevisor.fish", fish_completion()}};
  files[docs / "cli.md"] = remade(docs / "cli.md", programs);
  for (const auto& entry : fs::directory_iterator(docs / "man"))
    files[entry.path()] = remade(entry.path(), programs);
  return files;
}

bool is_up_to_date(const fs::path& path, const std::string& text) {
  std::error_code absent;
  if (fs::exists(path, absent) && contents(path) == text) return true;
  fmt::print(stderr, "{} is not up to date: ninja documents_update\n", path.string());
  return false;
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream file{path, std::ios::binary};
  file << text;
  file.close();
  if (!file) throw std::runtime_error(fmt::format("{} cannot be written", path.string()));
}

int run(const std::vector<std::string>& words) {
  if (words.size() != 4 || (words[0] != "update" && words[0] != "check")) {
    fmt::print(stderr, "usage: simplevisor_documents update|check DOCS_DIR COMPLETIONS_DIR BIN_DIR\n");
    return 2;
  }
  Programs programs{words[3]};
  bool good = true;
  for (const auto& [path, text] : everything(words[1], words[2], programs)) {
    if (words[0] == "update")
      write(path, text);
    else
      good = is_up_to_date(path, text) && good;
  }
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "simplevisor_documents: {}\n", error.what());
    return 1;
  }
}
