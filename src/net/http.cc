#include "net/http.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <curl/curl.h>
#include <dlfcn.h>

namespace bakehouse::net {
namespace {

using base::Error;
using base::Fault;
using base::printable;

// libcurl brings two dozen libraries along, which cost each start of a program more than most commands take,
// and few commands need it: it is loaded when something is first asked for. Its functions, by their own
// names.
struct Curl {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  CURLcode (*easy_setopt)(CURL*, CURLoption, ...);
  CURLcode (*easy_getinfo)(CURL*, CURLINFO, ...);
  decltype(&::curl_easy_perform) easy_perform;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
};

class CurlLibrary {
 public:
  CurlLibrary() : handle_(::dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) fail();
  }
  template <typename Function>
  void find(Function& function, const char* name) const {
    function = reinterpret_cast<Function>(::dlsym(handle_, name));
    if (function == nullptr) fail();
  }

 private:
  [[noreturn]] static void fail() {
    throw Error(Fault::internal, fmt::format("cannot load libcurl: {}", printable(::dlerror())),
                "install the package libcurl4");
  }
  void* handle_;  // never closed: other threads may still use what it set up
};

Curl load_curl() {
  const CurlLibrary library;
  Curl curl{};
  library.find(curl.global_init, "curl_global_init");
  library.find(curl.easy_init, "curl_easy_init");
  library.find(curl.easy_cleanup, "curl_easy_cleanup");
  library.find(curl.easy_setopt, "curl_easy_setopt");
  library.find(curl.easy_getinfo, "curl_easy_getinfo");
  library.find(curl.easy_perform, "curl_easy_perform");
  library.find(curl.easy_strerror, "curl_easy_strerror");
  library.find(curl.slist_append, "curl_slist_append");
  library.find(curl.slist_free_all, "curl_slist_free_all");
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    throw Error(Fault::internal, "cannot set up libcurl");
  return curl;
}

// Once a program.
const Curl& curl() {
  static const Curl loaded = load_curl();
  return loaded;
}

struct EndSession {
  void operator()(CURL* session) const { curl().easy_cleanup(session); }
};
using Session = std::unique_ptr<CURL, EndSession>;

template <typename Argument>
void set(const Session& session, CURLoption option, Argument argument) {
  const CURLcode outcome = curl().easy_setopt(session.get(), option, argument);
  if (outcome != CURLE_OK)
    throw Error(Fault::internal, fmt::format("cannot set up a request: {}", curl().easy_strerror(outcome)));
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
      curl().easy_getinfo(session.get(), CURLINFO_OS_ERRNO, &code);
      if (code != 0) return std::strerror(static_cast<int>(code));
      break;
    default: break;
  }
  return printable(*detail != '\0' ? detail : curl().easy_strerror(outcome));
}

struct Transfer {
  Receiver receiver;
  char detail[CURL_ERROR_SIZE] = "";
  Session session{curl().easy_init()};  // the last: it ends before what it points to
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
  if (!limits.source.empty()) set(session, CURLOPT_INTERFACE, ("host!" + limits.source).c_str());
  set(session, CURLOPT_WRITEFUNCTION, &receive);
  set(session, CURLOPT_WRITEDATA, &transfer.receiver);
}

int status_of(const Transfer& transfer) {
  long status = 0;
  curl().easy_getinfo(transfer.session.get(), CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

HttpAnswer get(const std::string& url, const HttpLimits& limits) {
  Transfer transfer;
  prepare(transfer, url, limits);
  const CURLcode outcome = curl().easy_perform(transfer.session.get());
  if (transfer.receiver.too_long) {
    throw Error(Fault::input, fmt::format("the answer is longer than {} bytes", limits.body));
  }
  if (outcome != CURLE_OK)
    throw Error(Fault::input, reason(transfer.session, outcome, transfer.detail, limits));
  return {status_of(transfer), std::move(transfer.receiver.body)};
}

struct EndHeaders {
  void operator()(curl_slist* list) const { curl().slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, EndHeaders>;

Headers list_of(const std::vector<std::string>& lines) {
  Headers list;
  for (const std::string& line : lines) {
    curl_slist* longer = curl().slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw Error(Fault::internal, "cannot set up a request");
    static_cast<void>(list.release());  // the list begins where it did, or has just begun
    list.reset(longer);
  }
  return list;
}

}  // namespace

HttpAnswer http_post(const HttpPost& post, const HttpLimits& limits) {
  const Headers headers = list_of(post.headers);
  Transfer transfer;
  prepare(transfer, post.url, limits);
  set(transfer.session, CURLOPT_HTTPHEADER, headers.get());
  set(transfer.session, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.body.size()));
  set(transfer.session, CURLOPT_POSTFIELDS, post.body.c_str());
  if (post.ca_file) set(transfer.session, CURLOPT_CAINFO, post.ca_file->c_str());
  const CURLcode outcome = curl().easy_perform(transfer.session.get());
  if (outcome != CURLE_OK && !transfer.receiver.too_long)
    throw Error(Fault::input, reason(transfer.session, outcome, transfer.detail, limits));
  return {status_of(transfer), std::move(transfer.receiver.body)};
}

HttpAnswer http_get(const std::string& url, const HttpLimits& limits) {
  return base::with_context(fmt::format("cannot get '{}'", printable(url)), [&] { return get(url, limits); });
}

}  // namespace bakehouse::net
