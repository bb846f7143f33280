// workers/broker/credentials.hpp
//
// Who we are to a broker, as users write it: "plain name=guest pass=guest", "x509 cert=/etc/c.pem key=/etc/k.pem".
//
// Form       SCHEME KEY=VALUE ..., separated by any number of commas and blanks; in values everything but
//            A-Z a-z 0-9 / - + _ ~ . : is written as %XX. Nothing at all is the scheme "none".
// Semantics  the union of what the credential libraries of stompclt (Perl) and amqpclt (Python) accept; one
//            extension: `ca_file` may be written in this form too.
// Block      the same keys as a table, with `scheme`, values as they are.
// file:PATH  the credential is the only line of that file that is neither empty nor a "#" comment.
// Bounds     64 KiB.
// Errors     Kind::configuration; a value is never repeated, nor is a text that may hold one.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "workers/broker/failure.hpp"
#include "workers/broker/secret.hpp"

namespace simplevisor::broker {

struct NoCredential {
  friend bool operator==(const NoCredential&, const NoCredential&) = default;
};
struct Plain {
  std::string name;
  Secret pass;
  friend bool operator==(const Plain&, const Plain&) = default;
};
struct X509 {
  std::optional<std::string> cert;     // file, PEM
  std::optional<std::string> key;      // file, PEM
  std::optional<std::string> ca;       // directory of hashed certificates
  std::optional<std::string> ca_file;  // file, PEM
  std::optional<Secret> pass;          // of the key
  friend bool operator==(const X509&, const X509&) = default;
};
using Credential = std::variant<NoCredential, Plain, X509>;

[[nodiscard]] Result<Credential> parse_credential(std::string_view text);
[[nodiscard]] Result<Credential> credential_from(const std::map<std::string, std::string>& block);

// With its secrets: for files that hold credentials, never for people.
[[nodiscard]] std::string canonical(const Credential& credential);
// Without: "plain name=guest".
[[nodiscard]] std::string presentable(const Credential& credential);

// What one side of a transfer may have: at most one name and at most one certificate.
struct Identity {
  std::optional<Plain> plain;
  std::optional<X509> x509;
};
[[nodiscard]] Result<Identity> identity_of(std::span<const Credential> credentials);

// Fills what is absent from X509_USER_CERT, X509_USER_KEY, X509_CERT_DIR and X509_CERT_FILE; `lookup` is getenv, or
// a test's.
using Lookup = std::function<std::optional<std::string>(const char* name)>;
[[nodiscard]] X509 with_environment(X509 x509, const Lookup& lookup);

}  // namespace simplevisor::broker
