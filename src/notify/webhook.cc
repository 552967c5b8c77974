#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "crypto/hmac.hh"
#include "crypto/secret.hh"
#include "net/http.hh"
#include "notify/kinds.hh"
#include "text/json.hh"

#include <fmt/format.h>

#include <sys/stat.h>

namespace bakehouse::notify {
namespace {

using base::Error;
using base::Fault;

constexpr uint64_t largest_answer = 4096;
constexpr size_t longest_secret = 4096;

crypto::Secret read_signing_secret(const std::filesystem::path& path) {
  const base::Fd file = base::open_for_reading(path);
  const auto found = base::stat_of(file, path.native());
  if (found.type != base::FileType::regular)
    throw Error(Fault::input, fmt::format("'{}' is no regular file", path.native()),
                "a secret is the first line of a file");
  if ((found.mode & (S_IRWXO | S_IWGRP)) != 0) {
    throw Error(Fault::trust, fmt::format("the secret in '{}' is open to others", path.native()),
                fmt::format("chmod 600 {}", path.native()));
  }
  auto secret = crypto::read_secret_line(file, longest_secret, path.native());
  if (!secret || secret->text().empty())
    throw Error(Fault::input, fmt::format("'{}' holds no secret", path.native()),
                "its first line is what messages are signed with");
  return std::move(*secret);
}

std::string describe_answer(const net::HttpAnswer& answer) {
  const std::string status = fmt::format("answered {}", answer.status);
  if (answer.status >= 300 && answer.status < 400) return status + ": redirects are not followed";
  return status;  // and not its text, which may repeat the URL, whose path is a secret
}

}  // namespace

std::string webhook_signature(std::string_view secret, base::Seconds timestamp, std::string_view body) {
  return "sha256=" + crypto::hmac_sha256(secret, fmt::format("{}.{}", timestamp, body)).hex();
}

Answer send_webhook(const config::Receiver& receiver, const Message& message, const base::Clock& clock) {
  net::HttpPost post;
  post.url = receiver.target;
  post.body = text::to_json(encode(message));
  post.ca_file = receiver.ca_file;
  post.headers = {"Content-Type: application/json", "X-Bakehouse-Delivery: " + id_of(message)};
  if (receiver.secret_file) {
    const crypto::Secret secret = read_signing_secret(*receiver.secret_file);
    // Of this try: what was written down somewhere and is sent again later does not pass for new.
    const base::Seconds now = clock.seconds();
    post.headers.push_back(fmt::format("X-Bakehouse-Timestamp: {}", now));
    post.headers.push_back("X-Bakehouse-Signature: " + webhook_signature(secret.text(), now, post.body));
  }
  const net::HttpAnswer answer = net::http_post(post, {receiver.time_limit, largest_answer, 0});
  constexpr int too_many_requests = 429;
  return {answer.status >= 200 && answer.status < 300,
          answer.status >= 500 || answer.status == too_many_requests, describe_answer(answer)};
}

}  // namespace bakehouse::notify
