#include "net/http.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <curl/curl.h>

namespace bakehouse::net {
namespace {

using base::Error;
using base::Fault;
using base::printable;

template <auto destroy>
struct Destroy {
  void operator()(auto* handle) const { destroy(handle); }
};
using Session = std::unique_ptr<CURL, Destroy<curl_easy_cleanup>>;

void require(CURLcode outcome, std::string_view doing) {
  if (outcome != CURLE_OK)
    throw Error(Fault::internal, fmt::format("{}: {}", doing, curl_easy_strerror(outcome)));
}

// Once a program, and never undone: other threads may still use what it set up.
void prepare_library() {
  static const CURLcode outcome = curl_global_init(CURL_GLOBAL_DEFAULT);
  require(outcome, "cannot set up libcurl");
}

template <typename Argument>
void set(const Session& session, CURLoption option, Argument argument) {
  require(curl_easy_setopt(session.get(), option, argument), "cannot set up a request");
}

struct Receiver {
  std::string body;
  uint64_t limit = 0;
  bool too_long = false;
};

// Called by C code: nothing may be thrown through it.
size_t receive(char* bytes, size_t, size_t count, void* context) noexcept {
  auto& receiver = *static_cast<Receiver*>(context);
  if (count > receiver.limit - receiver.body.size()) {
    receiver.too_long = true;
    return CURL_WRITEFUNC_ERROR;
  }
  receiver.body.append(bytes, count);
  return count;
}

// The option replaces what the environment says, so that this is kept.
std::string hosts_without_proxy() {
  std::string hosts = "localhost,127.0.0.0/8,::1";
  for (const char* name : {"no_proxy", "NO_PROXY"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return std::strcmp(value, "*") == 0 ? "*" : fmt::format("{},{}", hosts, value);
  }
  return hosts;
}

std::string reason(const Session& session, CURLcode outcome, const char* detail, const HttpLimits& limits) {
  long code = 0;
  switch (outcome) {
    case CURLE_OPERATION_TIMEDOUT: return fmt::format("no whole answer within {} ms", limits.time.count());
    case CURLE_GOT_NOTHING: return "the connection was closed without an answer";
    case CURLE_COULDNT_CONNECT:
      curl_easy_getinfo(session.get(), CURLINFO_OS_ERRNO, &code);
      if (code != 0) return std::strerror(static_cast<int>(code));
      break;
    default: break;
  }
  return printable(*detail != '\0' ? detail : curl_easy_strerror(outcome));
}

struct Transfer {
  Receiver receiver;
  char detail[CURL_ERROR_SIZE] = "";
  Session session{curl_easy_init()};  // the last: it ends before what it points to
};

void prepare(Transfer& transfer, const std::string& url, const HttpLimits& limits) {
  const Session& session = transfer.session;
  if (!session) throw Error(Fault::internal, "cannot set up libcurl");
  // 0 would mean no limit at all.
  const long milliseconds = static_cast<long>(std::max<int64_t>(limits.time.count(), 1));
  transfer.receiver.limit = limits.body;
  set(session, CURLOPT_ERRORBUFFER, transfer.detail);
  set(session, CURLOPT_URL, url.c_str());
  set(session, CURLOPT_PROTOCOLS_STR, "http,https");
  set(session, CURLOPT_FOLLOWLOCATION, limits.redirects > 0 ? 1L : 0L);
  set(session, CURLOPT_MAXREDIRS, static_cast<long>(limits.redirects));
  set(session, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(session, CURLOPT_NOSIGNAL, 1L);
  set(session, CURLOPT_TIMEOUT_MS, milliseconds);
  set(session, CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
  set(session, CURLOPT_NOPROXY, hosts_without_proxy().c_str());
  set(session, CURLOPT_USERAGENT, "bakehouse");
  set(session, CURLOPT_WRITEFUNCTION, &receive);
  set(session, CURLOPT_WRITEDATA, &transfer.receiver);
}

HttpAnswer get(const std::string& url, const HttpLimits& limits) {
  Transfer transfer;
  prepare(transfer, url, limits);
  const CURLcode outcome = curl_easy_perform(transfer.session.get());
  if (transfer.receiver.too_long) {
    throw Error(Fault::input, fmt::format("the answer is longer than {} bytes", limits.body));
  }
  if (outcome != CURLE_OK)
    throw Error(Fault::input, reason(transfer.session, outcome, transfer.detail, limits));
  long status = 0;
  curl_easy_getinfo(transfer.session.get(), CURLINFO_RESPONSE_CODE, &status);
  return {static_cast<int>(status), std::move(transfer.receiver.body)};
}

}  // namespace

HttpAnswer http_get(const std::string& url, const HttpLimits& limits) {
  prepare_library();
  return base::with_context(fmt::format("cannot get '{}'", printable(url)), [&] { return get(url, limits); });
}

}  // namespace bakehouse::net
