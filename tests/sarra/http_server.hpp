// tests/sarra/http_server.hpp
//
// python3 -m http.server for a directory, on loopback and a port of its own, gone with this object.
#pragma once

#include "tests/brokers/port.hpp"
#include "tests/consumer/support.hpp"

namespace simplevisor::sarra {

class HttpServer {
 public:
  HttpServer(const std::string& directory, const std::string& error_file)
      : program_{{"/usr/bin/python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory",
                  directory, std::to_string(port_.number())},
                 error_file} {
    // Its first line says that it listens.
    if (!program_.line()) throw std::runtime_error{"python3 -m http.server did not start"};
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_.number()) + "/"; }

 private:
  test::Port port_;
  consumer::Program program_;
};

}  // namespace simplevisor::sarra
