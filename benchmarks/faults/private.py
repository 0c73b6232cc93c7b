"""A process whose Ray is its own: a folder, a token, and no trace of other clusters."""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent


@contextlib.contextmanager
def folder_with_token() -> Iterator[Path]:
    """For Ray's files, with a new token in ``token``; gone at the end."""
    # The names of Ray's sockets lie below this folder, and must be short.
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))
    try:
        token = folder / "token"
        token.write_text(secrets.token_hex(32))
        token.chmod(0o600)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(module: str, arguments: Sequence[str]) -> int:
    """Run ``python -m module`` to its end; the exit code.

    Ray reads its variables when it is first imported: hence a process of its own.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    with folder_with_token() as folder:
        ours = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(folder / "token"),
            "RAY_TMPDIR": str(folder),
            "RAY_USAGE_STATS_ENABLED": "0",
            "PYTHONPATH": os.pathsep.join([str(HOME), os.environ.get("PYTHONPATH", "")]),
        }
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(command, env=kept | ours).returncode
