#include "supervisor/runtime/wishes.hpp"

#include <fmt/format.h>

#include <utility>

namespace simplevisor::runtime {
namespace {

using core::NodeId;
using core::Request;
using core::Result;

// The answer that several requests have in common. Its last owner tells the result.
class Common {
 public:
  explicit Common(Done done) : done_{std::move(done)} {}
  Common(const Common&) = delete;
  Common& operator=(const Common&) = delete;
  ~Common() { done_(std::move(answer_)); }

  void fine(const std::string& path) { answer_.paths.push_back(path); }
  void trouble(const std::string& path, std::string_view what, Outcome outcome = Outcome::failed) {
    answer_.paths.push_back(path);
    answer_.outcome = outcome;
    if (!answer_.message.empty()) answer_.message += "; ";
    answer_.message += fmt::format("{}: {}", path, what);
  }

 private:
  Done done_;
  Answer answer_;
};

// One node on its way through a wish.
class Errand : public std::enable_shared_from_this<Errand> {
 public:
  Errand(Engine& engine, Resident node, std::shared_ptr<Common> common)
      : engine_{engine}, node_{std::move(node)}, common_{std::move(common)} {}

  void run(Wish wish) {
    if (node_.parent == NodeId::none) return out_of_reach(wish);
    switch (wish) {
      case Wish::stop:
        return stop(true, [self = shared_from_this()] { self->common_->fine(self->node_.path); });
      case Wish::start:
        return start();
      case Wish::restart:
        return stop(false, [self = shared_from_this()] { self->start(); });
    }
  }

 private:
  // The root, or a node whose supervisor does not run: nobody is there to be asked.
  void out_of_reach(Wish wish) {
    if (node_.depth == 0) {
      return common_->trouble(node_.path,
                              "the root is stopped by stopping the supervisor, and cannot be started or "
                              "restarted by itself",
                              Outcome::refused);
    }
    if (wish == Wish::stop) return common_->fine(node_.path);
    common_->trouble(node_.path, "its supervisor does not run; start that first");
  }

  [[nodiscard]] bool is_instance() const { return node_.instance != 0; }

  Request request(Request::Kind kind) const {
    Request request;
    request.kind = kind;
    request.supervisor = node_.parent;
    request.child = node_.spec->name;
    request.node = node_.node;
    request.instance = node_.instance;
    request.spec = node_.spec;
    return request;
  }

  void stop(bool hold, std::function<void()> then) {
    if (is_instance() && node_.node == NodeId::none) return has_ended(hold, then);
    Request wanted = request(Request::Kind::terminate_child);
    wanted.hold = hold;
    if (is_instance()) wanted.life = engine_.tree().node(node_.node).started_life;
    engine_.request(std::move(wanted),
                    [self = shared_from_this(), hold, then = std::move(then)](Result result, NodeId) {
                      if (result == Result::ok) return then();
                      if (result == Result::not_found) return self->has_ended(hold, then);
                      self->refused(result);
                    });
  }

  // An instance that was stopped, or a temporary child that ended: as stopped as can be.
  void has_ended(bool hold, const std::function<void()>& then) {
    if (hold) engine_.hold(node_.path, node_.spec, node_.instance);
    then();
  }

  void start() {
    if (is_instance()) return add();
    engine_.request(request(Request::Kind::restart_child),
                    [self = shared_from_this()](Result result, NodeId) { self->asked_to_start(result); });
  }

  void asked_to_start(Result result) {
    switch (result) {
      case Result::ok:
      case Result::running:
        return common_->fine(node_.path);
      case Result::restarting:  // waits for its next try: have it now
        if (std::exchange(tried_again_, true)) return refused(result);
        return stop(false, [self = shared_from_this()] { self->start(); });
      case Result::not_found:
        return add();
      case Result::noproc:
      case Result::already_started:
      case Result::already_present:
      case Result::simple_one_for_one:
      case Result::bad_spec:
      case Result::start_failed:
        return refused(result);
    }
  }

  // What is not in the list: instances, and temporary children that ended.
  void add() {
    if (is_instance() && alive()) return common_->fine(node_.path);
    engine_.request(request(Request::Kind::start_child), [self = shared_from_this()](Result result, NodeId) {
      if (result == Result::ok || result == Result::already_started)
        return self->common_->fine(self->node_.path);
      self->refused(result);
    });
  }

  [[nodiscard]] bool alive() const {
    const Worker* worker = engine_.workers().find(node_.spec->program, node_.instance);
    return worker && worker->pid != 0;
  }

  void refused(Result result) {
    switch (result) {
      case Result::noproc:
        return common_->trouble(node_.path, "its supervisor has stopped");
      case Result::start_failed: {
        const Worker* worker = engine_.workers().find(node_.spec->program, node_.instance);
        const bool known = !node_.spec->supervisor && worker;
        const std::string words = known ? worker->last_words() : engine_.trouble();
        return common_->trouble(node_.path, words.empty() ? "did not start" : words);
      }
      case Result::restarting:
        return common_->trouble(node_.path, "is being restarted");
      case Result::ok:
      case Result::running:
      case Result::not_found:
      case Result::already_started:
      case Result::already_present:
      case Result::simple_one_for_one:
      case Result::bad_spec:
        return common_->trouble(node_.path, "changed while it was asked; try again");
    }
  }

  Engine& engine_;
  Resident node_;
  std::shared_ptr<Common> common_;
  bool tried_again_ = false;
};

}  // namespace

void grant(Engine& engine, Wish wish, const std::vector<Resident>& nodes, Done done) {
  const auto common = std::make_shared<Common>(std::move(done));
  for (const Resident& node : nodes) std::make_shared<Errand>(engine, node, common)->run(wish);
}

}  // namespace simplevisor::runtime
