// workers/dirq/batch.cpp
#include "workers/dirq/batch.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "workers/dirq/queue.hpp"
#include "workers/dirq/store.hpp"
#include "workers/dirq/writing.hpp"

namespace simplevisor::dirq {

namespace {

// From here on, waiting for the whole filesystem once takes less time than for each file (decisions/dirq-semantics.md).
constexpr std::size_t together_min = 4;

}  // namespace

Batch::Batch(Queue& queue) : store_(queue.store_) {}

Batch::~Batch() {
  for (Draft& draft : pending_) discard_draft(*store_, draft);
}

Result<void> Batch::add(std::string_view content) {
  return add(std::span(&content, 1));
}

Result<void> Batch::add(std::span<const std::string_view> parts) {
  assert(!full());
  auto draft = begin_draft(*store_);
  if (!draft) return std::unexpected(std::move(draft).error());
  auto written = write_draft(*store_, *draft, parts);
  if (!written) return written;
  pending_.push_back(*draft);
  return {};
}

Result<void> Batch::commit(std::vector<ElementName>& published) {
  published.clear();
  std::vector<Draft> drafts = std::exchange(pending_, {});
  Result<void> result;
  const bool together = store_->options().durability != Durability::none && drafts.size() >= together_min;
  if (together) {
    // Through a descriptor that is older than what it waits for: it tells of faults since it was opened.
    const int synced = store_->system().syncfs(drafts.front().descriptor);
    if (synced < 0) result = failed("syncfs", store_->path(), -synced);
  }
  for (std::size_t at = 0; result && at < drafts.size(); ++at)
    result = finish_draft(*store_, drafts[at], together);
  std::size_t done = 0;
  for (; result && done < drafts.size(); ++done) {
    auto name = publish_draft(*store_, drafts[done]);
    if (name && *name) {
      published.push_back(**name);
    } else {
      result = name ? failed("publish", store_->path(), ENOENT) : std::unexpected(std::move(name).error());
    }
  }
  // A draft that failed has been discarded by the step that failed; to do it once more does no harm.
  for (std::size_t i = published.size(); i < drafts.size(); ++i) discard_draft(*store_, drafts[i]);
  std::vector<std::uint32_t> directories;
  for (const ElementName& name : published) directories.push_back(name.directory);
  std::ranges::sort(directories);
  const auto repeated = std::ranges::unique(directories);
  directories.erase(repeated.begin(), repeated.end());
  for (const std::uint32_t directory : directories) {
    auto synced = sync_published(*store_, directory);
    if (result && !synced) result = std::move(synced);
  }
  return result;
}

}  // namespace simplevisor::dirq
