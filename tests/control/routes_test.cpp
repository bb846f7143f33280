#include "supervisor/control/routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "supervisor/control/json.hpp"
#include "tests/control/fake_service.hpp"

namespace simplevisor::control {
namespace {

using runtime::Answer;
using runtime::Outcome;
using ::testing::HasSubstr;

TEST(ParseRequest, UnderstandsEveryRoute) {
  struct Case {
    std::string_view method, target, body;
    Verb verb;
    std::string_view pattern;
    bool wait;
  };
  const Case cases[] = {
      {"GET", "/v1/info", "", Verb::info, "", true},
      {"GET", "/v1/status", "", Verb::status, "", true},
      {"GET", "/v1/status?pattern=root/a%20b", "", Verb::status, "root/a b", true},
      {"GET", "/v1/check?pattern=root/**", "", Verb::check, "root/**", true},
      {"GET", "/v1/tree?pattern=", "", Verb::tree, "", true},
      {"GET", "/v1/status?&pattern=a&", "", Verb::status, "a", true},
      {"POST", "/v1/start", R"({"pattern":"root/a"})", Verb::start, "root/a", true},
      {"POST", "/v1/stop?wait=false", R"({"pattern":"a"})", Verb::stop, "a", false},
      {"POST", "/v1/restart?wait=true", R"({"pattern":"a"})", Verb::restart, "a", true},
      {"POST", "/v1/shutdown", "", Verb::shutdown, "", true},
      {"POST", "/v1/shutdown?wait=false", "{}", Verb::shutdown, "", false},
  };
  for (const Case& c : cases) {
    const auto call = parse_request(c.method, c.target, c.body);
    ASSERT_TRUE(call) << c.target << ": " << call.error().body;
    EXPECT_EQ(call->verb, c.verb) << c.target;
    EXPECT_EQ(call->pattern, c.pattern) << c.target;
    EXPECT_EQ(call->wait, c.wait) << c.target;
  }
}

TEST(AimOf, KnowsBothFormsOfATarget) {
  struct Case {
    std::string_view said, host, target;
  };
  const Case cases[] = {
      {"/v1/info?a=b", "field", "/v1/info?a=b"},
      {"*", "field", "*"},
      {"http://other:80/v1/info", "other:80", "/v1/info"},
      {"HTTPS://[::1]:8443/", "[::1]:8443", "/"},
      {"http://other", "other", "/"},
      {"http://other?a=b", "other", "?a=b"},
      {"http://", "", "/"},
      {"http:/other/v1", "field", "http:/other/v1"},
  };
  for (const Case& c : cases) {
    const Aim aim = aim_of(c.said, "field");
    EXPECT_EQ(aim.host, c.host) << c.said;
    EXPECT_EQ(aim.target, c.target) << c.said;
  }
}

TEST(ParseRequest, RefusesWhatIsMalformedAndSaysWhy) {
  struct Case {
    std::string method, target, body;
    unsigned status;
    std::string_view code, message;
  };
  const std::string long_pattern(pattern_bytes_max + 1, 'a');
  const Case cases[] = {
      {"GET", "/", "", 404, "no_such_route", "there is no /"},
      {"GET", "/v1", "", 404, "no_such_route", "/v1"},
      {"GET", "/v2/info", "", 404, "no_such_route", "/v2/info"},
      {"GET", "/v1/info/", "", 404, "no_such_route", "/v1/info/"},
      {"GET", "/v1/\xFF", "", 404, "no_such_route", "/v1/\xEF\xBF\xBD"},
      {"POST", "/v1/info", "", 405, "wrong_method", "/v1/info takes GET"},
      {"GET", "/v1/stop", "", 405, "wrong_method", "/v1/stop takes POST"},
      {"get", "/v1/info", "", 405, "wrong_method", "GET"},
      {"GET", "/v1/info?x=1", "", 400, "bad_request", "unknown query parameter \"x\""},
      {"GET", "/v1/info?pattern=a", "", 400, "bad_request", "unknown query parameter \"pattern\""},
      {"GET", "/v1/status?pattern=%4", "", 400, "bad_request", "hexadecimal"},
      {"GET", "/v1/status?pattern=%ff", "", 400, "bad_request", "not UTF-8"},
      {"GET", "/v1/status?pattern=a%00b", "", 400, "bad_request", "control character"},
      {"GET", "/v1/status?pattern=a&pattern=b", "", 400, "bad_request", "more than once"},
      {"GET", "/v1/status?pattern=/root", "", 400, "bad_request", "empty part"},
      {"GET", "/v1/status?pattern=root//a", "", 400, "bad_request", "empty part"},
      {"GET", "/v1/status?pattern=root/", "", 400, "bad_request", "empty part"},
      {"GET", "/v1/status?pattern=" + long_pattern, "", 400, "bad_request", "1025 bytes"},
      {"GET", "/v1/status", "hello", 400, "bad_request", "takes no body"},
      {"POST", "/v1/shutdown", "now", 400, "bad_request", "takes no body"},
      {"POST", "/v1/stop?wait=maybe", R"({"pattern":"a"})", 400, "bad_request", "true or false"},
      {"POST", "/v1/stop?pattern=a", R"({"pattern":"a"})", 400, "bad_request", "unknown query parameter"},
      {"POST", "/v1/stop", "", 400, "bad_request", "the body is not JSON"},
      {"POST", "/v1/stop", "{", 400, "bad_request", "not JSON"},
      {"POST", "/v1/stop", "[]", 400, "bad_request", "not a JSON object"},
      {"POST", "/v1/stop", "{}", 400, "bad_request", "no \"pattern\""},
      {"POST", "/v1/stop", R"({"pattern":""})", 400, "bad_request", "empty"},
      {"POST", "/v1/stop", R"({"pattern":3})", 400, "bad_request", "not a string"},
      {"POST", "/v1/stop", R"({"pattern":"a","force":true})", 400, "bad_request", "unknown member \"force\""},
      {"POST", "/v1/start", R"({"pattern":"a","reason":"b"})", 400, "bad_request",
       "unknown member \"reason\""},
      {"POST", "/v1/signal", R"({"pattern":"a"})", 400, "bad_request", "the body has no \"signal\""},
      {"POST", "/v1/signal", R"({"pattern":"a","signal":"XYZ"})", 400, "bad_request",
       "there is no signal XYZ"},
      {"POST", "/v1/signal", R"({"pattern":"a","signal":"0"})", 400, "bad_request", "there is no signal 0"},
      {"POST", "/v1/signal?wait=true", R"({"pattern":"a","signal":"HUP"})", 400, "bad_request",
       "unknown query"},
  };
  for (const Case& c : cases) {
    const auto call = parse_request(c.method, c.target, c.body);
    ASSERT_FALSE(call) << c.method << " " << c.target;
    EXPECT_EQ(call.error().status, c.status) << c.target;
    const auto error = parse_problem(call.error().body);
    ASSERT_TRUE(error) << call.error().body;
    EXPECT_EQ(error->code, c.code) << c.target;
    EXPECT_THAT(error->detail, HasSubstr(c.message)) << c.target;
    EXPECT_EQ(call.error().fields.empty(), c.status != 405) << c.target;
  }
}

Reply replied(testing::FakeService& service, const Call& call) {
  std::optional<Reply> reply;
  carry_out(service, call, [&](const Finding& finding) { reply = render(call, finding, service); });
  return reply.value_or(Reply{0, "no answer", ""});
}

TEST(CarryOut, MapsEveryOutcomeToAStatus) {
  struct Case {
    Outcome outcome;
    unsigned status;
    std::string_view code;
  };
  const Case cases[] = {{Outcome::failed, 500, "failed"},
                        {Outcome::no_such_node, 404, "no_such_node"},
                        {Outcome::ambiguous, 409, "ambiguous"},
                        {Outcome::refused, 409, "refused"}};
  for (const Case& c : cases) {
    for (const bool wait : {true, false}) {  // what is known at once is said, waited for or not
      testing::FakeService service;
      service.answer = {c.outcome, "because", {"root/a"}};
      const Reply reply = replied(service, {.verb = Verb::stop, .pattern = "root/a", .wait = wait});
      EXPECT_EQ(reply.status, c.status);
      EXPECT_EQ(parse_problem(reply.body)->code, c.code);
      EXPECT_EQ(parse_problem(reply.body)->detail, "because");
    }
  }
}

TEST(CarryOut, AnswersAtOnceWhenNobodyWaits) {
  testing::FakeService service;
  service.hold = true;
  const Reply reply = replied(service, {.verb = Verb::start, .pattern = "root/a", .wait = false});
  EXPECT_EQ(reply.status, 202u);
  EXPECT_THAT(reply.body, HasSubstr(R"("outcome":"accepted")"));
}

TEST(CarryOut, AsksTheServiceForWhatTheCallSays) {
  testing::FakeService service;
  for (const auto& [verb, call] : {std::pair{Verb::start, "start x"}, std::pair{Verb::stop, "stop x"},
                                   std::pair{Verb::restart, "restart x"}}) {
    EXPECT_EQ(replied(service, {.verb = verb, .pattern = "x"}).status, 200u);
    EXPECT_EQ(service.calls().back(), call);
  }
  EXPECT_EQ(replied(service, {.verb = Verb::shutdown}).status, 200u);
  EXPECT_EQ(service.calls().back(), "shutdown");
  EXPECT_THAT(replied(service, {.verb = Verb::info}).body, HasSubstr("\"fake\""));
  EXPECT_EQ(replied(service, {.verb = Verb::status, .pattern = "nowhere"}).status, 404u);
  EXPECT_EQ(parse_nodes(replied(service, {.verb = Verb::tree}).body)->size(), 3u);
}

}  // namespace
}  // namespace simplevisor::control
