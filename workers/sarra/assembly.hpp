// workers/sarra/assembly.hpp
//
// A file that is put together of its parts, by whoever has one: threads, processes, in any order, each of them killed at any
// moment.
//
// Working file  beside the target, ".simplevisor-....part", of the whole size and with holes; a part is written where it
//            belongs, synchronised, and only then marked in the record (part_record.hpp). What is marked survives and is not
//            fetched again. Once all are in, the file is verified if there is something to verify it by, synchronised, and
//            renamed over the target; the record says before that this is about to happen, so that whoever comes next does it.
// Versions   an announcement of another version that is newer begins anew; of an older one there is nothing to be done any more.
//            A record stays after the file has its name, so that a part that comes once more is not a new beginning, until
//            sweep() removes it.
// Errors     those of the tree.
// Threads    an object belongs to one thread; any number of objects may be of one file.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "workers/sarra/part.hpp"
#include "workers/sarra/part_record.hpp"
#include "workers/sarra/tree.hpp"

namespace simplevisor::sarra {

class Assembly {
 public:
  enum class Standing : std::uint8_t {
    open,
    settled,     // the file has its name already, or was removed
    superseded,  // a newer version was announced
  };
  enum class Claim : std::uint8_t { ours, in, busy };

  // `part.path` below `tree`.
  static TreeResult<Assembly> begin(const Tree& tree, const Part& part, const std::string& version,
                                    Time published);

  [[nodiscard]] Standing standing() const { return standing_; }
  [[nodiscard]] bool fresh() const { return fresh_; }  // it began here

  // Where it is open. What is ours is written, and then kept or let go.
  [[nodiscard]] Claim claim(std::size_t number);
  TreeResult<void> write(std::uint64_t offset, std::string_view bytes);
  TreeResult<void> keep(std::size_t number);
  void let_go(std::size_t number) { record_.release(number); }

  // Puts the file in its place if all parts are in. How many are not.
  TreeResult<std::size_t> finish(const std::optional<Identity>& whole, std::optional<mode_t> mode,
                                 std::optional<Time> modified);

  // The file is there by other means, or removed: what was gathered until then is not wanted any more.
  static TreeResult<void> discard(const Tree& tree, std::string_view path, Time published);
  // Gives up what nothing has come for since `age`, and forgets what was finished before that.
  static TreeResult<void> sweep(const Tree& tree, std::chrono::milliseconds age);

 private:
  Assembly(PartRecord record, Tree::Place place, PartRecord::Head head)
      : record_{std::move(record)}, place_{std::move(place)}, head_{std::move(head)} {}
  TreeResult<void> look(std::optional<PartRecord::Head> found);
  TreeResult<bool> open_working_file();  // false: it is not there
  TreeResult<void> begin_anew(const std::optional<PartRecord::Head>& found);
  TreeResult<std::optional<PartRecord::Head>> again();
  TreeResult<void> verify(const Identity& whole);
  TreeResult<void> place_it(PartRecord::Head head);

  PartRecord record_;
  Tree::Place place_;
  PartRecord::Head head_;  // as this announcement has it
  FileDescriptor file_;
  Standing standing_ = Standing::open;
  bool fresh_ = false;
};

}  // namespace simplevisor::sarra
