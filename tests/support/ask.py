#!/usr/bin/env python3
"""ask.py PORT: asks at 127.0.0.1 without a pause until there is a file `enough`.

Says then what it saw, each page once and in its order, and how often it got no answer. A page that it sees for
the first time becomes a file `saw-PAGE`.
"""
import os, socket, sys, threading

lost, seen, begun = [], [], set()


def ask(port):
    mine = []
    while not os.path.exists("enough"):
        try:
            with socket.create_connection(("127.0.0.1", port), 60) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                answer = b""
                while piece := connection.recv(4096):
                    answer += piece
            page = answer.split(b"\r\n\r\n", 1)[1].decode().strip()
        except (OSError, IndexError) as error:
            lost.append(repr(error))
            continue
        if not mine or mine[-1] != page:
            mine.append(page)
        if page not in begun:
            begun.add(page)
            open("saw-" + page.replace(" ", "-"), "w").close()
    seen.append(mine)


threads = [threading.Thread(target=ask, args=(int(sys.argv[1]),)) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("lost:", len(lost), *lost[:3])
print("seen:", *sorted({", ".join(mine) for mine in seen}))
