// The helper `supervise STATE`: a supervisor in the background, small because it may be there for years. It
// is started by `release`, tells it when it is ready, and from then on is spoken to through its socket.
#include "service/background.hh"

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("supervise: it is started by `release start` and `release apply`, with the state of a root\n",
               stderr);
    return 2;
  }
  try {
    return bakehouse::service::live_in_background(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "supervise: %s\n", error.what());
    return 1;
  }
}
