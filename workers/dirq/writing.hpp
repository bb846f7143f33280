// workers/dirq/writing.hpp
//
// The steps of an add: begin a draft, write it, finish it, publish it. Private to the library.
//
// Commit     publish() is the one moment at which the element comes into being.
// Crash      before it: a .tmp, which a purge removes when it is old. After it: nothing (or, where the
// filesystem has
//            no RENAME_NOREPLACE, a second link named .tmp, which is never taken for an element).
// Errors     on every error the draft is removed.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "workers/dirq/draft.hpp"
#include "workers/dirq/error.hpp"
#include "workers/dirq/name.hpp"

namespace simplevisor::dirq {

class Store;

// A purge may take our temporary, or the directory, from under us; after that many times we give up.
inline constexpr int attempts_max = 8;
// Names tried for one file. Each clash needs another process that drew the same microsecond and digit.
inline constexpr int names_max = 4096;

Result<Draft> begin_draft(Store& store);
Result<void> write_draft(Store& store, Draft& draft, std::span<const std::string_view> parts);
// Content made durable as the options say, unless it is already, and descriptor closed.
Result<void> finish_draft(Store& store, Draft& draft, bool durable_already = false);
// Nothing: the temporary was purged meanwhile; write it again.
Result<std::optional<ElementName>> publish_draft(Store& store, Draft& draft);
void discard_draft(Store& store, Draft& draft) noexcept;

// After publishing, with Durability::full.
Result<void> sync_published(Store& store, std::uint32_t directory);

// Publishes the file `from`, found in the open directory that `source(target's directory)` names, under the
// first free name of `directory`, which is made as needed; by one call where the filesystem can, by link and
// unlink where not. -ENOENT: the file is gone.
int publish_file(Store& store, std::uint32_t directory, const std::function<int(int)>& source,
                 const char* from, ElementName& name);

// Gives one file another name that nothing else has.
int rename_file(Store& store, int from_directory, const char* from, int to_directory, const char* to);

Result<ElementName> add_parts(Store& store, std::span<const std::string_view> parts);
Result<ElementName> add_file(Store& store, const std::string& file);

}  // namespace simplevisor::dirq
