// workers/service/guarded.hpp
//
// The outermost frame of a worker's program: what nobody caught is reported, and becomes an exit status.
#pragma once

#include <boost/system/system_error.hpp>
#include <cerrno>
#include <exception>
#include <new>
#include <system_error>

#include "workers/service/error.hpp"
#include "workers/service/report.hpp"

namespace simplevisor::service {

// No descriptors, no memory: the same start may succeed later.
template <class Body>
[[nodiscard]] int guarded(Body body) {
  const auto failed = [](int error, const char* what) {
    const bool passes = error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN;
    report("{}{}", passes ? "" : "internal fault: ", what);
    return static_cast<int>(passes ? ExitCode::temporary : ExitCode::internal);
  };
  try {
    return body();
  } catch (const boost::system::system_error& error) {
    return failed(error.code().value(), error.what());
  } catch (const std::system_error& error) {
    return failed(error.code().value(), error.what());
  } catch (const std::bad_alloc& error) {
    return failed(ENOMEM, error.what());
  } catch (const std::exception& error) {
    return failed(0, error.what());
  }
}

}  // namespace simplevisor::service
