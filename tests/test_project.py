"""What holds for every file of the project."""

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent
PACKAGES = ("evo_plastic", "rules", "workers")
SHIPPED = sorted(path for package in PACKAGES for path in (HOME / package).rglob("*.py"))
OURS = SHIPPED + sorted(
    path for folder in ("tests", "benchmarks") for path in (HOME / folder).rglob("*.py")
)

LONGEST_FILE = 400
MEDIAN_FILE = 150
LARGEST_TRACKED = 2**20
PICKLES = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}
CATCHES_ALL = {"workers/embedded_ray.py"}
"""Ray reports a node that does not come up by a bare ``Exception``."""
UNPICKLES = {"workers/actor.py", "workers/ray_pool.py"}
"""Between our own processes, over Ray's channel; never from a file."""

MACHINE_PATH = re.compile(r"(?<![\w.~/-])/(work|root|home)(?![\w-])")


def name(path: Path) -> str:
    return path.relative_to(HOME).as_posix()


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(), str(path)))


def tracked() -> list[Path]:
    if not (HOME / ".git").exists():
        pytest.skip("not a checkout: nobody knows which files belong to the project")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=HOME, capture_output=True, check=True)
    paths = [HOME / found for found in listed.stdout.decode().split("\0") if found]
    return [path for path in paths if path.is_file()]


def test_no_source_is_longer_than_400_lines() -> None:
    assert {name(path): lines(path) for path in OURS if lines(path) > LONGEST_FILE} == {}


def test_half_of_the_sources_have_no_more_than_150_lines() -> None:
    assert len(SHIPPED) > 50
    assert statistics.median(map(lines, SHIPPED)) <= MEDIAN_FILE


def test_every_module_says_what_it_is_for() -> None:
    modules = [path for path in OURS if path.parent.name != "tests"]
    assert [name(p) for p in modules if not ast.get_docstring(ast.parse(p.read_text()))] == []


def catches_everything(handler: ast.AST) -> bool:
    """Whether ``handler`` takes any exception and does not end by raising one."""
    if not isinstance(handler, ast.ExceptHandler):
        return False
    caught = {"BaseException"} if handler.type is None else {
        node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)
    }  # fmt: skip
    swallowed = not isinstance(handler.body[-1], ast.Raise) or handler.body[-1].exc is not None
    return bool(caught & {"Exception", "BaseException"}) and swallowed


def test_nothing_catches_every_exception_without_raising_it_again() -> None:
    found = {name(path) for path in OURS if any(map(catches_everything, nodes(path)))}
    assert found == CATCHES_ALL


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").partition(".")[0]}
    return set()


def test_only_the_ray_pool_pickles() -> None:
    found = {name(p) for p in SHIPPED if any(imported(node) & PICKLES for node in nodes(p))}
    assert found == UNPICKLES


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in nodes(path):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_no_text_is_run_as_code() -> None:
    called = {(name(path), function) for path in OURS for function, _ in calls(path)}
    assert {pair for pair in called if pair[1] in ("eval", "exec")} == set()
    assert ("tests/test_project.py", "calls") in called


def test_no_file_or_argument_can_run_code_or_write_elsewhere() -> None:
    """YAML with tags, torch's pickles, archives unpacked by their own names, a shell's words."""
    names = {"load", "load_all", "full_load", "full_load_all", "unsafe_load", "unsafe_load_all"}
    forbidden = {f"yaml.{load}" for load in names} | {"torch.load", "os.system", "os.popen"}
    unpacking = ("extract", "extractall", "unpack_archive")
    found = []
    for path in OURS:
        for function, call in calls(path):
            shell = any(word.arg == "shell" for word in call.keywords)
            if function in forbidden or function.split(".")[-1] in unpacking or shell:
                found.append((name(path), function))
    assert found == []


def unpickles_arrays(function: str, call: ast.Call) -> bool:
    reads = function.split(".")[-1] in ("load", "read_array") and function.startswith("np")
    return reads and not any(
        keyword.arg == "allow_pickle" and ast.unparse(keyword.value) == "False"
        for keyword in call.keywords
    )


def test_every_array_is_loaded_without_pickle() -> None:
    found = {name(p) for p in SHIPPED for pair in calls(p) if unpickles_arrays(*pair)}
    assert found == set()


def test_no_tracked_file_is_larger_than_a_mebibyte() -> None:
    sizes = {name(path): path.stat().st_size for path in tracked()}
    assert {file: size for file, size in sizes.items() if size > LARGEST_TRACKED} == {}


def test_no_tracked_text_names_a_path_of_somebodys_machine() -> None:
    found = []
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data:
            found += [(name(path), m.group()) for m in MACHINE_PATH.finditer(data.decode())]
    assert found == []


def test_paths_of_machines_are_told_from_others() -> None:
    machine = "/".join(["", "home", "me", "x"])
    assert MACHINE_PATH.search(f"cd {machine}")
    assert MACHINE_PATH.search(f"'{machine}'")
    assert not MACHINE_PATH.search("see ~/work, a/work/b, https://a.org/home, /workers")


def make_targets() -> set[str]:
    makefile = (HOME / "Makefile").read_text()
    return set(re.findall(r"^([a-z][\w-]*) *:(?!=)", makefile, re.MULTILINE))


def test_demo_and_test_are_targets_of_make() -> None:
    assert {"demo", "test"} <= make_targets()


def test_what_the_readme_asks_make_for_exists() -> None:
    text = (HOME / "README.md").read_text()
    asked = set(re.findall(r"^\s*(?:\$ )?make ([a-z][\w-]*)", text, re.MULTILINE))
    asked |= set(re.findall(r"`make ([a-z][\w-]*)", text))
    assert {"demo", "test"} <= asked <= make_targets()


def test_everything_that_documents_point_to_is_there() -> None:
    beside = [HOME / "docs" / "cluster.md", HOME / "runs" / "published" / "README.md"]
    for document in (HOME / "README.md", HOME / "SECURITY.md", *beside):
        text = document.read_text()
        pictures = re.findall(r"\]\((?!https://)([^)]+)\)", text)
        configs = re.findall(r"(?:configs/[\w/-]+|docs/[\w-]+)\.(?:yaml|sh|md)", text)
        named = [document.parent / picture for picture in pictures]
        for target in (*named, *map(HOME.joinpath, configs)):
            assert target.is_file(), f"{document.relative_to(HOME)}: {target}"
