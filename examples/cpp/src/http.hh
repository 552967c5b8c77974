// Answers requests for pages on 127.0.0.1, one thread a visitor; meant to stand behind a web server.
#pragma once

#include <functional>
#include <string>

namespace http {

struct Answer {
  int status;
  std::string type;
  std::string body;
};

// Returns only when the port cannot be had; SIGTERM ends the program.
void serve(int port, const std::function<Answer(const std::string& path)>& answer);

}  // namespace http
