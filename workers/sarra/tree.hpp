// workers/sarra/tree.hpp
//
// A directory and what is below it, for paths that strangers chose: nothing outside is ever read, made or removed.
//
// Paths      relative, or taken to be: a leading slash means the top. ".." and a zero byte are refused. Every directory on
//            the way is opened by itself and without following a symbolic link, so that neither one that was announced nor
//            one that is exchanged meanwhile leads outside.
// Writing    to a temporary file in the target's own directory (".simplevisor-....part"), synchronised, renamed over the
//            target, the directory synchronised. A process that is killed leaves the temporary file.
// Errors     the class says whether another try may help; one line that names the path.
// Threads    const: any number, also several processes; of two that write one file the later one stays.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "workers/sarra/time.hpp"
#include "workers/service/file_descriptor.hpp"

namespace simplevisor::sarra {

struct TreeError {
  enum class Kind : std::uint8_t {
    passing,  // no space, no descriptors: may be well later
    denied,   // by its permissions
    absent,   // what it is about, or a directory on the way, is not there
    other,
  };
  Kind kind = Kind::other;
  std::string message;
};
template <class T>
using TreeResult = std::expected<T, TreeError>;
using service::FileDescriptor;

// What `call` says of errno, or of `error`.
[[nodiscard]] std::unexpected<TreeError> tree_error(std::string_view call, std::string_view path, int error);

inline constexpr mode_t permissions = 0777;  // what strangers say of set-user-ID is not heard

// A file that is being written. Unless it is committed, nothing is left of it.
class Draft {
 public:
  Draft(Draft&& other) noexcept;
  Draft& operator=(Draft&&) = delete;
  ~Draft();

  TreeResult<void> write(std::string_view bytes);
  // The target is there, whole and durable, when this returns.
  TreeResult<void> commit(std::optional<mode_t> mode, std::optional<Time> modified);

 private:
  friend class Tree;
  Draft(FileDescriptor directory, FileDescriptor file, std::string temporary, std::string name,
        std::string path);

  FileDescriptor directory_;
  FileDescriptor file_;
  std::string temporary_;  // empty: committed
  std::string name_;
  std::string path_;
};

class Tree {
 public:
  struct Place {
    FileDescriptor directory;
    std::string name;
    std::size_t depth = 0;  // of the directory below the top
  };

  // `top` exists, or is made.
  static TreeResult<Tree> open(const std::string& top);
  [[nodiscard]] TreeResult<Tree> duplicate() const;

  [[nodiscard]] TreeResult<Draft> draft(std::string_view path) const;
  [[nodiscard]] TreeResult<void> make_directory(std::string_view path, std::optional<mode_t> mode) const;
  // A symbolic link. Its target is relative, has ".." only at its beginning, and does not lead out of the tree.
  [[nodiscard]] TreeResult<void> make_link(std::string_view path, const std::string& target) const;
  // What is not there is removed already.
  [[nodiscard]] TreeResult<void> remove(std::string_view path, bool directory) const;
  // False: there is nothing of the old name.
  [[nodiscard]] TreeResult<bool> rename(std::string_view old_path, std::string_view path) const;

  // The path as it is written if there is only one way: names, and one slash between them.
  static TreeResult<std::string> normal(std::string_view path);
  // Where `path` is, whatever is there; `make`: the directories on the way are made.
  [[nodiscard]] TreeResult<Place> place(std::string_view path, bool make) const;
  // A directory of our own at the top, which no path leads to.
  [[nodiscard]] TreeResult<FileDescriptor> own_directory(bool make) const;

 private:
  [[nodiscard]] TreeResult<void> stays_inside(const Place& from, const Place& to,
                                              std::string_view path) const;
  explicit Tree(FileDescriptor top) : top_{std::move(top)} {}

  FileDescriptor top_;
};

}  // namespace simplevisor::sarra
