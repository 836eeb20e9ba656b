"""What a cloud says of a machine's public addresses: the metadata services of the usual ones.

Plain HTTP to 169.254.169.254, which never leaves the host that runs the machine. Google's documentation names the service
metadata.google.internal; it is the same address, and is asked by that name without a look-up, which anybody on a network could answer.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tertulia.media import http

SERVICE: Final = ("169.254.169.254", 80)
WITHIN: Final = 3.0
"""Seconds for all services together."""


@dataclass(frozen=True, slots=True)
class Told:
    cloud: str
    addresses: tuple[str, ...]
    """As the cloud wrote them."""


async def ask(service: tuple[str, int] = SERVICE, *, within: float = WITHIN) -> list[Told]:
    """Asks for every cloud at once; gives those that had an answer. `service` is another in tests only."""
    clouds = [asyncio.create_task(_one(name, look, service)) for name, look in _CLOUDS.items()]
    done, late = await asyncio.wait(clouds, timeout=within)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [told for task in clouds if task in done and (told := task.result()).addresses]


Get = Callable[..., Awaitable[str]]
"""`await get(path, **headers)`: the body of a 200; empty for anything else."""


async def _one(name: str, look: Callable[[Get], Awaitable[Iterable[str]]], service: tuple[str, int]) -> Told:
    async def get(path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> str:
        answer = await http.ask(*service, method, path, {"host": service[0], **(headers or {})})
        return answer.body.decode() if answer.status == 200 else ""

    try:
        found = await look(get)
        return Told(name, tuple(dict.fromkeys(text.strip() for text in found if text.strip())))
    except (OSError, ValueError):
        return Told(name, ())


async def _aws(get: Get) -> Iterable[str]:
    token = await get("/latest/api/token", {"x-aws-ec2-metadata-token-ttl-seconds": "60"}, "PUT")
    if not token:
        return ()
    headers = {"x-aws-ec2-metadata-token": token.strip()}
    return [await get(f"/latest/meta-data/{key}", headers) for key in ("public-ipv4", "ipv6")]


async def _google(get: Get) -> Iterable[str]:
    headers = {"host": "metadata.google.internal", "metadata-flavor": "Google"}
    interfaces = _read(await get("/computeMetadata/v1/instance/network-interfaces/?recursive=true", headers))
    return [*_texts(interfaces, "accessConfigs", "externalIp"), *_texts(interfaces, "ipv6s")]


async def _azure(get: Get) -> Iterable[str]:
    # A public address of the Standard kind is known to the load balancer's part alone.
    headers = {"metadata": "true"}
    balancer = _read(await get("/metadata/loadbalancer?api-version=2020-10-01", headers))
    network = _read(await get("/metadata/instance/network?api-version=2021-02-01", headers))
    return [
        *_texts(balancer, "loadbalancer", "publicIpAddresses", "frontendIpAddress"),
        *_texts(network, "interface", "ipv4", "ipAddress", "publicIpAddress"),
    ]


async def _digitalocean(get: Get) -> Iterable[str]:
    all_of_it = _read(await get("/metadata/v1.json"))
    return [
        *_texts(all_of_it, "reserved_ip", "ipv4", "ip_address"),
        *_texts(all_of_it, "interfaces", "public", "ipv4", "ip_address"),
        *_texts(all_of_it, "interfaces", "public", "ipv6", "ip_address"),
    ]


async def _hetzner(get: Get) -> Iterable[str]:
    return [await get("/hetzner/v1/metadata/public-ipv4")]


async def _openstack(get: Get) -> Iterable[str]:
    return [await get("/latest/meta-data/public-ipv4")]


_CLOUDS: Final[Mapping[str, Callable[[Get], Awaitable[Iterable[str]]]]] = {
    "AWS": _aws,
    "Google Cloud": _google,
    "Azure": _azure,
    "DigitalOcean": _digitalocean,
    "Hetzner": _hetzner,
    "OpenStack": _openstack,
}


def _read(text: str) -> Any:
    """Raises ValueError, RecursionError's place taken by it."""
    try:
        return json.loads(text) if text else None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _texts(value: Any, *keys: str) -> Iterator[str]:
    """The texts at the end of these keys, through every list on the way; none where the form is another."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item, *keys)
    elif keys and isinstance(value, dict):
        yield from _texts(value.get(keys[0]), *keys[1:])
    elif not keys and isinstance(value, str):
        yield value
