// workers/dirq/normal/volatiles.cpp
#include "workers/dirq/normal/volatiles.hpp"

#include "workers/dirq/listing.hpp"
#include "workers/dirq/name.hpp"
#include "workers/dirq/store.hpp"
#include "workers/dirq/writing.hpp"

namespace simplevisor::dirq {

namespace {

// A late taker may slip its lock into an element that is being destroyed, once each.
constexpr int rounds_max = 256;

// Runs `operation(name)` with names of TOP/`directory` nobody has drawn from this object before, until it does not
// answer that one is taken; makes the directory when it is missing.
template <class Operation>
int with_new_name(Store& store, const char* directory, std::string& name, Operation operation) {
  int result = -EEXIST;
  bool made = false;
  for (int tried = 0; tried < names_max; ++tried) {
    name = below(directory, element_text(store.draw_element()).data());
    result = operation(name.c_str());
    if (result == -ENOENT && !made) {
      made = true;
      store.reopen_top_if_replaced();
      const int remade = store.make_below(store.top(), directory);
      if (remade < 0 && remade != -EEXIST) return remade;
      continue;
    }
    if (result != -EEXIST && result != -ENOTEMPTY) return result;
  }
  return result;
}

// Removes what is in the directory. The lock is one of its directories; others are nobody's, and stay.
int empty(System& system, int directory) {
  std::vector<std::string> names;
  const int listed =
      for_each_name(system, directory, [&](std::string_view name) { names.emplace_back(name); });
  if (listed < 0 && listed != -ENOENT) return listed;
  for (const std::string& name : names) {
    int removed = system.unlinkat(directory, name.c_str(), name == locked_name ? AT_REMOVEDIR : 0);
    if (removed == -ENOTDIR || removed == -EISDIR)
      removed = system.unlinkat(directory, name.c_str(), name == locked_name ? 0 : AT_REMOVEDIR);
    if (removed < 0 && removed != -ENOENT) return removed;
  }
  return 0;
}

}  // namespace

std::string below(std::string_view directory, std::string_view name) {
  std::string path;
  path.reserve(directory.size() + 1 + name.size());
  return path.append(directory).append(1, '/').append(name);
}

int rename_directory(Store& store, int from_directory, const char* from, int to_directory, const char* to) {
  System& system = store.system();
  if (store.rename_works) {
    const int renamed = system.rename_noreplace(from_directory, from, to_directory, to);
    if (renamed != -EINVAL && renamed != -ENOSYS) return renamed;
    store.rename_works = false;
  }
  // Replaces an empty directory only, and no element is empty.
  return system.renameat(from_directory, from, to_directory, to);
}

int make_temporary(Store& store, std::string& temporary) {
  return with_new_name(store, temporary_name, temporary,
                       [&](const char* name) { return store.make_below(store.top(), name); });
}

int retire(Store& store, int from_directory, const char* from, std::string& obsolete) {
  return with_new_name(store, obsolete_name, obsolete, [&](const char* name) {
    return rename_directory(store, from_directory, from, store.top(), name);
  });
}

int destroy(Store& store, const std::string& directory) {
  System& system = store.system();
  for (int round = 0; round < rounds_max; ++round) {
    const int descriptor =
        system.openat(store.top(), directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (descriptor == -ENOENT) return 0;
    if (descriptor == -ENOTDIR || descriptor == -ELOOP) {
      const int unlinked = system.unlinkat(store.top(), directory.c_str(), 0);
      return unlinked == -ENOENT ? 0 : unlinked;
    }
    if (descriptor < 0) return descriptor;
    const int emptied = empty(system, descriptor);
    system.close(descriptor);
    if (emptied < 0) return emptied;
    const int removed = system.unlinkat(store.top(), directory.c_str(), AT_REMOVEDIR);
    if (removed == 0 || removed == -ENOENT) return 0;
    if (removed != -ENOTEMPTY && removed != -EEXIST) return removed;
  }
  return -ENOTEMPTY;
}

Result<std::vector<std::string>> list_volatile(Store& store, const char* directory) {
  System& system = store.system();
  std::vector<std::string> names;
  const int descriptor = system.openat(store.top(), directory, O_RDONLY | O_DIRECTORY, 0);
  if (descriptor == -ENOENT) return names;
  if (descriptor < 0) return failed("open", below(store.path(), directory), -descriptor);
  const int listed = for_each_name(system, descriptor, [&](std::string_view name) {
    if (parse_element(name)) names.push_back(below(directory, name));
  });
  system.close(descriptor);
  if (listed < 0 && listed != -ENOENT) return failed("list", below(store.path(), directory), -listed);
  return names;
}

}  // namespace simplevisor::dirq
