"""A cloud's metadata service, as documented by each cloud, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

import h11

Pages = Mapping[tuple[str, str], str]
"""By method and target."""

AWS: Pages = {
    ("PUT", "/latest/api/token"): "a-token",
    ("GET", "/latest/meta-data/public-ipv4"): "3.3.3.3\n",
    ("GET", "/latest/meta-data/ipv6"): "2600::3",
}
GOOGLE: Pages = {
    (
        "GET",
        "/computeMetadata/v1/instance/network-interfaces/?recursive=true",
    ): '[{"accessConfigs": [{"externalIp": "34.4.4.4", "type": "ONE_TO_ONE_NAT"}], "ip": "10.0.0.2", "ipv6s": ["2600::4"]}]'
}
AZURE: Pages = {
    (
        "GET",
        "/metadata/loadbalancer?api-version=2020-10-01",
    ): '{"loadbalancer": {"publicIpAddresses": [{"frontendIpAddress": "51.0.0.1", "privateIpAddress": "10.1.0.4"}]}}',
    (
        "GET",
        "/metadata/instance/network?api-version=2021-02-01",
    ): '{"interface": [{"ipv4": {"ipAddress": [{"privateIpAddress": "10.1.0.4", "publicIpAddress": ""}]}, "ipv6": {"ipAddress": []}}]}',
}
DIGITALOCEAN: Pages = {
    (
        "GET",
        "/metadata/v1.json",
    ): """{
        "interfaces": {
            "public": [{"ipv4": {"ip_address": "104.1.1.1"}, "ipv6": {"ip_address": "2604::1"}}],
            "private": [{"ipv4": {"ip_address": "10.9.9.9"}}]
        },
        "reserved_ip": {"ipv4": {"active": true, "ip_address": "45.1.1.1"}}
    }"""
}
HETZNER: Pages = {("GET", "/hetzner/v1/metadata/public-ipv4"): "65.1.1.1"}
OPENSTACK: Pages = {("GET", "/latest/meta-data/public-ipv4"): "91.1.1.1"}

NEEDED = {
    "/latest/meta-data": ("x-aws-ec2-metadata-token", "a-token"),
    "/latest/api": ("x-aws-ec2-metadata-token-ttl-seconds", "60"),
    "/computeMetadata": ("metadata-flavor", "Google"),
    "/metadata/loadbalancer": ("metadata", "true"),
    "/metadata/instance": ("metadata", "true"),
}
"""Headers without which a service refuses, by the beginning of its paths."""


class MetadataService:
    def __init__(self, pages: Pages, *, strict: bool = True, hangs: bool = False) -> None:
        """`strict`: wants the headers that the clouds want; OpenStack's is not. `hangs`: takes the question and says nothing."""
        self.asked: list[str] = []
        self._pages = pages
        self._strict = strict
        self._hangs = hangs

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[tuple[str, int]]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[:2]
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        with contextlib.suppress(OSError, h11.RemoteProtocolError):
            while not isinstance(event := connection.next_event(), h11.Request):
                if event is not h11.NEED_DATA:
                    return
                connection.receive_data(await reader.read(4096))
            self.asked.append(event.target.decode())
            if self._hangs:
                await reader.read(1)
                return
            status, body = self._page(event)
            response = h11.Response(status_code=status, headers=[("content-length", str(len(body)))])
            for part in (response, h11.Data(data=body), h11.EndOfMessage()):
                writer.write(connection.send(part) or b"")
            await writer.drain()
        writer.close()

    def _page(self, request: h11.Request) -> tuple[int, bytes]:
        target = request.target.decode()
        headers = {name.decode(): value.decode() for name, value in request.headers}
        for path, (name, value) in NEEDED.items():
            if self._strict and target.startswith(path) and headers.get(name) != value:
                return 401, b""
        page = self._pages.get((request.method.decode(), target))
        return (404, b"not found") if page is None else (200, page.encode())
