#include "workers/broker/credentials.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace simplevisor::broker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

boost::json::value vectors(const std::string& name) {
  std::ifstream file{std::string{VECTORS_DIR} + "/" + name};
  std::stringstream content;
  content << file.rdbuf();
  return boost::json::parse(content.str());
}

std::string refusal(std::string_view text) {
  const auto credential = parse_credential(text);
  if (credential) return "accepted";
  EXPECT_EQ(credential.error().kind, Failure::Kind::configuration);
  return credential.error().message;
}

// Where the two libraries differ, whatever either accepts is accepted; where both refuse, so do we, with one exception.
TEST(CredentialVectors, GiveWhatTheLibrariesGive) {
  std::size_t cases = 0;
  const auto recorded = vectors("credentials.json");
  for (const auto& item : recorded.at("cases").as_array()) {
    ++cases;
    const std::string text{item.at("string").as_string()};
    const auto& perl = item.at("perl").as_object();
    const auto& python = item.at("python").as_object();
    const auto credential = parse_credential(text);
    if (text == "x509 ca_file=/etc/ca.pem") {  // written in blocks only by them, here too by us
      ASSERT_TRUE(credential);
      EXPECT_EQ(std::get<X509>(*credential).ca_file, "/etc/ca.pem");
      continue;
    }
    if (perl.contains("__error__") && python.contains("__error__")) {
      EXPECT_FALSE(credential) << text;
      continue;
    }
    ASSERT_TRUE(credential) << text << ": " << credential.error().message;
    // Non-ASCII: bytes, as in Python's UTF-8; the canonical string is the same as Perl's.
    const auto& fields = python.contains("__error__") ? perl : python;
    std::map<std::string, std::string> block;
    for (const auto& field : fields) block.emplace(field.key(), field.value().as_string());
    EXPECT_EQ(credential_from(block).value(), *credential) << text;
    if (!perl.contains("__error__")) {
      EXPECT_EQ(canonical(*credential), item.at("perl_string").as_string()) << text;
    }
    EXPECT_EQ(parse_credential(canonical(*credential)).value(), *credential) << text;
  }
  EXPECT_EQ(cases, 27U);
}

TEST(Credential, IsReadFromAFile) {
  std::string pattern = testing::TempDir() + "credential-XXXXXX";
  const std::string directory = ::mkdtemp(pattern.data());
  const std::string path = directory + "/auth";
  const auto with = [&](std::string_view content) {
    std::ofstream{path} << content;
    return "file:" + path;
  };
  const auto credential = parse_credential(with("# ours\nplain name=a pass=b\n"));
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_EQ(std::get<Plain>(*credential), (Plain{"a", Secret{"b"}}));
  EXPECT_THAT(refusal(with("plain name=a pass=s3cret\nplain name=b pass=c")),
              AllOf(HasSubstr("2 lines"), Not(HasSubstr("s3cret"))));
  EXPECT_THAT(refusal(with("")), HasSubstr("0 lines"));
  EXPECT_THAT(refusal(with("plain name=a")), AllOf(HasSubstr(path), HasSubstr("needs the key \"pass\"")));
  EXPECT_THAT(refusal(with("file:" + path)), HasSubstr("does not begin with a scheme"));
  std::filesystem::remove_all(directory);
  EXPECT_THAT(refusal("file:" + path), HasSubstr("No such file"));
}

TEST(Credential, ShowsNoSecret) {
  const auto plain = parse_credential("plain name=guest pass=s3cret").value();
  EXPECT_EQ(presentable(plain), "plain name=guest");
  const auto x509 = parse_credential("x509 key=/k pass=s3cret").value();
  EXPECT_EQ(presentable(x509), "x509 key=/k");
  for (const char* text : {"plain name=guest pass=s3cret@", "plain name=guest pass=s3cret pass=s3cret",
                           "plain name=guest s3cret", "plain name=guest pass=x s3cret=y", "s3cret1 guest",
                           "plain name=guest pass=s3cret%", "none s3cret=x", "x509 s3cret=x",
                           "S3cret name=s3cret", "plain s3cret=x", "plain name=a pass=s3cret=x"}) {
    EXPECT_THAT(refusal(text), AllOf(Not(HasSubstr("3cret")), Not(HasSubstr("accepted")))) << text;
  }
}

TEST(Credential, IsBounded) {
  EXPECT_THAT(refusal("plain name=" + std::string(70'000, 'a') + " pass="), HasSubstr("exceed the limit"));
}

TEST(Identity, HasAtMostOneNameAndOneCertificate) {
  const Credential none = NoCredential{};
  const Credential plain = Plain{"a", Secret{"b"}};
  const Credential x509 = X509{};
  const std::vector<Credential> both{plain, x509};
  const auto identity = identity_of(both);
  ASSERT_TRUE(identity);
  EXPECT_TRUE(identity->plain);
  EXPECT_TRUE(identity->x509);
  EXPECT_FALSE(identity_of(std::vector<Credential>{plain, plain}));
  EXPECT_FALSE(identity_of(std::vector<Credential>{none, plain}));
  EXPECT_FALSE(identity_of(std::vector<Credential>{x509, x509}));
  EXPECT_TRUE(identity_of({}));
}

TEST(Identity, TakesWhatACertificateLacksFromTheEnvironment) {
  X509 given;
  given.cert = "/mine";
  const X509 found = with_environment(given, [](const char* name) -> std::optional<std::string> {
    if (std::string_view{name} == "X509_CERT_DIR") return std::nullopt;
    return std::string{"/env/"} + name;
  });
  EXPECT_EQ(found.cert, "/mine");
  EXPECT_EQ(found.key, "/env/X509_USER_KEY");
  EXPECT_EQ(found.ca_file, "/env/X509_CERT_FILE");
  EXPECT_FALSE(found.ca);
}

}  // namespace
}  // namespace simplevisor::broker
