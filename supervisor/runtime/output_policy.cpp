#include "supervisor/runtime/output_policy.hpp"

namespace simplevisor::runtime {

OutputPolicy policy_of(const config::Setup& setup, const config::CaptureSettings& settings) {
  const bool out = setup.stdout_to.kind == config::Output::Kind::capture;
  const bool err = setup.stderr_to.kind == config::Output::Kind::capture;
  OutputPolicy policy{.format = setup.log_format.value_or(settings.format),
                      .to = setup.log_to.value_or(settings.to),
                      .flood = {.lines = setup.flood_lines.value_or(settings.flood_lines),
                                .bytes = setup.flood_bytes.value_or(settings.flood_bytes)},
                      .stream = out ? logs::Stream::out : logs::Stream::err};
  policy.separate = out && err && policy.by_line();
  policy.errors_in_json =
      err && policy.format == config::LogFormat::json && policy.to == config::LogTarget::files;
  return policy;
}

}  // namespace simplevisor::runtime
