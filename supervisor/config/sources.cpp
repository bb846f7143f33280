// supervisor/config/sources.cpp
#include "supervisor/config/sources.hpp"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <set>

#include "supervisor/config/keys.hpp"
#include "supervisor/config/nesting.hpp"
#include "supervisor/config/text_file.hpp"
#include "supervisor/config/values.hpp"

namespace simplevisor::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t file_bytes_max = 64u << 20;
constexpr std::size_t files_max = 10'000;
constexpr std::size_t include_depth_max = 16;

// The files a pattern stands for, sorted. Only the pattern's own characters are special, not those of `dir`.
std::vector<std::string> matches(const fs::path& dir, const std::string& pattern) {
  std::string full;
  if (!pattern.starts_with('/')) {
    for (const char c : dir.string()) {
      if (std::string_view{"*?[]\\"}.contains(c)) full += '\\';
      full += c;
    }
    if (!full.empty() && !full.ends_with('/')) full += '/';
  }
  full += pattern;
  glob_t found{};
  std::vector<std::string> names;
  if (::glob(full.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    names.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  std::ranges::sort(names);
  return names;
}

class SourceReader {
 public:
  SourceReader(Sources& sources, Report& report) : sources_{sources}, report_{report} {}

  // `asked` is where the include stands that led here. The names of files stay as they were asked for.
  void read(const fs::path& file, Where asked, const std::string& asked_key) {
    if (sources_.files.size() == files_max) {
      if (!full_) report_.add(asked, asked_key, fmt::format("more than {} files", files_max));
      full_ = true;
      sources_.complete = false;
      return;
    }
    FileIdentity identity{};
    const auto text = read_text_file(file.string(), file_bytes_max, &identity);
    if (text && is_open(identity, file, asked, asked_key)) return;
    if (text && !seen_.insert(identity).second) return;

    const auto index = static_cast<std::uint32_t>(sources_.files.size());
    std::error_code ignored;
    const fs::path absolute = fs::absolute(file, ignored);
    sources_.files.push_back({file.string(), absolute.lexically_normal().parent_path()});
    if (!text) {
      report_.add({index, 0, 0}, {}, text.error());
      sources_.complete = false;
      return;
    }
    if (!parse(*text, index)) return;
    open_.push_back({identity, file.string()});
    follow_includes(index, file.parent_path());
    open_.pop_back();
  }

  void read_kinds(const fs::path& dir) {
    std::error_code missing;
    if (!fs::is_directory(dir, missing)) return;
    for (const std::string& file : matches(dir, "*.toml")) {
      const std::size_t before = sources_.files.size();
      read(file, {}, {});
      if (sources_.files.size() > before) sources_.files[before].shipped = true;
    }
  }

 private:
  struct Open {
    FileIdentity identity;
    std::string name;
  };

  bool is_open(const FileIdentity& identity, const fs::path& file, Where asked,
               const std::string& asked_key) {
    const auto found = std::ranges::find(open_, identity, &Open::identity);
    if (found == open_.end()) return false;
    std::string chain;
    for (auto each = found; each != open_.end(); ++each) chain += each->name + " -> ";
    report_.add(asked, asked_key, fmt::format("files include each other: {}{}", chain, file.string()));
    return true;
  }

  bool parse(const std::string& text, std::uint32_t index) {
    if (const auto place = too_deep(text)) {
      report_.add({index, place->line, place->column}, {},
                  fmt::format("nested more than {} deep", nesting_max));
      sources_.complete = false;
      return false;
    }
    try {
      sources_.files[index].table = toml::parse(std::string_view{text});
      return true;
    } catch (const toml::parse_error& error) {
      const auto& at = error.source().begin;
      report_.add({index, at.line, at.column}, {}, std::string{error.description()});
      sources_.complete = false;
      return false;
    }
  }

  void follow_includes(std::uint32_t index, const fs::path& dir) {
    const toml::table* table = sources_.files[index].table["simplevisor"].as_table();
    if (table == nullptr) return;
    Reading reading{index, report_};
    const KeyPath path{nullptr, "simplevisor"};
    SettingsDraft settings;
    read_section(settings_section(), *table, path, reading, settings);
    if (index == 0) {
      sources_.settings = settings;
    } else {
      refuse_settings(*table, path, reading);
    }
    for (std::size_t i = 0; i < settings.include.value.size(); ++i) {
      const Text& pattern = settings.include.value[i];
      if (pattern.text.empty()) continue;  // no string, which has been complained about
      const KeyPath include{&path, "include"};
      const std::string key = KeyPath{&include, {}, static_cast<std::ptrdiff_t>(i)}.text();
      include_all(pattern, key, dir);
    }
  }

  void include_all(const Text& pattern, const std::string& key, const fs::path& dir) {
    if (open_.size() > include_depth_max) {
      report_.add(pattern.where, key, fmt::format("files included more than {} deep", include_depth_max));
      return;
    }
    const auto files = matches(dir, pattern.text);
    if (files.empty()) {
      report_.add(pattern.where, key, fmt::format("no file matches \"{}\"", pattern.text));
    }
    for (const std::string& file : files) read(file, pattern.where, key);
  }

  void refuse_settings(const toml::table& table, const KeyPath& path, Reading& reading) {
    for (const auto& [name, value] : table) {
      if (name.str() == "include" || settings_section().find(name.str()) == nullptr) continue;
      report_.add(
          reading.at(name.source()), KeyPath{&path, name.str()}.text(),
          fmt::format("belongs into {}: an included file has only `include` here", sources_.files[0].name));
    }
  }

  Sources& sources_;
  Report& report_;
  std::vector<Open> open_;  // the file being read, behind those that include it
  std::set<FileIdentity> seen_;
  bool full_ = false;
};

}  // namespace

std::vector<std::string> Sources::names() const {
  std::vector<std::string> all;
  for (const Source& source : files) all.push_back(source.name);
  return all;
}

Sources read_sources(const fs::path& file, const LoadOptions& options, Report& report) {
  Sources sources;
  SourceReader reader{sources, report};
  reader.read(file, {}, {});
  for (const fs::path& dir : options.kinds_dirs) reader.read_kinds(dir);
  return sources;
}

}  // namespace simplevisor::config
