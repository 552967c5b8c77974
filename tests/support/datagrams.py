#!/usr/bin/env python3
"""Stands in for a logging daemon: keeps the datagrams that come to a socket.

    datagrams.py SOCKET FILE

Appends each to FILE, with a line feed behind it; the socket is there when the program listens.
"""

import socket
import sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
while True:
    datagram = listener.recv(1 << 20)
    with open(sys.argv[2], "ab") as file:
        file.write(datagram + b"\n")
