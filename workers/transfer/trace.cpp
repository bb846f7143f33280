#include "workers/transfer/trace.hpp"

#include "workers/service/report.hpp"

namespace simplevisor::transfer {
namespace {

struct Step {
  template <class What>
  void operator()(const What&) const {}
  void operator()(const Arrived& what) const {
    service::trace({{"message_number", what.ticket}, {"bytes", what.bytes}}, "message {}: {} bytes{}{}",
                   what.ticket, what.bytes, what.unusable ? ", unusable: " : "", what.unusable.value_or(""));
  }
  void operator()(const Accepted& what) const { trace(what.ticket, "accepted"); }
  void operator()(const Discarded& what) const { trace(what.ticket, "discarded"); }
  void operator()(const CheckFailed& what) const { trace(what.ticket, what.reason); }
  void operator()(const Confirmed& what) const { trace(what.ticket, "sent"); }
  void operator()(const NotConfirmed& what) const { trace(what.ticket, "not sent: " + what.reason); }
  void operator()(const Refused& what) const { trace(what.ticket, "refused: " + what.reason); }
  void operator()(const Settled& what) const { trace(what.ticket, "settled"); }
};

}  // namespace

void trace(const Event& event) {
  std::visit(Step{}, event);
}

void trace(Ticket ticket, std::string_view what) {
  service::trace({{"message_number", ticket}}, "message {}: {}", ticket, what);
}

}  // namespace simplevisor::transfer
