// A scratch directory with what the services of a test need: logs, and a FIFO through which they
// tell the test how far they are, so that nothing has to sleep.
#pragma once

#include "base/dir.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "service/spec.hh"

#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::service {

class Scene {
 public:
  Scene() : news_path_(scratch_.path() / "news") {
    if (::mkfifo(news_path_.c_str(), 0600) != 0) base::fail_os("make", news_path_.native());
    news_ = base::Fd(::open(news_path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }

  const std::filesystem::path& path() const { return scratch_.path(); }
  std::filesystem::path log(const std::string& name) const { return path() / "logs" / (name + ".log"); }
  std::string logged(const std::string& name) const { return base::read_file(log(name), 100'000); }

  // A service whose script finds the FIFO in $NEWS.
  ServiceSpec spec(const std::string& name, const std::string& script) const {
    return {
        name, {"sh", "-c", script}, {"PATH=/usr/bin:/bin", "NEWS=" + news_path_.native()}, path(), log(name)};
  }
  // Runs until it is stopped, after it has told its name and pid.
  ServiceSpec steady(const std::string& name) const {
    return spec(name, "echo " + name + " $$ >$NEWS; exec sleep 1000");
  }

  // The next line some service tells.
  std::string next_news() {
    for (;;) {
      const size_t end = pending_.find('\n');
      if (end != std::string::npos) {
        std::string line = pending_.substr(0, end);
        pending_.erase(0, end + 1);
        return line;
      }
      if (!read_more()) await_more();
    }
  }
  // Whether no process has the FIFO open any more.
  bool is_deserted() {
    while (read_more()) {
    }
    pollfd watched{news_.get(), POLLIN, 0};
    return ::poll(&watched, 1, 0) >= 0 && (watched.revents & POLLHUP) != 0;
  }

 private:
  bool read_more() {
    char buffer[4096];
    const ssize_t count = ::read(news_.get(), buffer, sizeof buffer);
    if (count > 0) pending_.append(buffer, static_cast<size_t>(count));
    return count > 0;
  }
  void await_more() {
    pollfd watched{news_.get(), POLLIN, 0};
    // While nobody has the FIFO open for writing this returns at once; what is awaited comes soon.
    if (::poll(&watched, 1, 60'000) == 0) throw base::Error(base::Fault::internal, "no news within a minute");
    if ((watched.revents & POLLIN) == 0) ::sched_yield();
  }

  base::TempDir scratch_;
  std::filesystem::path news_path_;
  base::Fd news_;
  std::string pending_;
};

}  // namespace bakehouse::service
