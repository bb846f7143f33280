#include "tests/brokers/certificates.hpp"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>

#include "tests/brokers/kept_process.hpp"

namespace simplevisor::test {
namespace {

void openssl(Command arguments, const std::filesystem::path& directory) {
  arguments.insert(arguments.begin(), "openssl");
  const Finished finished = run(arguments, {}, directory / "openssl.out", std::chrono::seconds(60));
  if (finished.status != 0) throw std::runtime_error("openssl: " + finished.output);
}

}  // namespace

Certificates make_certificates(const std::filesystem::path& directory, const std::string& user) {
  std::filesystem::create_directories(directory);
  const auto file = [&](const char* name) { return directory / name; };
  const Command key = {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"};
  const auto request = [&](const Command& more) {
    Command command = {"req", "-x509"};
    command.insert(command.end(), key.begin(), key.end());
    command.insert(command.end(), more.begin(), more.end());
    openssl(command, directory);
  };
  const auto signed_by_authority = [&](const char* key_file, const char* certificate,
                                       const std::string& subject, const std::string& extension) {
    request({"-keyout", file(key_file), "-out", file(certificate), "-subj", subject, "-addext", extension,  //
             "-CA", file("ca.pem"), "-CAkey", file("ca-key.pem"), "-addext",
             "basicConstraints=critical,CA:FALSE"});
  };
  request({"-keyout", file("ca-key.pem"), "-out", file("ca.pem"), "-subj", "/CN=test authority"});
  signed_by_authority("server-key.pem", "server.pem", "/CN=localhost",
                      "subjectAltName=DNS:localhost,IP:127.0.0.1");
  signed_by_authority("client-key.pem", "client.pem", fmt::format("/CN={}", user),
                      "extendedKeyUsage=clientAuth");
  return {file("ca.pem"), file("server.pem"), file("server-key.pem"), file("client.pem"),
          file("client-key.pem")};
}

}  // namespace simplevisor::test
