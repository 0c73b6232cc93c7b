"""Where results come from, as far as it can be found out."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from evo_plastic.records.provenance import collect, git_state, versions

IDENTITY = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]


def git(home: Path, *arguments: str) -> str:
    command = ["git", "-C", str(home), *IDENTITY, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    git(home, "init", "-q")
    (home / "a.py").write_text("")
    git(home, "add", ".")
    git(home, "commit", "-q", "-m", "first")
    return home


def test_a_clean_checkout_has_a_commit_and_an_edited_one_is_dirty(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    assert git_state(checkout) == (commit, False)
    (checkout / "a.py").write_text("x = 1")
    assert git_state(checkout) == (commit, True)


def test_a_new_file_makes_a_checkout_dirty(checkout: Path) -> None:
    (checkout / "b.py").write_text("")
    assert git_state(checkout)[1] is True


def test_a_folder_inside_the_checkout_of_something_else_has_no_commit(checkout: Path) -> None:
    (checkout / "site-packages").mkdir()
    assert git_state(checkout / "site-packages") == (None, None)


def test_without_git_or_commits_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert git_state(tmp_path) == (None, None)
    git(tmp_path, "init", "-q")
    assert git_state(tmp_path) == (None, None)
    monkeypatch.setenv("PATH", "")
    assert git_state(tmp_path) == (None, None)


def test_versions_are_those_installed() -> None:
    found = versions()
    assert found["numpy"] == metadata.version("numpy")
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))


def test_this_process_is_described() -> None:
    found = collect()
    assert found.argv == (
        Path(sys.argv[0]).name.replace("__main__.py", "evo-plastic"),
        *sys.argv[1:],
    )
    assert found.cores >= 1
    assert found.cpu


def test_ray_is_looked_up_but_not_imported() -> None:
    script = (
        "import sys; from evo_plastic.records import provenance; provenance.collect();"
        "sys.exit('ray' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_arguments_that_are_no_text_are_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of a file may have any bytes, a manifest may not."""
    monkeypatch.setattr(sys, "argv", ["evo-plastic", "train", os.fsdecode(b"\xff.yaml")])
    assert collect().argv == ("evo-plastic", "train", "\\udcff.yaml")
