"""Are the lock files up to date, and free of the names of hosts they were made from? Works offline.

Cargo and npm look after their own (`cargo clippy --locked`, `npm ci`); here it is the Python locks, and the hosts in all of them.
`--strip` takes out of npm's locks what packages say of who may be paid, and where: hosts too, and nothing that an installation needs.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "requirements.txt": "pyproject.toml",
    "requirements-build.txt": "requirements-build.in",
    "requirements-dev.txt": "requirements-dev.in",
    "requirements-fuzz.txt": "requirements-fuzz.in",
}
NPM_LOCKS = (
    "package-lock.json",
    "web/docs-tools/package-lock.json",
    "tests/conformance/package-lock.json",
    "bench/deliveries/servers/package-lock.json",
    "bench/peers/mediasoup_server/package-lock.json",
)
CARGO_LOCK = "Cargo.lock"
FUZZER_LOCK = "crates/fuzz/libfuzzer/Cargo.lock"
FIX = "make lock"


def wanted(source: str) -> list[Requirement]:
    if source == "pyproject.toml":
        project = tomllib.loads((ROOT / source).read_text(encoding="utf-8"))
        return [Requirement(text) for text in project["project"]["dependencies"]]
    lines = (line.split("#")[0].strip() for line in (ROOT / source).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def pinned(lock: str) -> dict[str, set[str]]:
    """The versions of each package; there may be several, for different platforms."""
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE
    ):
        pins.setdefault(canonicalize_name(name), set()).add(version)
    return pins


def stale() -> list[str]:
    complaints = []
    for lock, source in LOCKS.items():
        pins = pinned(lock)
        for requirement in wanted(source):
            versions = pins.get(canonicalize_name(requirement.name), set())
            if not versions or not all(
                requirement.specifier.contains(version, prereleases=True) for version in versions
            ):
                complaints.append(f"{lock} has no pin for {requirement} of {source}. To mend it: {FIX}")
    return complaints


def hosts() -> list[str]:
    """A lock that names a host ties everybody to the mirror of whoever made it."""
    complaints = []
    for lock in (*LOCKS, *NPM_LOCKS):
        for number, line in enumerate((ROOT / lock).read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"https?://", line):
                complaints.append(f"{lock}:{number} names a host: {line.strip()}. To mend it: {FIX}")
    for lock in (CARGO_LOCK, FUZZER_LOCK):
        for number, line in enumerate((ROOT / lock).read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("source = ") and "registry+https://github.com/rust-lang/crates.io-index" not in line:
                complaints.append(f"{lock}:{number} is not from crates.io: {line}")
    return complaints


def unlike() -> list[str]:
    """What is fuzzed must be what is built."""
    ours, fuzzed = (_versions(lock) for lock in (CARGO_LOCK, FUZZER_LOCK))
    return [
        f"{FUZZER_LOCK} has {name} {', '.join(sorted(versions))}, which {CARGO_LOCK} has not. To mend it: {FIX}"
        for name, versions in fuzzed.items()
        if name in ours and not versions <= ours[name]
    ]


def _versions(lock: str) -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {}
    for package in tomllib.loads((ROOT / lock).read_text(encoding="utf-8"))["package"]:
        versions.setdefault(package["name"], set()).add(package["version"])
    return versions


def strip() -> None:
    for lock in NPM_LOCKS:
        text = (ROOT / lock).read_text(encoding="utf-8")
        content = json.loads(text)
        for package in content["packages"].values():
            package.pop("funding", None)
        (ROOT / lock).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> int:
    if "--strip" in sys.argv[1:]:
        strip()
    complaints = stale() + hosts() + unlike()
    print("\n".join(complaints), end="\n" if complaints else "")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
