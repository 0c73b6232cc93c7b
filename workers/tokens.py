"""Ray's token: where ours is, whether a cluster demands one, and what Ray is told about it.

A cluster is asked without a token first: one that answers is open to whoever reaches it, and a
token is shown only where it is demanded.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from ray._raylet import AuthenticationTokenLoader, Config

from evo_plastic.errors import InputError


def needed(cluster: str, answers: Callable[[str | None], bool], insecure: bool) -> str | None:
    """What to show at the door of ``cluster``; None if it demands no token.

    answers: whether the cluster answers whoever shows this token, or none.
    ``InputError`` unless we have the right one, or ``insecure`` when none is demanded.
    """
    if answers(None):
        if insecure:
            return None
        raise InputError(
            f"the cluster at {cluster} demands no token, so whoever reaches it can run code "
            f"there: start it with RAY_AUTH_MODE=token, or say --insecure"
        )
    token = find()
    if token is None:
        raise InputError(
            f"the cluster at {cluster} demands a token: expected it in RAY_AUTH_TOKEN, in the "
            f"file that RAY_AUTH_TOKEN_PATH names, or in ~/.ray/auth_token"
        )
    if not answers(token):
        raise InputError(f"the token we have is not that of the cluster at {cluster}")
    return token


def find() -> str | None:
    """Our token, from the first of the places where Ray itself looks."""
    token = os.environ.get("RAY_AUTH_TOKEN", "").strip()
    if not token:
        try:
            token = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or _default()).read_text().strip()
        except (OSError, UnicodeDecodeError):
            return None
    return token or None


def make() -> None:
    """Have a token that no other user can read.

    A new one lives in the environment of this process and of those that it starts: Ray itself
    would write it into a file for all to read, as earlier versions of it did.
    """
    if find() is None:
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    written = _default()
    if written.is_file() and written.stat().st_mode & 0o077:
        written.chmod(0o600)


def set_mode(mode: Literal["token", "disabled"]) -> None:
    """Whether Ray shows and demands tokens, in this process and in those that it starts."""
    os.environ["RAY_AUTH_MODE"] = mode
    # Ray read the variables when it was imported.
    Config.initialize("")
    AuthenticationTokenLoader.instance().reset_cache()


def _default() -> Path:
    return Path.home() / ".ray" / "auth_token"
