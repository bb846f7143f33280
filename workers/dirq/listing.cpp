// workers/dirq/listing.cpp
#include "workers/dirq/listing.hpp"

#include <algorithm>

#include "workers/dirq/name.hpp"
#include "workers/dirq/store.hpp"

namespace simplevisor::dirq {

namespace {

constexpr std::size_t element_digits = 14;

template <class Use>
Result<void> read_directory(Store& store, std::uint32_t directory, Use use) {
  System& system = store.system();
  const int descriptor =
      system.openat(store.top(), directory_text(directory).data(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
  // Gone, or never one of ours: a file or a symbolic link of such a name must not stop the queue.
  if (descriptor == -ENOENT || descriptor == -ENOTDIR || descriptor == -ELOOP) return {};
  if (descriptor < 0) return failed("open", store.path_of(directory), -descriptor);
  const int result = for_each_name(system, descriptor, use);
  system.close(descriptor);
  if (result < 0 && result != -ENOENT) return failed("list", store.path_of(directory), -result);
  return {};
}

}  // namespace

Result<std::vector<std::uint32_t>> list_directories(Store& store) {
  if (auto followed = store.follow_path(); !followed) return std::unexpected(std::move(followed).error());
  System& system = store.system();
  const int descriptor = system.openat(store.top(), ".", O_RDONLY | O_DIRECTORY, 0);
  if (descriptor == -ENOENT) return failed(Errc::no_queue, "queue " + store.path() + ": no such directory");
  if (descriptor < 0) return failed("open", store.path(), -descriptor);
  std::vector<std::uint32_t> directories;
  const int result = for_each_name(system, descriptor, [&](std::string_view name) {
    if (const auto directory = parse_directory(name)) directories.push_back(*directory);
  });
  system.close(descriptor);
  if (result == -ENOENT) return failed(Errc::no_queue, "queue " + store.path() + ": no such directory");
  if (result < 0) return failed("list", store.path(), -result);
  std::ranges::sort(directories);
  return directories;
}

Result<Listing> list_directory(Store& store, std::uint32_t directory) {
  Listing listing;
  const auto read = read_directory(store, directory, [&](std::string_view name) {
    listing.empty = false;
    const auto element = parse_element(name.substr(0, element_digits));
    if (!element) return;
    const std::string_view suffix = name.substr(element_digits);
    if (suffix.empty()) {
      listing.elements.push_back(*element);
    } else if (suffix == ".lck") {
      listing.locks.push_back(*element);
    } else if (suffix == ".tmp") {
      listing.temporaries.push_back(*element);
    }
  });
  if (!read) return std::unexpected(read.error());
  std::ranges::sort(listing.elements);
  std::ranges::sort(listing.locks);
  return listing;
}

Result<std::size_t> count_elements(Store& store, std::uint32_t directory) {
  std::size_t count = 0;
  const auto read =
      read_directory(store, directory, [&](std::string_view name) { count += parse_element(name) ? 1 : 0; });
  if (!read) return std::unexpected(read.error());
  return count;
}

}  // namespace simplevisor::dirq
