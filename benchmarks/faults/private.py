"""A process whose Ray is its own: a folder, a token, and no trace of other clusters."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent


def run(module: str, arguments: Sequence[str]) -> int:
    """Run ``python -m module`` to its end; the exit code.

    Ray reads its variables when it is first imported: hence a process of its own.
    """
    # The names of Ray's sockets lie below this folder, and must be short.
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))
    token = folder / "token"
    token.write_text(secrets.token_hex(32))
    token.chmod(0o600)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    ours = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_TMPDIR": str(folder),
        "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONPATH": os.pathsep.join([str(HOME), os.environ.get("PYTHONPATH", "")]),
    }
    try:
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(command, env=kept | ours).returncode
    finally:
        shutil.rmtree(folder, ignore_errors=True)
