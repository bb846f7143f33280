// workers/broker/tls.hpp
//
// How to speak TLS with a broker, whichever library does it. At least TLS 1.2, always.
#pragma once

#include <optional>
#include <string>

#include "workers/broker/secret.hpp"

namespace simplevisor::broker {

struct TlsOptions {
  bool verify_peer = true;  // false also gives up the check of the name
  // Whom to trust; with neither, the system's store.
  std::optional<std::string> ca_file;       // PEM
  std::optional<std::string> ca_directory;  // of hashed certificates
  // Who we are, if the broker asks; the key may stand in the certificate's file.
  std::optional<std::string> certificate_file;  // PEM, the chain
  std::optional<std::string> key_file;          // PEM
  Secret key_password;
  std::optional<std::string> server_name;  // to ask for and to check, instead of the endpoint's host
};

}  // namespace simplevisor::broker
