// Says how long things bake, one visitor after the other, on 127.0.0.1.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char* body_of(const char* request) {
  if (strncmp(request, "GET / ", 6) == 0) return "Rye: 55 minutes\nRolls: 18 minutes\n";
  if (strncmp(request, "GET /health ", 12) == 0) return "ok " VERSION "\n";
  return NULL;
}

static void attend(int visitor) {
  char request[1024] = "";
  const ssize_t length = recv(visitor, request, sizeof request - 1, 0);
  const char* body = length > 0 ? body_of(request) : NULL;
  char answer[512];
  snprintf(answer, sizeof answer, "HTTP/1.0 %s\r\nContent-Type: text/plain\r\n\r\n%s", body ? "200 OK" : "404 Not Found",
           body ? body : "There is no such page.\n");
  send(visitor, answer, strlen(answer), MSG_NOSIGNAL);
  close(visitor);
}

int main(void) {
  const char* port = getenv("PORT");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  address.sin_port = htons((unsigned short)atoi(port ? port : "8080"));
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (listener < 0 || bind(listener, (struct sockaddr*)&address, sizeof address) != 0 || listen(listener, 16) != 0) {
    perror("timer");
    return 1;
  }
  while (1) {
    const int visitor = accept(listener, NULL, NULL);
    if (visitor >= 0) attend(visitor);
  }
}
