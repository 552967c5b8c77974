// How warm the ovens are, as a page and as JSON.
#include "http.hh"
#include "ovens.hh"

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

namespace {

http::Answer answer(const std::string& path) {
  if (path == "/") return {200, "text/html; charset=utf-8", page(ovens())};
  if (path == "/ovens.json") return {200, "application/json", json(ovens())};
  if (path == "/health") return {200, "text/plain", "ok " VERSION "\n"};
  return {404, "text/plain", "There is no such page.\n"};
}

}  // namespace

int main() {
  try {
    const char* port = std::getenv("PORT");
    http::serve(port != nullptr ? std::stoi(port) : 8080, answer);
  } catch (const std::exception& error) {
    std::cerr << "ovens: " << error.what() << '\n';
    return 1;
  }
}
