"""Network namespaces that end with the process which made them, however it ends.

All hang on one process: the first of a PID namespace, which reads a pipe from here. When the pipe ends, be it by SIGKILL, so does that
process; the kernel then ends whatever runs in there, and namespaces, links and addresses go with it. Nothing outside is touched.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import socket
import stat
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_HOLD = "mount -t tmpfs none /run && mkdir /run/netns && echo ready && exec cat > /dev/null"
_WITHIN = 40.0
"""Seconds that a command of the harness may take."""


class World:
    """`await world.add("ana")` makes a place, `await world.run("ana", "ip", "address")` runs a program there."""

    async def __aenter__(self) -> World:
        # Administrators' programs are not in everybody's path.
        self._environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
        refused = []
        for user in (("--user", "--map-root-user"), ()):
            self._holder = await asyncio.create_subprocess_exec(
                *_UNSHARE, *user, "sh", "-c", _HOLD, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=self._environment
            )
            assert self._holder.stdout and self._holder.stderr
            if await self._holder.stdout.readline() == b"ready\n":
                (first,) = psutil.Process(self._holder.pid).children()
                self._first = first.pid
                self._user = ("--user", "--preserve-credentials") if user else ()
                return self
            refused.append((await self._holder.stderr.read()).decode().strip())
            await self._holder.wait()
        raise RuntimeError(
            "these tests need network namespaces: user namespaces for everybody (sysctl kernel.unprivileged_userns_clone=1, and a "
            f"container whose seccomp profile allows them), or root with CAP_SYS_ADMIN. Refused: {'; '.join(refused)}"
        )

    async def __aexit__(self, *exc: object) -> None:
        assert self._holder.stdin
        self._holder.stdin.close()
        await asyncio.wait_for(self._holder.wait(), _WITHIN)

    @property
    def pid(self) -> int:
        """Of the process that everything hangs on."""
        return self._first

    def inside(self, place: str | None = None) -> list[str]:
        """What to put before a command to run it in a place. None: in the world, but nowhere on its network."""
        process = Path("/proc", str(self._first))
        # The names are in the world's own file system.
        network = process.joinpath("root", "run", "netns", place) if place else process / "ns" / "net"
        return [
            "nsenter", f"--target={self._first}", *self._user, "--mount", "--pid",
            f"--net={network}", f"--wd={ROOT}", "--",
        ]  # fmt: skip

    def wrapper(self, place: str, program: str, folder: Path) -> Path:
        """A program as a file that, run by whomever, runs in the place."""
        file = folder / f"{Path(program).name}-{place}"
        file.write_text(f'#!/bin/sh\nexec {shlex.join([*self.inside(place), program])} "$@"\n')
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return file

    async def run(self, place: str | None, *command: str, text: str = "") -> str:
        """Runs to its end, with `text` as input; gives the output. Raises RuntimeError with it when the command fails."""
        process = await asyncio.create_subprocess_exec(
            *self.inside(place), *command, stdin=PIPE, stdout=PIPE, stderr=STDOUT, env=self._environment
        )
        output, _ = await asyncio.wait_for(process.communicate(text.encode()), _WITHIN)
        if process.returncode:
            raise RuntimeError(f"in {place}: {shlex.join(command)}: {output.decode()}\n{text}")
        return output.decode()

    async def reach(self, place: str, port: int) -> socket.socket:
        """A connection to a port on a place's loopback."""
        ours, theirs = socket.socketpair()
        with theirs:
            joined = [*self.inside(place), sys.executable, "-m", "tests.network.reach", str(port)]
            await asyncio.create_subprocess_exec(*joined, stdin=theirs.fileno())
        return ours

    async def add(self, place: str, *, forwards: bool = False) -> None:
        """A new place with nothing but loopback. `forwards`: it is a router."""
        await self.run(None, "ip", "netns", "add", place)
        await self.ip(place, "link set lo up")
        if forwards:
            switches = "/proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding"
            await self.run(place, "sh", "-ec", f"for switch in {switches}; do echo 1 > $switch; done")

    async def ip(self, place: str, *lines: str) -> None:
        """Commands of ip(8), in one go."""
        await self.run(place, "ip", "-batch", "-", text="\n".join(lines) + "\n")

    async def nft(self, place: str, rules: str) -> None:
        """Commands of nft(8), all or none."""
        await self.run(place, "nft", "-f", "-", text=rules)
