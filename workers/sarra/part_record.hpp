// workers/sarra/part_record.hpp
//
// Which parts of one file are in: a small file in a directory of our own, shared by all who fetch.
//
// Layout     a page with the state, which says of itself whether it is whole, then a byte for each part: '1', it is in. A page
//            and a byte are written at once, so a process that is killed leaves the old state or the new one.
// Locks      fcntl's, of the open file (OFD), so that threads exclude each other too, and gone with whoever is killed. The
//            record: for moments, and while a finished file gets its name. A part: while it is being fetched; not waited for.
// Removed    a record may be removed by others; open() sees to it that the one that is locked is the one that is there.
// Threads    an object belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "workers/sarra/tree.hpp"

namespace simplevisor::sarra {

class PartRecord {
 public:
  enum class State : char {
    gathering = 'g',
    placing = 'p',  // all are in and verified: the file gets its name
    settled = 's',  // it has it, or is not wanted any more
  };
  struct Head {
    State state = State::gathering;
    std::string version;         // part.hpp
    std::int64_t published = 0;  // of the latest announcement of it; nanoseconds
    std::size_t parts = 0;
    std::uint64_t size = 0;
    std::string path;
  };
  static constexpr std::size_t path_bytes_max = 3500;

  // Locked. Nothing: there is none, and none was to be made. `busy`: somebody else has it locked, and waiting is not wanted.
  static TreeResult<std::optional<PartRecord>> open(const FileDescriptor& directory, const std::string& name,
                                                    bool make, bool wait = true);
  static std::string name_of(std::string_view path);

  TreeResult<void> lock();  // again, after unlock()
  void unlock();
  [[nodiscard]] bool removed() const;

  // While it is locked. Nothing: a new one, or one that was not written to its end.
  [[nodiscard]] TreeResult<std::optional<Head>> read() const;
  [[nodiscard]] TreeResult<void> write(const Head& head);
  // The state of another version: no part is in.
  [[nodiscard]] TreeResult<void> write_anew(const Head& head);
  [[nodiscard]] bool has(std::size_t part) const;
  [[nodiscard]] std::size_t count(std::size_t parts) const;  // of those that are in
  [[nodiscard]] TreeResult<void> mark(std::size_t part);

  // False: somebody else has it.
  [[nodiscard]] bool claim(std::size_t part);
  void release(std::size_t part);

 private:
  static std::optional<Head> parse(std::string_view page);
  PartRecord(FileDescriptor file, std::string name) : file_{std::move(file)}, name_{std::move(name)} {}

  FileDescriptor file_;
  std::string name_;
};

}  // namespace simplevisor::sarra
