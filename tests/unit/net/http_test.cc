#include "net/http.hh"

#include "listener.hh"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace http_test {

using namespace bakehouse;
using namespace std::chrono_literals;
using net::http_get;

namespace {

std::string answer(const std::string& status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + headers + "\r\n" + body;
}

// Answers each path with prepared bytes, one connection after the other.
class Server {
 public:
  explicit Server(std::map<std::string, std::string> answers)
      : answers_(std::move(answers)), thread_([this] { serve(); }) {}
  ~Server() {
    listener_.shut_down();
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string url(const std::string& path) const { return "http://" + listener_.address() + path; }
  // To be asked when no request is under way.
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  void serve() {
    while (const base::Fd client = listener_.accept()) {
      std::string request;
      char buffer[4096];
      constexpr char tls_handshake = 0x16;
      while (request.find("\r\n\r\n") == std::string::npos && !request.starts_with(tls_handshake)) {
        const ssize_t count = ::read(client.get(), buffer, sizeof buffer);
        if (count <= 0) break;
        request.append(buffer, static_cast<size_t>(count));
      }
      requests_.push_back(request);
      const size_t start = request.find(' ') + 1;
      const std::string bytes = answers_[request.substr(start, request.find(' ', start) - start)];
      if (bytes == "silence") {
        while (::read(client.get(), buffer, sizeof buffer) > 0) {
        }
      } else {
        ::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      }
    }
  }

  net::Listener listener_;
  std::map<std::string, std::string> answers_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

std::string refusal(const std::string& url, const net::HttpLimits& limits = {}) {
  try {
    http_get(url, limits);
  } catch (const base::Error& error) {
    CHECK(error.fault() == base::Fault::input);
    const std::string message = error.what();
    const std::string begin = "cannot get '" + url + "': ";
    REQUIRE(message.starts_with(begin));
    return message.substr(begin.size());
  }
  return "answered";
}

// Sets a variable for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("an answer is its status and its body, whatever the status") {
  const std::string body("a\0b", 3);
  Server server({{"/ok", answer("200 OK", body)},
                 {"/none", answer("404 Not Found", "no such page")},
                 {"/broken", answer("500 Internal Server Error", "")}});
  CHECK(http_get(server.url("/ok"), {}).status == 200);
  CHECK(http_get(server.url("/ok"), {}).body == body);
  CHECK(http_get(server.url("/none"), {}).status == 404);
  CHECK(http_get(server.url("/none"), {}).body == "no such page");
  CHECK(http_get(server.url("/broken"), {}).status == 500);
  CHECK(server.requests().front().starts_with("GET /ok HTTP/1.1\r\n"));
}

TEST_CASE("a redirect is an answer and not followed") {
  Server server({{"/old", answer("302 Found", "", "Location: /new\r\n")}, {"/new", answer("200 OK", "")}});
  CHECK(http_get(server.url("/old"), {}).status == 302);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("redirects are followed as often as is allowed") {
  Server server({{"/old", answer("302 Found", "", "Location: /newer\r\n")},
                 {"/newer", answer("302 Found", "", "Location: /new\r\n")},
                 {"/new", answer("200 OK", "here")}});
  CHECK(http_get(server.url("/old"), {10s, 1000, 2}).body == "here");
  CHECK(refusal(server.url("/old"), {10s, 1000, 1}).find("redirect") != std::string::npos);
}

TEST_CASE("a body may be as long as its limit and not a byte longer") {
  Server server({{"/", answer("200 OK", std::string(1000, 'x'))}});
  CHECK(http_get(server.url("/"), {10s, 1000}).body.size() == 1000);
  CHECK(refusal(server.url("/"), {10s, 999}) == "the answer is longer than 999 bytes");
  CHECK(refusal(server.url("/"), {10s, 0}) == "the answer is longer than 0 bytes");
}

TEST_CASE("a body that hides its length is limited as well") {
  Server server({{"/", "HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x')}});
  CHECK(refusal(server.url("/"), {10s, 50'000}) == "the answer is longer than 50000 bytes");
}

TEST_CASE("each reason for no answer is said") {
  Server server({{"/silence", "silence"},
                 {"/nothing", ""},
                 {"/noise", "this is not HTTP\r\n\r\n"},
                 {"/half", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"}});
  CHECK(refusal("http://" + net::deserted_address() + "/") == "Connection refused");
  CHECK(refusal(server.url("/silence"), {30ms}) == "no whole answer within 30 ms");
  CHECK(refusal(server.url("/nothing")) == "the connection was closed without an answer");
  CHECK(refusal(server.url("/noise")) == "Received HTTP/0.9 when not allowed");
  CHECK(refusal(server.url("/half")).find("96 bytes remaining") != std::string::npos);
  const std::string host = refusal("http://no-such-host.invalid/");
  CHECK(host.find("no-such-host.invalid") != std::string::npos);
}

TEST_CASE("a server that speaks no TLS is told apart") {
  Server server({});
  const std::string message = refusal("https" + server.url("/").substr(4));
  CAPTURE(message);
  CHECK((message.find("SSL") != std::string::npos || message.find("TLS") != std::string::npos));
}

TEST_CASE("only http and https are spoken") {
  for (const auto* url :
       {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "dict://127.0.0.1/x"}) {
    CAPTURE(url);
    CHECK(refusal(url).find("not supported or disabled") != std::string::npos);
  }
}

TEST_CASE("what is posted arrives whole, with its headers, and is not sent on to where a redirect leads") {
  Server server({{"/taken", answer("201 Created", "yes")},
                 {"/moved", answer("307 Temporary Redirect", "", "Location: /taken\r\n")},
                 {"/endless", "HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x')}});
  const net::HttpAnswer taken =
      net::http_post({server.url("/taken"), {"X-One: 1", "Content-Type: text/x"}, "a body", {}}, {});
  CHECK(taken.status == 201);
  CHECK(taken.body == "yes");
  CHECK(net::http_post({server.url("/moved"), {}, "", {}}, {}).status == 307);
  const net::HttpAnswer endless = net::http_post({server.url("/endless"), {}, "x", {}}, {10s, 1000});
  CHECK(endless.status == 200);
  CHECK(endless.body.size() <= 1000);
  REQUIRE(server.requests().size() == 3);
  const std::string& request = server.requests().front();
  CHECK(request.starts_with("POST /taken HTTP/1.1\r\n"));
  CHECK(request.find("\r\nX-One: 1\r\n") != std::string::npos);
  CHECK(request.find("\r\nContent-Type: text/x\r\n") != std::string::npos);
  CHECK(request.find("\r\nContent-Length: 6\r\n") != std::string::npos);
}

TEST_CASE("no error of a post repeats its URL") {
  for (const std::string& url :
       {"http://bob:pa55@" + net::deserted_address() + "/t0ken",
        std::string("http://bob:pa55@no-such-host.invalid/t0ken"),
        std::string("ftp://bob:pa55@127.0.0.1/t0ken"), std::string("http://bob:pa55@:x/t0ken")}) {
    std::string said;
    try {
      net::http_post({url, {}, "x", {}}, {});
    } catch (const base::Error& error) {
      said = error.what();
    }
    CAPTURE(said);
    CHECK_FALSE(said.empty());
    CHECK(said.find("pa55") == std::string::npos);
    CHECK(said.find("t0ken") == std::string::npos);
  }
}

TEST_CASE("what is no URL is refused") {
  CHECK(refusal("") != "answered");
  CHECK(refusal("http://") != "answered");
  CHECK(refusal("http://127.0.0.1:99999/") != "answered");
}

TEST_CASE("no proxy stands before loopback, whatever the environment says") {
  Server server({{"/", answer("200 OK", "direct")}});
  const Variable proxy("http_proxy", "http://" + net::deserted_address());
  CHECK(http_get(server.url("/"), {}).body == "direct");
  CHECK(http_get("http://localhost" + server.url("/").substr(16), {}).body == "direct");
  CHECK(refusal("http://no-such-host.invalid/") == "Connection refused");  // asked the proxy
  const Variable exception("no_proxy", "no-such-host.invalid");
  CHECK(refusal("http://no-such-host.invalid/") != "Connection refused");
  CHECK(http_get(server.url("/"), {}).body == "direct");
}

TEST_CASE("requests may be made by several threads") {
  Server server({{"/", answer("200 OK", "x")}});
  std::vector<std::thread> threads;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 10; ++round) {
        if (http_get(server.url("/"), {}).status == 200) ++answered;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(answered == 40);
}

}  // namespace http_test
