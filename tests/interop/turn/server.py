"""`tertulia serve` as a TURN server: a secret that the tests know, and room for many clients from one address."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tertulia.auth.turn import Credentials, TurnSecret
from tests.e2e.caller import until
from tests.e2e.conftest import Server

SECRET = "known to these tests and to nobody else"
LIMITS = {"turn-allocations": 1024, "turn-per-user": 1024, "turn-per-address": 1024}
A_DAY = 24 * 3600
_FETCH = "import ssl, sys, urllib.request as u; print(u.urlopen(sys.argv[1], context=ssl._create_unverified_context()).read().decode())"


class TurnServer(Server):
    """TLS with a certificate of its own making on the TCP port, if `tls`. `inside`: see `Server`."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        host: str = "127.0.0.1",
        tls: bool = False,
        inside: Sequence[str] = (),
        limits: dict[str, int] = LIMITS,
    ) -> None:
        config = folder / "tertulia.toml"
        lines = [f"turn-secret = {json.dumps(SECRET)}", *(f"{name} = {limit}" for name, limit in limits.items())]
        config.write_text("\n".join(lines) + "\n")
        own = ("--config", str(config), "--data-dir", str(folder), "--host", host, "--workers", "1")
        super().__init__(*own, *(("--tls", "self-signed") if tls else ()), *arguments, inside=inside)
        self.host = host
        self._certificate = folder / "self-signed.crt"
        self._is_tls = tls
        self._is_elsewhere = bool(inside)

    @property
    def tcp_port(self) -> int:
        return self._port

    @property
    def tls(self) -> ssl.SSLContext | None:
        """Trusts this server and nobody else."""
        return ssl.create_default_context(cafile=self._certificate) if self._is_tls else None

    async def get(self, path: str) -> str:
        if self._is_elsewhere:
            return await self._get_inside(path)

        def fetch() -> str:
            with urllib.request.urlopen(self.url + path, timeout=10, context=self.tls) as answer:
                return str(answer.read().decode())

        return await asyncio.to_thread(fetch)

    async def _get_inside(self, path: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *self._inside, sys.executable, "-c", _FETCH, self.url + path, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 0
        return output.decode()

    async def counters(self) -> dict[str, int]:
        """What is not zero of the relay's and the streams' figures in /metrics, without `tertulia_` and `_total`."""
        families = text_string_to_metric_families(await self.get("/metrics"))
        named = {family.name.removeprefix("tertulia_"): family.samples for family in families}
        return {
            name: int(samples[0].value)
            for name, samples in named.items()
            if ("relay_" in name or "stream" in name) and samples[0].value
        }

    async def counted(self, **expected: int) -> None:
        """Waits until these figures are as expected: a thread shows them at the end of its turn."""
        found: dict[str, int] = {}

        async def agree() -> bool:
            nonlocal found
            counters = await self.counters()
            found = {name: counters.get(name, 0) for name in expected}
            return found == expected

        await until(agree, lambda: f"{found} in place of {expected}", patience=5)


def credentials(identity: str = "somebody", *, secret: str = SECRET, ttl: int = A_DAY) -> Credentials:
    """`ttl`: seconds from now; negative ones are over."""
    return TurnSecret(secret).credentials(identity, int(time.time()) + ttl)
