#include "notify/send.hh"

#include "../net/listener.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "telling.hh"
#include "text/json.hh"

#include <doctest/doctest.h>

#include <string>
#include <thread>

#include <unistd.h>

namespace send_test {

using namespace bakehouse;
using namespace bakehouse::notify;
using namespace std::chrono_literals;

namespace {

// Takes one connection, keeps what was said, and answers with these bytes or not at all.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) : answer_(std::move(answer)), thread_([this] { serve(); }) {}
  ~OneAnswer() { finish(); }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;

  std::string url(const std::string& user = {}) const {
    return "http://" + user + listener_.address() + "/hook";
  }
  const std::string& request() {
    finish();
    return request_;
  }

 private:
  bool is_whole() const {
    const size_t head = request_.find("\r\n\r\n");
    const size_t length = request_.find("Content-Length: ");
    return head != std::string::npos && length != std::string::npos &&
           request_.size() >= head + 4 + std::stoul(request_.substr(length + 16));
  }
  void serve() {
    const base::Fd client = listener_.accept();
    char buffer[4096];
    while (client && !is_whole()) {
      const ssize_t count = ::read(client.get(), buffer, sizeof buffer);
      if (count <= 0) return;
      request_.append(buffer, static_cast<size_t>(count));
    }
    // Whoever has heard enough closes the connection.
    for (size_t sent = 0; sent < answer_.size();) {
      const ssize_t count = ::send(client.get(), answer_.data() + sent, answer_.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return;
      sent += static_cast<size_t>(count);
    }
    if (answer_.empty() || answer_ == "HTTP/1.1 200 OK\r\n") {
      while (::read(client.get(), buffer, sizeof buffer) > 0) {
      }
    }
  }
  void finish() {
    listener_.shut_down();
    if (thread_.joinable()) thread_.join();
  }

  net::Listener listener_;
  std::string answer_;
  std::string request_;
  std::thread thread_;
};

config::Receiver webhook(const std::string& url) {
  config::Receiver receiver;
  receiver.kind = config::Receiver::Kind::webhook;
  receiver.target = url;
  return receiver;
}

config::Receiver command(const std::filesystem::path& program) {
  config::Receiver receiver;
  receiver.kind = config::Receiver::Kind::command;
  receiver.argv = {program.native(), "a word"};
  return receiver;
}

}  // namespace

TEST_CASE("a webhook is a POST of the message, signed with its time") {
  const base::TempDir scratch;
  base::write_file(scratch.path() / "secret", "key\r\nsecond line\n", 0600);
  OneAnswer server("HTTP/1.1 204 No Content\r\n\r\n");
  config::Receiver receiver = webhook(server.url());
  receiver.secret_file = scratch.path() / "secret";
  StoppedClock time;
  const Answer answer = send(receiver, failure_message(), time.clock());
  CHECK(answer.taken);
  CHECK(answer.text == "answered 204");
  const std::string& request = server.request();
  const std::string body = text::to_json(encode(failure_message()));
  CHECK(request.starts_with("POST /hook HTTP/1.1\r\n"));
  CHECK(request.ends_with("\r\n\r\n" + body));
  CHECK(request.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
  CHECK(request.find("\r\nX-Bakehouse-Timestamp: 1767268900\r\n") != std::string::npos);
  CHECK(request.find("\r\nX-Bakehouse-Signature: " + webhook_signature("key", 1767268900, body) + "\r\n") !=
        std::string::npos);
  CHECK(webhook_signature("key", 1, body) != webhook_signature("key", 2, body));
  // printf '1767268900.{}' | openssl dgst -sha256 -hmac key
  CHECK(webhook_signature("key", 1767268900, "{}") ==
        "sha256=86e2eff53dff5d7a5ec94609c73654e880b09d39aec8087b6cdaf8d55c9bb92f");
}

TEST_CASE("without a secret nothing is signed") {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  CHECK(send(webhook(server.url()), failure_message(), base::system_clock()).taken);
  CHECK(server.request().find("X-Bakehouse-Signature") == std::string::npos);
}

TEST_CASE("whatever a receiver does, it is told of and cannot hold anything up") {
  struct Row {
    std::string answer;
    std::string text;
    bool may_pass;
  };
  for (const Row& row : {
           Row{"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
               "answered 302: redirects are not followed", false},
           Row{"HTTP/1.1 500 Oops\r\nContent-Length: 12\r\n\r\n\033[31mno\nmore", "answered 500", true},
           Row{"HTTP/1.1 429 Later\r\nContent-Length: 0\r\n\r\n", "answered 429", true},
           Row{"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "answered 401", false},
           Row{"HTTP/1.1 404 No\r\n\r\n" + std::string(5'000'000, 'x'), "answered 404", false},
           Row{"HTTP/1.1 200 OK\r\n", "no whole answer within 200 ms", true},
           Row{"", "no whole answer within 200 ms", true},
           Row{"this is not HTTP\r\n\r\n", "Received HTTP/0.9 when not allowed", true},
       }) {
    CAPTURE(row.text);
    OneAnswer server(row.answer);
    config::Receiver receiver = webhook(server.url("bob:pa55@"));
    receiver.time_limit = row.answer.size() < 20 ? 200ms : 10'000ms;
    const Answer answer = send(receiver, failure_message(), base::system_clock());
    CHECK_FALSE(answer.taken);
    CHECK(answer.may_pass == row.may_pass);
    CHECK(answer.text == row.text);
    CHECK(answer.text.find("pa55") == std::string::npos);
  }
}

TEST_CASE("a huge answer that says it was taken was taken") {
  OneAnswer server("HTTP/1.1 200 OK\r\n\r\n" + std::string(5'000'000, 'x'));
  CHECK(send(webhook(server.url()), failure_message(), base::system_clock()).taken);
}

TEST_CASE("a secret that others may read, or that is none, signs nothing") {
  const base::TempDir scratch;
  config::Receiver receiver = webhook("http://" + net::deserted_address() + "/");
  receiver.secret_file = scratch.path() / "secret";
  const auto answer = [&] { return send(receiver, failure_message(), base::system_clock()); };
  CHECK(answer().text == "cannot open '" + receiver.secret_file->native() + "': No such file or directory");
  CHECK_FALSE(answer().may_pass);
  base::write_file(*receiver.secret_file, "key\n", 0644);
  CHECK(
      answer().text.starts_with("the secret in '" + receiver.secret_file->native() + "' is open to others"));
  base::write_file(*receiver.secret_file, "\n", 0600);
  CHECK(answer().text.find("holds no secret") != std::string::npos);
  base::write_file(*receiver.secret_file, "key\n", 0600);
  CHECK(answer().text == "Connection refused");
  CHECK(answer().may_pass);
}

TEST_CASE("a command gets the message as its standard input, and nothing of our environment") {
  const base::TempDir scratch;
  const auto told = scratch.path() / "told";
  const auto program =
      make_program(scratch.path() / "tell", "{ pwd; echo \"$1\"; env; cat; } >" + told.native());
  ::setenv("BAKEHOUSE_TEST_SECRET", "pa55", 1);
  const Answer answer = send(command(program), failure_message(), base::system_clock());
  ::unsetenv("BAKEHOUSE_TEST_SECRET");
  CHECK(answer.taken);
  CHECK(answer.text == "took it");
  const std::string said = base::read_file(told, 1 << 20);
  CHECK(said.starts_with("/\na word\n"));
  CHECK(said.ends_with(text::to_json(encode(failure_message())) + "\n"));
  CHECK(said.find("pa55") == std::string::npos);
}

TEST_CASE("a command that fails, lingers or is not there has not taken it") {
  const base::TempDir scratch;
  const auto text_of = [&](const config::Receiver& receiver) {
    const Answer answer = send(receiver, failure_message(), base::system_clock());
    CHECK_FALSE(answer.taken);
    return answer.text;
  };
  CHECK(text_of(command(make_program(scratch.path() / "fails", "echo no room; exit 3"))) ==
        "exited with status 3\n  | no room");
  config::Receiver lingers = command(make_program(scratch.path() / "lingers", "exec sleep 600"));
  lingers.time_limit = 50ms;
  CHECK(text_of(lingers) == "ran longer than its limit and was ended");
  CHECK(text_of(command(scratch.path() / "absent")).find("No such file") != std::string::npos);
}

TEST_CASE("a mail is one message to one address, whatever the texts in it hold") {
  config::Receiver receiver;
  receiver.kind = config::Receiver::Kind::mail;
  receiver.target = "ops@example.org";
  receiver.from = "shop@web1";
  CHECK(compose_mail(receiver, failure_message()) ==
        "From: shop@web1\n"
        "To: ops@example.org\n"
        "Subject: [shop] apply of 1.1 on web1: reverted\n"
        "Date: Thu, 1 Jan 2026 12:00:03 +0000\n"
        "X-Bakehouse-Delivery: 20260101T120000Z-019c1234-5678-7abc-8def-0123456789ab.reverted\n"
        "Auto-Submitted: auto-generated\n"
        "MIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n"
        "\n"
        "apply of 1.1 on web1: reverted\n"
        "\n"
        "project     shop\n"
        "version     1.1\n"
        "before      1.0\n"
        "deployment  20260101T120000Z-019c1234-5678-7abc-8def-0123456789ab\n"
        "who         anna on web1\n"
        "began       2026-01-01T12:00:00Z\n"
        "ended       2026-01-01T12:00:03Z\n"
        "failed in   post_deploy\n"
        "\n"
        "the hook failed\n"
        "  | no table\n");

  Message hostile = failure_message();
  hostile.version = "1\r\nBcc: mallory@example.org\r\n\r\nhello";
  hostile.host = "w\u00e4b";
  hostile.cause = std::string(3000, 'x');
  const std::string mail = compose_mail(receiver, hostile);
  const std::string header = mail.substr(0, mail.find("\n\n"));
  CHECK(header.find("Subject: [shop] apply of 1??Bcc: mallory@example.org????hello on w??b: reverted\n") !=
        std::string::npos);
  CHECK(header.find("\nBcc:") == std::string::npos);
  for (size_t begin = 0; begin < mail.size();) {
    const size_t end = mail.find('\n', begin);
    CHECK(end - begin <= 998);
    begin = end + 1;
  }
}

TEST_CASE("a mail goes to the standard input of sendmail") {
  const base::TempDir scratch;
  const auto told = scratch.path() / "told";
  config::Receiver receiver;
  receiver.kind = config::Receiver::Kind::mail;
  receiver.target = "root";
  receiver.sendmail = make_program(scratch.path() / "sendmail", "{ echo \"$@\"; cat; } >" + told.native());
  CHECK(send(receiver, failure_message(), base::system_clock()).taken);
  CHECK(base::read_file(told, 1 << 20) == "-t -i\n" + compose_mail(receiver, failure_message()));
}

}  // namespace send_test
