#include "workers/sarra/part.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <limits>

#include "workers/message/text.hpp"
#include "workers/sarra/digest.hpp"
#include "workers/sarra/json_object.hpp"

namespace simplevisor::sarra {
namespace {

namespace json = boost::json;
using Failed = std::unexpected<std::string>;
using Done = std::expected<void, std::string>;

constexpr std::uint64_t size_max = std::numeric_limits<std::int64_t>::max();

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > size_max) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> number_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return number_in(std::string_view{value->as_string()});
  json::error_code error;
  const auto number = value->to_number<std::uint64_t>(error);
  return error || !value->is_number() || number > size_max ? std::nullopt : std::optional{number};
}

const std::string* other(const Announcement& announcement, std::string_view name) {
  const auto found =
      std::ranges::find(announcement.others, name, [](const auto& field) { return field.first; });
  return found == announcement.others.end() ? nullptr : &found->second;
}

// `count` parts of `size`, but for the last where `remainder` is not 0.
Done fill(Part& part, std::uint64_t size, std::uint64_t count, std::uint64_t remainder) {
  if (size == 0 || count == 0 || remainder >= size) return Failed("parts of no size, or of no number");
  if (count > parts_max) return Failed(fmt::format("more than {} parts", parts_max));
  if (size > size_max / count) return Failed("a file that is too large");
  part.block_size = size;
  part.blocks.assign(count, Part::Block{size});
  if (remainder > 0) part.blocks.back().size = remainder;
  return {};
}

Done read_manifest(Part& part, const json::object& manifest) {
  if (manifest.empty()) return Failed("blocks: an empty manifest");
  if (manifest.size() > parts_max) return Failed(fmt::format("more than {} parts", parts_max));
  part.blocks.assign(manifest.size(), {});
  std::uint64_t total = 0;
  for (const auto& [name, value] : manifest) {
    const auto number = number_in(std::string_view{name});
    const auto* const entry = value.if_object();
    const std::uint64_t size = entry == nullptr ? 0 : number_in(*entry, "size").value_or(0);
    if (!number || *number >= manifest.size() || size == 0 || size > size_max - total ||
        part.blocks[*number].size != 0) {  // once, and so each of them
      return Failed("blocks: a manifest that does not name each part with its size");
    }
    total += size;
    Part::Block& block = part.blocks[*number];
    block.size = size;
    if (const auto* const checksum = entry->if_contains("identity");
        checksum != nullptr && checksum->is_string())
      block.checksum = checksum->as_string();
    std::erase(block.checksum, '\n');
  }
  return {};
}

Done read_blocks(Part& part, const json::object& blocks) {
  const auto* const method = blocks.if_contains("method");
  const std::string_view name =
      method != nullptr && method->is_string() ? std::string_view{method->as_string()} : std::string_view{};
  if (name != "inplace" && name != "partitioned" && name != "separate")
    return Failed("blocks: a method that is none of inplace, partitioned and separate");
  part.inplace = name == "inplace";
  const auto* const manifest = blocks.if_contains("manifest");
  const bool listed = manifest != nullptr && manifest->is_object();
  part.block_size = number_in(blocks, "size").value_or(0);
  const auto done = listed ? read_manifest(part, manifest->as_object())
                           : fill(part, part.block_size, number_in(blocks, "count").value_or(0),
                                  number_in(blocks, "remainder").value_or(0));
  if (!done) return done;
  // Who put a file together announces it whole, with a manifest and without a number.
  if (blocks.contains("number") || !listed) {
    const auto number = number_in(blocks, "number");
    if (!number) return Failed("blocks: without the number of the part");
    part.number = number;
  }
  if (const auto* const whole = blocks.if_contains("identity"); whole != nullptr && whole->is_object()) {
    const auto* const by = whole->as_object().if_contains("method");
    const auto* const value = whole->as_object().if_contains("value");
    if (by != nullptr && by->is_string() && value != nullptr && value->is_string())
      part.whole = Identity{std::string{by->as_string()}, std::string{value->as_string()}, false};
  }
  return {};
}

Done read_parts(Part& part, std::string_view text) {
  std::array<std::uint64_t, 4> numbers{};  // size, count, remainder, number
  const std::string_view letter = text.substr(0, text.find(','));
  if (letter != "i" && letter != "p") return Failed("parts: a method that is neither i nor p");
  part.inplace = letter == "i";
  text.remove_prefix(letter.size());
  for (std::uint64_t& number : numbers) {
    const std::string_view field = text.empty() ? text : text.substr(1, text.find(',', 1) - 1);
    const auto value = number_in(field);
    if (!value) return Failed("parts: not four numbers");
    number = *value;
    text.remove_prefix(field.size() + 1);
  }
  if (!text.empty()) return Failed("parts: not four numbers");
  part.number = numbers[3];
  return fill(part, numbers[0], numbers[1], numbers[2]);
}

// The name of the file without what makes it that of a part. Empty: it is not that of a part.
std::string without_suffix(std::string_view path) {
  constexpr std::string_view mark = "§block_";
  const std::size_t slash = path.rfind('/') + 1;  // 0 without one
  if (const std::size_t at = path.rfind(mark);
      at != std::string_view::npos && at > slash && path.ends_with("_§"))
    return std::string{path.substr(0, at)};
  if (!path.ends_with(".Part")) return {};
  std::size_t at = path.size();
  for (int dots = 0; dots < 6; ++dots) {
    at = at == 0 ? std::string_view::npos : path.rfind('.', at - 1);
    if (at == std::string_view::npos) return {};
  }
  return at > slash ? std::string{path.substr(0, at)} : std::string{};
}

std::string quoted(std::string_view text) {
  std::string out;
  message::append_json_string(out, text);
  return out;
}

}  // namespace

std::uint64_t Part::offset(std::size_t of) const {
  std::uint64_t sum = 0;
  for (std::size_t n = 0; n < of; ++n) sum += blocks[n].size;
  return sum;
}

std::optional<Identity> Part::identity(std::size_t of) const {
  if (method.empty() || blocks[of].checksum.empty()) return std::nullopt;
  return Identity{method, blocks[of].checksum, false};
}

bool Part::even() const {
  return blocks.back().size <= block_size &&
         std::all_of(blocks.begin(), blocks.end() - 1, [&](const Block& b) { return b.size == block_size; });
}

std::expected<Part, std::string> part_of(const Announcement& announcement) {
  Part part;
  json::error_code error;
  json::parse_options options;
  options.max_depth = depth_max;
  const std::string* const blocks = other(announcement, "blocks");
  const std::string* const raw = blocks != nullptr ? blocks : other(announcement, "parts");
  const json::value value = raw == nullptr ? json::value{} : json::parse(*raw, error, {}, options);
  Done done = Failed("a part of a file that nothing more is said of");
  if (!error && blocks != nullptr && value.is_object())
    done = read_blocks(part, value.as_object());
  else if (!error && blocks == nullptr && value.is_string())
    done = read_parts(part, value.as_string());
  if (!done) return Failed(done.error());
  if (part.number && *part.number >= part.blocks.size())
    return Failed(fmt::format("part {} of {}, counted from 0", *part.number, part.blocks.size()));
  if (!part.number && !part.inplace) return Failed("blocks: without the number of the part");
  part.path = part.inplace ? announcement.rel_path : without_suffix(announcement.rel_path);
  if (part.path.empty()) return Failed("its name is not that of a part of a file");
  if (announcement.identity) {
    part.method = announcement.identity->method;
    // Without a manifest it is the one that is known.
    if (part.number && part.blocks[*part.number].checksum.empty()) {
      part.blocks[*part.number].checksum = announcement.identity->value;
      std::erase(part.blocks[*part.number].checksum, '\n');
    }
  }
  return part;
}

std::optional<std::string> version_of(const Announcement& announcement, const Part& part) {
  // What one part has alone says nothing of the others.
  const auto listed = static_cast<std::size_t>(
      std::ranges::count_if(part.blocks, [](const Part::Block& block) { return !block.checksum.empty(); }));
  const bool all_known = listed == part.blocks.size() && other(announcement, "blocks") != nullptr;
  if (!announcement.mtime && !part.whole && !all_known) return std::nullopt;
  std::string text = fmt::format("{}\n{}\n", announcement.mtime.value_or("-"), all_known ? part.method : "");
  for (const Part::Block& block : part.blocks)
    text += fmt::format("{} {}\n", block.size, all_known ? block.checksum : "");
  if (part.whole) text += fmt::format("{} {}\n", part.whole->method, part.whole->value);
  return hex(digest("sha256", text).value_or(""));
}

std::string manifest_of(const Part& part) {
  std::string out = "{";
  for (std::size_t n = 0; n < part.blocks.size(); ++n) {
    out += fmt::format("{}\"{}\":{{\"size\":{},\"identity\":{}}}", n == 0 ? "" : ",", n, part.blocks[n].size,
                       quoted(part.blocks[n].checksum));
  }
  return out + '}';
}

std::string blocks_field(const Part& part, std::size_t number, std::string_view manifest) {
  std::string out = fmt::format("{{\"method\":\"{}\",\"size\":{},\"number\":{}",
                                part.inplace ? "inplace" : "partitioned", part.block_size, number);
  if (part.whole) {
    out += fmt::format(",\"identity\":{{\"method\":{},\"value\":{}}}", quoted(part.whole->method),
                       quoted(part.whole->value));
  }
  return fmt::format("{},\"manifest\":{}}}", out, manifest);
}

std::expected<std::string, std::string> parts_field(const Part& part) {
  if (!part.number) return Failed("a file of which all parts are named at once");
  if (!part.even()) return Failed("parts that are not of one size");
  const std::uint64_t last = part.blocks.back().size;
  return fmt::format("{},{},{},{},{}", part.inplace ? 'i' : 'p', part.block_size, part.blocks.size(),
                     last == part.block_size ? 0 : last, *part.number);
}

}  // namespace simplevisor::sarra
