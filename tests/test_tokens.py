"""Ray's token: where it is looked for, made, and asked for."""

import os
from pathlib import Path

import pytest

from evo_plastic.errors import InputError
from workers import tokens


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty one, and no token anywhere."""
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.setenv(name, "kept")  # and so put back after the test
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def write_token(home: Path, text: str, mode: int = 0o600) -> Path:
    token = home / ".ray" / "auth_token"
    token.parent.mkdir()
    token.write_text(text)
    token.chmod(mode)
    return token


def test_a_token_is_looked_for_where_ray_looks(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tokens.find() is None
    write_token(home, "default\n")
    assert tokens.find() == "default"
    (home / "other").write_text(" other ")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(home / "other"))
    assert tokens.find() == "other"
    monkeypatch.setenv("RAY_AUTH_TOKEN", "first")
    assert tokens.find() == "first"


def test_a_file_that_holds_no_token_is_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for content in (b"", b" \n", b"\xff\xfe"):
        (home / "token").write_bytes(content)
        monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(home / "token"))
        assert tokens.find() is None


def test_a_token_that_is_made_is_new_and_lies_in_no_file(home: Path) -> None:
    tokens.make()
    made = tokens.find()
    assert made == os.environ["RAY_AUTH_TOKEN"]
    assert len(made) == 64
    assert not (home / ".ray").exists()
    del os.environ["RAY_AUTH_TOKEN"]
    tokens.make()
    assert tokens.find() != made


def test_a_token_that_others_can_read_is_hidden_and_kept(home: Path) -> None:
    token = write_token(home, "secret", 0o644)
    tokens.make()
    assert token.stat().st_mode & 0o777 == 0o600
    assert tokens.find() == "secret"


class Door:
    """Lets those in that show ``token``; None: everybody."""

    def __init__(self, token: str | None) -> None:
        self.token = token
        self.shown: list[str | None] = []

    def __call__(self, token: str | None) -> bool:
        self.shown.append(token)
        return self.token is None or token == self.token


def test_an_open_cluster_is_refused_unless_that_is_meant(home: Path) -> None:
    write_token(home, "secret")
    door = Door(None)
    with pytest.raises(InputError, match=r"^the cluster at head:1 demands no token, so whoever"):
        tokens.needed("head:1", door, insecure=False)
    assert tokens.needed("head:1", door, insecure=True) is None
    assert set(door.shown) == {None}


@pytest.mark.parametrize("insecure", [False, True])
def test_a_closed_cluster_is_shown_our_token(home: Path, insecure: bool) -> None:
    with pytest.raises(InputError, match=r"^the cluster at head:1 demands a token: expected it"):
        tokens.needed("head:1", Door("secret"), insecure)
    write_token(home, "secret")
    assert tokens.needed("head:1", Door("secret"), insecure) == "secret"
    with pytest.raises(InputError, match=r"^the token we have is not that of the cluster at "):
        tokens.needed("head:1", Door("another"), insecure)
