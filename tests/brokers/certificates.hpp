// tests/brokers/certificates.hpp
//
// A certificate authority for one test, made with the openssl program: a server certificate for localhost and
// 127.0.0.1, and a client certificate whose common name is a user's.
#pragma once

#include <filesystem>
#include <string>

namespace simplevisor::test {

struct Certificates {
  std::filesystem::path authority, server, server_key, client, client_key;
};
// Throws std::runtime_error.
[[nodiscard]] Certificates make_certificates(const std::filesystem::path& directory, const std::string& user);

}  // namespace simplevisor::test
