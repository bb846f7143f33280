// The parts of a file: fetched each by itself, by whoever is told of it.
#include <fmt/format.h>

#include "workers/sarra/assembly.hpp"
#include "workers/sarra/content.hpp"
#include "workers/sarra/fetch.hpp"
#include "workers/sarra/intake.hpp"
#include "workers/sarra/part.hpp"

namespace simplevisor::sarra {
namespace {

using Outcome = std::expected<void, Trouble>;

Outcome outcome_of(TreeResult<void> result) {
  if (!result) return failed(std::move(result).error());
  return {};
}

}  // namespace

Outcome Fetcher::get_part(const Announcement& announcement) {
  const auto part = part_of(announcement);
  if (!part) return failed(part.error());
  if (part->total() > settings_.bytes_max.bytes) {
    return failed(
        fmt::format("a part of a file larger than the {} bytes that are taken", settings_.bytes_max.bytes));
  }
  const auto version = version_of(announcement, *part);
  if (!version)
    return failed(
        "a part of which nothing says of what version of the file: neither mtime nor all checksums");
  auto assembly = Assembly::begin(tree_, *part, *version, parse_time(announcement.pub_time).value_or(Time{}));
  if (!assembly) return failed(std::move(assembly).error());
  if (assembly->standing() != Assembly::Standing::open) return {};
  // A new one: time to look after those that nobody finishes.
  if (assembly->fresh()) (void)Assembly::sweep(tree_, settings_.unfinished_max());
  const std::size_t first = part->number.value_or(0);
  const std::size_t end = part->number ? first + 1 : part->blocks.size();
  for (std::size_t number = first; number < end; ++number) {
    switch (assembly->claim(number)) {
      case Assembly::Claim::in:
        continue;
      case Assembly::Claim::busy:
        return std::unexpected(Trouble{true, fmt::format("part {} is being fetched by another", number)});
      case Assembly::Claim::ours:
        break;
    }
    auto outcome = get_block(announcement, *part, number, *assembly);
    if (outcome) outcome = outcome_of(assembly->keep(number));
    if (!outcome) {
      assembly->let_go(number);
      outcome.error().reason = fmt::format("part {}: {}", number, outcome.error().reason);
      return outcome;
    }
  }
  const auto left = assembly->finish(part->whole, mode_of(announcement),
                                     announcement.mtime ? parse_time(*announcement.mtime) : std::nullopt);
  if (!left) return failed(left.error());
  return {};
}

Outcome Fetcher::get_block(const Announcement& announcement, const Part& part, std::size_t number,
                           Assembly& assembly) {
  std::uint64_t at = part.offset(number);
  const Range range{at, part.blocks[number].size};
  Intake intake{range.length, settings_.verify_parts ? part.identity(number) : std::nullopt,
                settings_.bytes_max.bytes, [&](std::string_view piece) {
                  const std::uint64_t here = at;
                  at += piece.size();
                  return assembly.write(here, piece);
                }};
  Outcome outcome;
  if (announcement.content && part.number) {
    const auto data = data_of(*announcement.content);
    if (!data) return failed(data.error());
    outcome = intake.take(*data);
  } else {
    outcome = downloader_.get(
        download_url(announcement), [&](std::string_view piece) { return intake.take(piece); },
        part.inplace ? std::optional{range} : std::nullopt);
  }
  return outcome ? intake.finish() : outcome;
}

}  // namespace simplevisor::sarra
