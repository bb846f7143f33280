#include "workers/consumer/exec_handler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "workers/service/report.hpp"

namespace simplevisor::consumer {

using service::report;

namespace {

// Somebody has to do something about the program.
bool will_not_pass(const std::error_code& error) {
  constexpr std::array numbers{ENOENT, EACCES, ENOEXEC, ENOTDIR, ELOOP};
  return std::ranges::find(numbers, error.value()) != numbers.end();
}

}  // namespace

ExecHandler::ExecHandler(const boost::asio::any_io_executor& executor, std::vector<std::string> arguments,
                         Environment environment, Tell tell)
    : arguments_{std::move(arguments)},
      environment_{std::move(environment)},
      tell_{std::move(tell)},
      children_{executor} {}

void ExecHandler::handle(Work work) {
  // None of these failures is the message's: memory, descriptors and processes come back, and handlers are mended.
  const auto not_handled = [this, &work](std::string_view what, const std::error_code& error, bool hopeless) {
    std::string trouble = fmt::format("{}: {}", what, error.message());
    if (trouble != trouble_) {
      report({{"queue", work.queue}, {"element", work.element}}, "cannot start the handler for {} of {}: {}",
             work.element, work.queue, trouble);
    }
    trouble_ = std::move(trouble);
    tell_(NotHandled{work.ticket, hopeless ? trouble_ : ""});
  };
  const auto body = MemoryFile::with(work.message.body);
  if (!body) return not_handled("message body", body.error(), false);

  handler::ChildRequest request{arguments_, environment_, body->descriptor(), -1};
  request.environment.push_back(fmt::format("SIMPLEVISOR_QUEUE={}", work.queue));
  request.environment.push_back(fmt::format("SIMPLEVISOR_ELEMENT={}", work.element));
  request.environment.push_back(fmt::format("SIMPLEVISOR_ATTEMPT={}", work.attempt));
  Running running;
  if (!work.raw) {
    auto header = MemoryFile::with(header_json(work.message.header));
    if (!header) return not_handled("message header", header.error(), false);
    running.header = *std::move(header);
    request.environment.push_back(fmt::format("SIMPLEVISOR_TEXT={}", work.message.text));
    request.environment.push_back(fmt::format("SIMPLEVISOR_HEADER_FILE={}", running.header->path()));
    add_header(request.environment, work.message.header);
  }
  const auto child = children_.start(
      request, [this, ticket = work.ticket](handler::ExitStatus status) { ended(ticket, status); });
  if (!child) return not_handled(arguments_.front(), child.error(), will_not_pass(child.error()));
  trouble_.clear();
  running.child = *child;
  running_.emplace(work.ticket, std::move(running));
}

void ExecHandler::kill(Ticket ticket) {
  const auto running = running_.find(ticket);
  if (running != running_.end()) children_.kill(running->second.child);
}

void ExecHandler::kill_all() {
  for (const auto& [ticket, running] : running_) children_.kill(running.child);
}

void ExecHandler::ended(Ticket ticket, handler::ExitStatus status) {
  running_.erase(ticket);
  if (status.signalled || (status.value != 0 && status.value != status_later)) {
    tell_(Failed{ticket, fmt::format("handler: {}", status.text())});
  } else if (status.value == status_later) {
    tell_(Later{ticket, {}});
  } else {
    tell_(Done{ticket});
  }
}

}  // namespace simplevisor::consumer
