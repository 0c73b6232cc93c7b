"""The cache of compiled kernels: an edited source is never answered by old machine code."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evo_plastic.jit import CACHES_KEPT, cache_directory, fingerprint_sources, prune_caches

HOME = Path(__file__).parent.parent
PACKAGES = ("evo_plastic", "rules", "workers")

RULE = """
from evo_plastic.jit import {decorator}

@{decorator}
def delta(x, y):
    return x {sign} y
"""
KERNEL = """
from evo_plastic.jit import jit
from rules.chain import delta

@jit
def learn(x, y):
    return 10 * delta(x, y)
"""
CALL = """
from workers.kernel import __file__, learn
print(__file__, learn(7, 2), len(learn.stats.cache_hits))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources of the three packages."""
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(HOME / package, tmp_path / "tree" / package, ignore=ignored)
    return tmp_path / "tree"


def test_the_same_sources_in_another_place_have_the_same_fingerprint(tree: Path) -> None:
    assert fingerprint_sources(tree) == fingerprint_sources(tree)
    assert fingerprint_sources(tree) == fingerprint_sources(HOME)


def test_an_edit_of_any_source_changes_the_fingerprint(tree: Path) -> None:
    found = {fingerprint_sources(tree)}
    sources = [path for package in PACKAGES for path in (tree / package).rglob("*.py")]
    for path in sources:
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        found.add(fingerprint_sources(tree))
        path.write_bytes(before)
    assert len(found) == len(sources) + 1
    assert {path.relative_to(tree).parts[0] for path in sources} == set(PACKAGES)


def test_a_source_that_comes_goes_or_is_renamed_changes_the_fingerprint(tree: Path) -> None:
    found = [fingerprint_sources(tree)]
    added = tree / "rules" / "added.py"
    added.touch()
    found.append(fingerprint_sources(tree))
    added.rename(tree / "rules" / "another.py")
    found.append(fingerprint_sources(tree))
    (tree / "rules" / "abcd.py").unlink()
    found.append(fingerprint_sources(tree))
    assert len(set(found)) == 4


def test_files_that_are_no_source_do_not_change_the_fingerprint(tree: Path) -> None:
    before = fingerprint_sources(tree)
    (tree / "rules" / "notes.txt").touch()
    (tree / "elsewhere.py").touch()
    assert fingerprint_sources(tree) == before


def test_the_cache_lies_below_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    there = Path("/somewhere/evo_plastic") / fingerprint_sources(HOME)
    assert cache_directory() == there
    monkeypatch.setenv("HOME", "/someone")
    for of_no_account in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", of_no_account)
        assert cache_directory() == Path("/someone/.cache/evo_plastic") / there.name
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_directory() == Path("/someone/.cache/evo_plastic") / there.name


def make_caches(folder: Path, count: int) -> list[Path]:
    """Folders of kernels named by 16 digits, the oldest first."""
    caches = [folder / f"{(7 * n) % count:016x}" for n in range(count)]
    for age, cache in enumerate(caches):
        cache.mkdir(parents=True)
        (cache / "kernel.nbi").touch()
        os.utime(cache, (10**9 + age, 10**9 + age))
    return caches


def test_the_ten_newest_caches_are_kept(tmp_path: Path) -> None:
    caches = make_caches(tmp_path, 15)
    prune_caches(caches[-1])
    assert sorted(tmp_path.iterdir()) == sorted(caches[-10:])
    assert CACHES_KEPT == 10


def test_the_cache_in_use_stays_though_it_is_the_oldest(tmp_path: Path) -> None:
    caches = make_caches(tmp_path, 15)
    prune_caches(caches[0])
    assert sorted(tmp_path.iterdir()) == sorted([caches[0], *caches[-9:]])


def test_there_is_room_for_a_cache_that_is_yet_to_be_made(tmp_path: Path) -> None:
    caches = make_caches(tmp_path, 15)
    prune_caches(tmp_path / "yet-to-be-made")
    assert sorted(tmp_path.iterdir()) == sorted(caches[-9:])


def test_few_caches_and_files_beside_them_stay(tmp_path: Path) -> None:
    caches = make_caches(tmp_path, 10)
    (tmp_path / "note").touch()
    prune_caches(caches[3])
    assert sorted(tmp_path.iterdir()) == sorted([*caches, tmp_path / "note"])


def test_folders_that_are_no_caches_are_never_deleted(tmp_path: Path) -> None:
    (tmp_path / "strategies").mkdir()
    os.utime(tmp_path / "strategies", (1, 1))
    caches = make_caches(tmp_path, 15)
    prune_caches(caches[-1])
    assert (tmp_path / "strategies").is_dir()


def test_the_first_cache_of_a_user_has_nothing_to_prune(tmp_path: Path) -> None:
    prune_caches(tmp_path / "none" / "0123")
    assert list(tmp_path.iterdir()) == []


def call(tree: Path) -> tuple[int, int]:
    """What the compiled chain answers in a new process, and how often its cache was hit."""
    environment = os.environ | {"XDG_CACHE_HOME": str(tree / "cache")}
    environment.pop("NUMBA_CACHE_DIR", None)
    ended = subprocess.run(
        [sys.executable, "-c", CALL], cwd=tree, env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    file, answer, hits = ended.stdout.split()
    assert Path(file) == tree / "workers" / "kernel.py"
    return int(answer), int(hits)


@pytest.mark.parametrize("decorator", ["jit", "inline_jit"])
def test_an_edited_rule_reaches_the_kernel_of_another_file(tmp_path: Path, decorator: str) -> None:
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    shutil.copy(HOME / "evo_plastic" / "jit.py", tmp_path / "evo_plastic")
    (tmp_path / "workers" / "kernel.py").write_text(KERNEL)
    rule = tmp_path / "rules" / "chain.py"
    answers = []
    for sign in "++-+":
        rule.write_text(RULE.format(decorator=decorator, sign=sign))
        answers.append(call(tmp_path))
    assert answers == [(90, 0), (90, 1), (50, 0), (90, 1)]
