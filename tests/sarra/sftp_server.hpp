// tests/sarra/sftp_server.hpp
//
// sshd for one test: sftp only, for this user and one key, on loopback and a port of its own, gone with this object.
#pragma once

#include <pwd.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "tests/brokers/kept_process.hpp"
#include "tests/brokers/port.hpp"
#include "tests/eventually.hpp"

namespace simplevisor::sarra {

class SftpServer {
 public:
  explicit SftpServer(const std::filesystem::path& directory)
      : directory_{directory}, program_{{"/usr/sbin/sshd", "-D", "-e", "-f", configured()}, {}, log()} {
    if (!test::eventually([&] { return test::content_of(log()).find("listening") != std::string::npos; }))
      throw std::runtime_error{"sshd: " + test::content_of(log())};
  }

  [[nodiscard]] std::string url() const {
    return "sftp://" + std::string{::getpwuid(::geteuid())->pw_name} +  // NOLINT(concurrency-mt-unsafe)
           "@127.0.0.1:" + std::to_string(port_.number());
  }
  [[nodiscard]] std::string user_key() const { return directory_ / "user"; }
  // A file in which its key stands.
  [[nodiscard]] std::string known_hosts() const {
    const std::string key = test::content_of(directory_ / "host.pub");
    std::ofstream{directory_ / "known"} << "[127.0.0.1]:" << port_.number() << " " << key;
    return directory_ / "known";
  }

 private:
  [[nodiscard]] std::string log() const { return directory_ / "log"; }
  void make_key(const char* name) const {
    const test::Command command{"/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                                directory_ / name};
    if (test::run(command, {}, log(), std::chrono::seconds{60}).status != 0)
      throw std::runtime_error{"ssh-keygen: no key"};
  }
  [[nodiscard]] std::string configured() const {
    std::filesystem::create_directories(directory_);
    // What its service makes when the system starts; it wants it from root only.
    if (::geteuid() == 0) std::filesystem::create_directories("/run/sshd");
    make_key("host");
    make_key("user");
    std::ofstream{directory_ / "conf"} << "ListenAddress 127.0.0.1\nPort " << port_.number()  //
                                       << "\nHostKey " << (directory_ / "host").string()      //
                                       << "\nAuthorizedKeysFile " << (directory_ / "user.pub").string()
                                       << "\nPidFile none\nStrictModes no\nUsePAM no\n"
                                          "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
                                          "PermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n";
    return directory_ / "conf";
  }

  test::Port port_;
  std::filesystem::path directory_;
  test::KeptProcess program_;
};

}  // namespace simplevisor::sarra
