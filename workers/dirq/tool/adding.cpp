// workers/dirq/tool/adding.cpp
//
// simplevisor-dirq add: files, standard input, or the lines of either; to a normal queue, the fields of one element.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <system_error>

#include "workers/dirq/batch.hpp"
#include "workers/dirq/normal/queue.hpp"
#include "workers/dirq/queue.hpp"
#include "workers/dirq/tool/commands.hpp"

namespace simplevisor::dirq::tool {

namespace {

constexpr std::size_t line_bytes_max = std::size_t{64} << 20U;
constexpr std::size_t read_bytes = 65'536;

class Input {
 public:
  explicit Input(std::string path)
      : path_(std::move(path)),
        descriptor_(path_ == "-" ? STDIN_FILENO : ::open(path_.c_str(), O_RDONLY | O_CLOEXEC)),
        error_(errno) {}
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input() {
    if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
  }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] Error error(std::string_view call) const { return failed(call, path_, error_).error(); }

  // All of it, as far as an element may go.
  Result<std::string> all() {
    std::string bytes;
    const auto buffer = std::make_unique_for_overwrite<char[]>(read_bytes);
    for (;;) {
      const ssize_t got = ::read(descriptor_, buffer.get(), read_bytes);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed("read", path_, errno);
      if (got == 0) return bytes;
      bytes.append(buffer.get(), static_cast<std::size_t>(got));
      if (bytes.size() > get_bytes_max)
        return failed(Errc::too_large, fmt::format("read {}: more than {} bytes", path_, get_bytes_max));
    }
  }

  // Calls `use` for each line, without its newline; the last one may lack it.
  Result<void> for_each_line(const std::function<Result<void>(std::string_view)>& use) {
    const auto buffer = std::make_unique_for_overwrite<char[]>(read_bytes);
    std::string begun;
    for (;;) {
      const ssize_t got = ::read(descriptor_, buffer.get(), read_bytes);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed("read", path_, errno);
      if (got == 0) return begun.empty() ? Result<void>() : use(begun);
      std::string_view rest(buffer.get(), static_cast<std::size_t>(got));
      for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        begun.append(rest.substr(0, end));
        if (auto used = use(begun); !used) return used;
        begun.clear();
        rest.remove_prefix(end + 1);
      }
      begun.append(rest);
      if (begun.size() > line_bytes_max) {
        return failed(Errc::too_large,
                      fmt::format("read {}: a line longer than {} bytes", path_, line_bytes_max));
      }
    }
  }

 private:
  std::string path_;
  int descriptor_;
  int error_;
};

class Adder {
 public:
  Adder(Queue queue, const AddRequest& request)
      : queue_(std::move(queue)), request_(request), batch_(queue_) {}

  Result<void> add(const std::string& file) {
    if (request_.take_over) return note(queue_.add_path(file));
    Input input(file);
    if (input.descriptor() < 0) return std::unexpected(input.error("open"));
    if (!request_.lines) {
      auto name = queue_.add_from(input.descriptor());
      if (!name) name.error().message = fmt::format("{}: {}", file, name.error().message);
      return note(std::move(name));
    }
    auto read = input.for_each_line([this](std::string_view line) { return add_line(line); });
    // The lines before the one that failed were given to us in good order: they are added.
    auto committed = commit();
    return read ? committed : read;
  }

  [[nodiscard]] const std::vector<ElementName>& added() const noexcept { return added_; }

 private:
  Result<void> add_line(std::string_view line) {
    if (batch_.full()) {
      if (auto committed = commit(); !committed) return committed;
    }
    return batch_.add(line);
  }

  Result<void> commit() {
    std::vector<ElementName> published;
    auto committed = batch_.commit(published);
    added_.insert(added_.end(), published.begin(), published.end());
    return committed;
  }

  Result<void> note(Result<ElementName> name) {
    if (!name) return std::unexpected(std::move(name).error());
    added_.push_back(*name);
    return {};
  }

  Queue queue_;
  const AddRequest& request_;
  Batch batch_;
  std::vector<ElementName> added_;
};

std::string names_text(const std::vector<ElementName>& names, bool json) {
  std::string text;
  for (const ElementName& name : names) {
    text += json ? (text.empty() ? "" : ", ") + json_string(name.str()) : name.str() + "\n";
  }
  return json ? "{\"added\": [" + text + "]}\n" : text;
}

// One element, from "NAME=FILE" for each field.
int add_fields(const AddRequest& request) {
  std::map<std::string, std::string> types;
  Element element;
  for (const std::string& field : request.fields) {
    const std::size_t equals = field.find('=');
    const std::string name = field.substr(0, equals);
    if (equals == std::string::npos) return fail(exit_usage, fmt::format("--field {}: not NAME=FILE", field));
    if (!types.emplace(name, "binary").second)
      return fail(exit_usage, fmt::format("--field {}: {} is given twice", field, name));
    Input input(field.substr(equals + 1));
    if (input.descriptor() < 0) return fail(input.error("open"));
    auto bytes = input.all();
    if (!bytes) return fail(bytes.error());
    element.emplace(name, *std::move(bytes));
  }
  auto schema = Schema::parse(types);
  if (!schema) return fail(schema.error());
  auto queue = NormalQueue::open(request.queue.path, {.schema = *std::move(schema),
                                                      .umask = request.options.umask,
                                                      .durability = request.options.durability});
  if (!queue) return fail(queue.error());
  const auto name = queue->add(element);
  if (!name) return fail(name.error());
  return request.quiet ? exit_done : print(names_text({*name}, request.json));
}

}  // namespace

int add(const AddRequest& request) {
  const std::string& path = request.queue.path;
  const Layout layout = request.queue.layout.value_or(detect_layout(path));
  if (layout == Layout::normal && request.fields.empty()) {
    return fail(exit_usage,
                fmt::format("queue {}: is a normal queue: --field NAME=FILE names what to add", path));
  }
  if (layout == Layout::simple && !request.fields.empty()) {
    return fail(
        exit_usage,
        fmt::format("queue {}: is no normal queue, which --field needs; --type normal makes one", path));
  }
  if (layout == Layout::normal) return add_fields(request);
  auto queue = Queue::open(path, request.options);
  if (!queue) return fail(queue.error());
  Adder adder(std::move(*queue), request);
  int code = exit_done;
  for (const std::string& file : request.files.empty() ? std::vector<std::string>{"-"} : request.files) {
    auto done = adder.add(file);
    if (done) continue;
    code = fail(done.error());
    break;
  }
  // What was added is said even when a later file failed: it is there.
  const int printed = request.quiet ? exit_done : print(names_text(adder.added(), request.json));
  return code != exit_done ? code : printed;
}

}  // namespace simplevisor::dirq::tool
