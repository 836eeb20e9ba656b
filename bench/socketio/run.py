"""What a delivered event and an idle connection cost: ours, Socket.IO's own server (Node) and python-socketio, in one run.

So many clients are in one room over WebSocket; one of them sends events of 200 bytes, which the server emits to the room. CPU is user and
system time of the server's process, memory its resident size. The server has a core to itself, the clients have another.

    (cd bench/socketio && npm ci) && python bench/socketio/run.py [--clients 200] [--rate 100] [--seconds 4] [--rounds 7] [--idle 1000]
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

from bench.socketio.client import Client, connect  # noqa: E402

SERVERS = {
    "tertulia": [sys.executable, "-m", "bench.socketio.server_tertulia"],
    "tertulia on plain uvicorn": [sys.executable, "-m", "bench.socketio.server_uvicorn"],
    "socket.io (node)": ["node", str(HERE / "server_node.js")],
    "python-socketio": [sys.executable, "-m", "bench.socketio.server_python_socketio"],
}
TEXT = "." * 180
"""With its name, quotes and digits the frame has 200 bytes."""
WITHIN = 60.0
"""Seconds in which what was sent has to come."""
WARM_UP = 2.0
"""Seconds, after which code that is compiled while it runs is compiled."""


class Server:
    def __init__(self, command: list[str], core: int) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{command} ended")
        self.port = int(line)

    def cpu(self) -> float:
        """Seconds so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kilobytes(self) -> int:
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


async def deliveries(server: Server, clients: int, rate: float, seconds: float) -> dict[str, float]:
    people = [await connect(server.port) for _ in range(clients)]
    for person in people:
        person.say(b'420["join","room"]')
        await person.joined
    event = json.dumps(["say", "room", TEXT], separators=(",", ":"))
    warm = clients * await talk(people[0], event, rate, WARM_UP)
    await received(people, warm)
    cpu = server.cpu()
    delivered = clients * await talk(people[0], event, rate, seconds)
    await received(people, warm + delivered)
    used = server.cpu() - cpu
    for person in people:
        person.close()
    return {"us_per_delivery": used / delivered * 1e6}


async def talk(who: Client, event: str, rate: float, seconds: float) -> int:
    """How many were sent."""
    loop = asyncio.get_running_loop()
    began, sent = loop.time(), 0
    while (due := began + sent / rate) < began + seconds:
        await asyncio.sleep(max(0.0, due - loop.time()))
        who.say(b"42" + event.encode())
        sent += 1
    return sent


async def received(people: list[Client], events: int) -> None:
    """Until all of them have come. Raises RuntimeError: they have not, or too many."""
    for _ in range(round(WITHIN * 10)):
        if sum(person.events for person in people) >= events:
            break
        await asyncio.sleep(0.1)
    came = sum(person.events for person in people)
    if came != events:
        raise RuntimeError(f"{came} of {events} events came")


async def idle(server: Server, connections: int) -> float:
    """Kilobytes for each."""
    first = [await connect(server.port) for _ in range(100)]
    await asyncio.sleep(1)
    before = server.kilobytes()
    rest = [await connect(server.port) for _ in range(connections)]
    await asyncio.sleep(2)
    after = server.kilobytes()
    for person in first + rest:
        person.close()
    return (after - before) / connections


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--rate", type=float, default=100, help="events a second")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--idle", type=int, default=1000, help="connections whose memory is measured")
    given = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536) if soft < 65536 else soft, hard))
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[0]})
    results: dict[str, dict[str, list[float]]] = {name: {} for name in SERVERS}

    def note(name: str, key: str, value: float) -> None:
        results[name].setdefault(key, []).append(round(value, 2))

    for round_ in range(given.rounds):
        for name in SERVERS:
            server = Server(SERVERS[name], cores[-1])
            try:
                costs = asyncio.run(deliveries(server, given.clients, given.rate, given.seconds))
            finally:
                server.stop()
            for key, value in costs.items():
                note(name, key, value)
            print(name, costs, file=sys.stderr)
            if round_ > 0:
                continue
            server = Server(SERVERS[name], cores[-1])
            try:
                note(name, "idle_kilobytes", asyncio.run(idle(server, given.idle)))
            finally:
                server.stop()
    print(f"{given.clients} clients, {given.rate:g} events/s, {given.rounds} rounds in turn: best, median")
    for name, values in results.items():
        cells = (f"{key} {min(seen):.1f} {statistics.median(seen):.1f}" for key, seen in values.items())
        print(f"{name:28}", "   ".join(cells))


if __name__ == "__main__":
    main()
