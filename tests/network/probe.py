"""What a box does, measured from both of its sides with plain sockets. Run in places of a world; prints JSON.

`reflect A B …` answers on addresses of this host; `nat A B` and `let_out A`, asked from behind a box, say what came of it.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
from collections.abc import Callable
from itertools import product
from typing import Any

PORTS = (3478, 3479)
TCP_PORTS = (80, 443)
SILENCE = 0.7
"""Seconds after which nothing will come any more."""
STUN = bytes.fromhex("000100002112a442") + bytes(12)
FRAMED_STUN = len(STUN).to_bytes(2, "big") + STUN
NOT_STUN = bytes.fromhex("160301000501000001fc03")

Endpoint = tuple[str, int]


def reflect(*addresses: str) -> None:
    """UDP: tells the sender how it looks from here, first from the endpoint that it names. TCP, on the first address: an echo of what comes
    first."""
    selector = selectors.DefaultSelector()
    datagrams = {endpoint: _open(endpoint[0]) for endpoint in product(addresses, PORTS)}
    for endpoint, bound in datagrams.items():
        bound.bind(endpoint)
        selector.register(bound, selectors.EVENT_READ)
    listeners = [socket.create_server((addresses[0], port)) for port in TCP_PORTS]
    for listener in listeners:
        selector.register(listener, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            ready: Any = key.fileobj
            if ready in listeners:
                accepted, _ = ready.accept()
                selector.register(accepted, selectors.EVENT_READ)
            elif ready.type == socket.SOCK_STREAM:
                ready.sendall(ready.recv(100))
                selector.unregister(ready)
                ready.close()
            else:
                request, sender = ready.recvfrom(100)
                host, port = json.loads(request)
                for answering in dict.fromkeys([datagrams[host, port], ready]):
                    answering.sendto(json.dumps(sender[:2]).encode(), sender)


def nat(first: str, second: str) -> dict[str, str]:
    """Mapping and filtering in the terms of RFC 4787 sections 4.1 and 5."""
    near, far = PORTS
    with _open(first) as one:
        seen = [_ask(one, to, to)[1] for to in ((first, near), (first, far), (second, near))]
    same_address, other_address = seen[1] == seen[0], seen[2] == seen[0]
    mapping = _dependent(same_address and other_address, same_address)
    answered = []
    for other in ((second, far), (first, far)):
        with _open(first) as fresh:
            answered.append(_ask(fresh, (first, near), other)[0] == other)
    return {"mapping": mapping, "filtering": _dependent(*answered), "address": seen[0][0]}


def _open(address: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)


def _ask(asking: socket.socket, to: Endpoint, answer_from: Endpoint) -> tuple[Endpoint, Endpoint]:
    """From whom the first answer came, and how we look from there. The endpoint that is named sends first, so its answer is the first one
    unless it was filtered: no need to wait for what does not come."""
    asking.settimeout(5)
    asking.sendto(json.dumps(answer_from).encode(), to)
    answer, sender = asking.recvfrom(100)
    host, port = json.loads(answer)
    return (sender[0], sender[1]), (host, port)


def _dependent(independent: bool, on_address_only: bool) -> str:
    if independent:
        return "endpoint-independent"
    return "address-dependent" if on_address_only else "address- and port-dependent"


def let_out(host: str) -> list[str]:
    """What is answered of all that one may try."""
    tried: dict[str, Callable[[], bool]] = {
        "udp": lambda: _udp(host),
        "tcp 80": lambda: _tcp(host, 80, NOT_STUN),
        "tcp 443": lambda: _tcp(host, 443, NOT_STUN),
        "stun in tcp 443": lambda: _tcp(host, 443, STUN),
        "framed stun in tcp 443": lambda: _tcp(host, 443, FRAMED_STUN),
    }
    return [what for what, attempt in tried.items() if attempt()]


def _udp(host: str) -> bool:
    with _open(host) as asking:
        asking.settimeout(SILENCE)
        asking.sendto(json.dumps((host, PORTS[0])).encode(), (host, PORTS[0]))
        try:
            return bool(asking.recv(100))
        except TimeoutError:
            return False


def _tcp(host: str, port: int, message: bytes) -> bool:
    try:
        with socket.create_connection((host, port), SILENCE) as asking:
            asking.sendall(message)
            return asking.recv(100) == message
    except (TimeoutError, ConnectionError):
        return False


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    asked: dict[str, Callable[..., object]] = {"reflect": reflect, "nat": nat, "let_out": let_out}
    print(json.dumps(asked[what](*arguments)))
