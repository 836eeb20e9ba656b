"""Are the lock files up to date, and free of the names of hosts they were made from? Works offline.

Cargo and npm look after their own (`cargo clippy --locked`, `npm ci`); here it is the Python locks, and the hosts in all of them.
"""

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
}
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
    for lock in (*LOCKS, "package-lock.json"):
        for number, line in enumerate((ROOT / lock).read_text(encoding="utf-8").splitlines(), 1):
            # Where to send money, and addresses of sources, are part of a package's description.
            if re.search(r"https?://", line) and not re.search(r"funding|opencollective|github\.com|\"url\":", line):
                complaints.append(f"{lock}:{number} names a host: {line.strip()}")
    for number, line in enumerate((ROOT / "Cargo.lock").read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("source = ") and "registry+https://github.com/rust-lang/crates.io-index" not in line:
            complaints.append(f"Cargo.lock:{number} is not from crates.io: {line}")
    return complaints


def main() -> int:
    complaints = stale() + hosts()
    print("\n".join(complaints), end="\n" if complaints else "")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
