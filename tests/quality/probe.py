"""Numbered packets to an echo and back. `echo PORT` answers for ever; `send HOST PORT COUNT BYTES EVERY` prints JSON: for each echo, in the
order of arrival, its number and the milliseconds that it took.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
import time

SILENCE = 1.0
"""Seconds after the last packet was sent in which echoes may still come."""
_FORM = "!Id"


def echo(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mirror:
        mirror.bind(("", port))
        print("ready", flush=True)
        while True:
            packet, sender = mirror.recvfrom(2048)
            mirror.sendto(packet, sender)


def send(host: str, port: int, count: int, size: int, every: float) -> list[tuple[int, float]]:
    echoes: list[tuple[int, float]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.connect((host, port))
        sending.settimeout(SILENCE)

        def listen() -> None:
            try:
                while True:
                    number, at = struct.unpack_from(_FORM, sending.recv(2048))
                    echoes.append((number, (time.monotonic() - at) * 1000))
            except TimeoutError:
                return

        listening = threading.Thread(target=listen)
        listening.start()
        for number in range(count):
            sending.send(struct.pack(_FORM, number, time.monotonic()).ljust(size, b"\0"))
            time.sleep(every)
        listening.join()
    return echoes


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    if what == "echo":
        echo(int(arguments[0]))
    host, port, count, size, every = arguments
    print(json.dumps(send(host, int(port), int(count), int(size), float(every))))
