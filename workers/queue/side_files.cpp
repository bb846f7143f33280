#include "workers/queue/side_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "workers/message/text.hpp"

namespace simplevisor::queue {
namespace {

namespace json = boost::json;

constexpr std::size_t reason_bytes_max = 1024;
constexpr std::size_t file_bytes_max = 16'384;
constexpr std::string_view unfinished_suffix = ".new";

std::error_code last_error() {
  return {errno, std::system_category()};
}

// Reasons quote handlers and files, which need not write UTF-8.
std::string presentable(std::string_view text) {
  std::string cut{text.substr(0, reason_bytes_max)};
  while (const auto bad = message::first_invalid_utf8(cut)) cut[*bad] = '?';
  return cut;
}

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

std::string json_of(const Record& record) {
  std::string out = fmt::format("{{\"failures\":{},\"reason\":", record.failures);
  message::append_json_string(out, presentable(record.reason));
  if (!record.element.empty()) {
    out += ",\"queue\":";
    message::append_json_string(out, presentable(record.queue));
    out += ",\"element\":";
    message::append_json_string(out, record.element);
  }
  out += fmt::format(",\"time\":\"{}\"}}\n", utc_now());
  return out;
}

std::error_code write_file(const std::string& path, std::string_view content) {
  const int file =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
  if (file < 0) return last_error();
  std::error_code error;
  while (!content.empty() && !error) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written >= 0)
      content.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      error = last_error();
  }
  if (::close(file) != 0 && !error) error = last_error();
  if (error) ::unlink(path.c_str());
  return error;
}

std::optional<std::string> read_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return std::nullopt;
  std::string content(file_bytes_max, '\0');
  ssize_t size = -1;
  do size = ::read(file, content.data(), content.size());
  while (size < 0 && errno == EINTR);
  ::close(file);
  if (size < 0) return std::nullopt;
  content.resize(static_cast<std::size_t>(size));
  return content;
}

std::optional<dirq::ElementName> element_of(std::string file_name) {
  const std::size_t dash = file_name.find('-');
  if (dash == std::string::npos) return std::nullopt;
  file_name[dash] = '/';
  return dirq::ElementName::parse(file_name);
}

}  // namespace

SideFiles::SideFiles(std::string_view queue_path, std::string_view directory)
    : directory_{fmt::format("{}/{}", queue_path, directory)} {}

std::string SideFiles::path_of(const dirq::ElementName& name) const {
  std::string element = name.str();
  element[element.find('/')] = '-';
  return fmt::format("{}/{}", directory_, element);
}

Record SideFiles::load(const dirq::ElementName& name) const {
  const auto content = read_file(path_of(name));
  if (!content) return {};
  json::error_code ec;
  const json::value value = json::parse(*content, ec);
  const json::object* object = ec ? nullptr : value.if_object();
  if (object == nullptr) return {};
  Record record;
  if (const auto* failures = object->if_contains("failures"))
    record.failures = failures->to_number<unsigned>(ec);
  if (ec) record.failures = 0;
  const auto* reason = object->if_contains("reason");
  if (reason != nullptr && reason->is_string()) record.reason = std::string{reason->as_string()};
  return record;
}

std::error_code SideFiles::store(const dirq::ElementName& name, const Record& record) const {
  const std::string path = path_of(name);
  const std::string unfinished = path + std::string{unfinished_suffix};
  const std::string content = json_of(record);
  auto error = write_file(unfinished, content);
  if (error == std::errc::no_such_file_or_directory) {
    if (::mkdir(directory_.c_str(), 0777) != 0 && errno != EEXIST) return last_error();
    error = write_file(unfinished, content);
  }
  if (error) return error;
  if (std::rename(unfinished.c_str(), path.c_str()) == 0) return {};
  error = last_error();
  ::unlink(unfinished.c_str());
  return error;
}

void SideFiles::remove(const dirq::ElementName& name) const {
  ::unlink(path_of(name).c_str());
}

std::size_t SideFiles::purge(const std::function<bool(const dirq::ElementName&)>& exists) const {
  std::size_t removed = 0;
  std::error_code ec;
  for (auto entry = std::filesystem::directory_iterator{directory_, ec};
       !ec && entry != std::filesystem::directory_iterator{}; entry.increment(ec)) {
    std::string file_name = entry->path().filename().string();
    // A record being written has its element locked by its writer, so the same question answers for it.
    if (file_name.ends_with(unfinished_suffix)) file_name.resize(file_name.size() - unfinished_suffix.size());
    const auto element = element_of(file_name);
    if (element && !exists(*element) && ::unlink(entry->path().c_str()) == 0) ++removed;
  }
  return removed;
}

}  // namespace simplevisor::queue
