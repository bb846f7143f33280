#include "workers/sarra/intake.hpp"

#include <fmt/format.h>

#include <utility>

#include "workers/message/text.hpp"

namespace simplevisor::sarra {

std::unexpected<Trouble> failed(std::string reason) {
  return std::unexpected(Trouble{false, std::move(reason)});
}

std::unexpected<Trouble> failed(TreeError error) {
  return std::unexpected(Trouble{error.kind == TreeError::Kind::passing, std::move(error.message)});
}

Intake::Intake(std::optional<std::uint64_t> size, const std::optional<Identity>& identity,
               std::uint64_t bytes_max, Write write)
    : size_{size}, identity_{identity}, bytes_max_{bytes_max}, write_{std::move(write)} {
  if (identity_) digest_ = Digest::of(identity_->method);
}

std::expected<void, Trouble> Intake::take(std::string_view piece) {
  bytes_ += piece.size();
  if (size_ && bytes_ > *size_) return wrong_size("more than");
  if (bytes_ > bytes_max_) return failed(fmt::format("larger than the {} bytes that are taken", bytes_max_));
  if (digest_) digest_->update(piece);
  if (auto written = write_(piece); !written) return failed(std::move(written).error());
  return {};
}

std::expected<void, Trouble> Intake::finish() {
  if (size_ && bytes_ < *size_) return wrong_size("only");
  if (!digest_) return {};
  const std::string found = message::base64(digest_->finish());
  std::string wanted = identity_->value;
  std::erase(wanted, '\n');
  if (found == wanted) return {};
  return failed(
      fmt::format("{} is {} and not {} as announced", identity_->method, found, wanted.substr(0, 100)));
}

std::expected<void, Trouble> Intake::wrong_size(std::string_view how) const {
  return failed(fmt::format("{} {} bytes, and not {} as announced", how, bytes_, *size_));
}

}  // namespace simplevisor::sarra
