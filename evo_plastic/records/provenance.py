"""Where results come from: versions, commit, command line and machine of this process."""

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import evo_plastic
from evo_plastic.config import Section

PACKAGES = ("numpy", "numba", "llvmlite", "scipy", "ray")
_GIT_SECONDS = 10
_home = Path(__file__).resolve().parent.parent.parent


class Provenance(Section):
    versions: dict[str, str]
    """Of evo_plastic, Python and the packages that results depend on; absent ones left out."""

    commit: str | None
    """Git commit of the sources; null outside a checkout of this project."""

    dirty: bool | None
    """Whether the checkout had changes or new files; null without a commit."""

    argv: tuple[str, ...]

    platform: str

    cpu: str
    """Model name; another instruction set may change the last bits of a result."""

    cores: int
    """CPUs of the machine."""


def collect() -> Provenance:
    """Of this process, now. Never fails: what cannot be found out is left out."""
    commit, dirty = git_state(_home)
    return Provenance(
        versions=versions(),
        commit=commit,
        dirty=dirty,
        argv=tuple(map(_text, (_program(sys.argv[0]), *sys.argv[1:]))),
        platform=platform.platform(),
        cpu=cpu_model(),
        cores=os.cpu_count() or 1,
    )


def versions() -> dict[str, str]:
    """By name; packages are looked up, not imported."""
    found = {"evo_plastic": evo_plastic.__version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def git_state(home: Path) -> tuple[str | None, bool | None]:
    """Commit and dirty flag if ``home`` is the top of a git checkout, else two ``None``."""
    # An installed package may lie inside a checkout of something else: compare the top.
    place = _git(home, "rev-parse", "--show-toplevel")
    commit = _git(home, "rev-parse", "--verify", "HEAD")
    status = _git(home, "status", "--porcelain")
    if place is None or commit is None or status is None or Path(place) != home.resolve():
        return None, None
    return commit, status != ""


def cpu_model() -> str:
    """As the kernel names it, else the architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _git(home: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(home), *arguments]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_GIT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return answer.stdout.strip()


def _program(path: str) -> str:
    """What a user would type: where it is installed is of no use to others."""
    name = Path(path).name
    return "evo-plastic" if name == "__main__.py" else name


def _text(argument: str) -> str:
    """``argument`` as text that a file can hold: a name may have any bytes."""
    return argument.encode("utf-8", "backslashreplace").decode()
