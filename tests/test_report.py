"""The command ``report``: what is on the page, that it is safe to open, and what is refused."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runs import CORRIDOR, TURNED, drawn, evo_plastic, refused
from report_runs import DATA, embedded, write_run

from evo_plastic.cli import reporting, scoring
from evo_plastic.records.genomes import load_genome, save_genome
from evo_plastic.tasks import SET_NAMES, named_set
from evo_plastic.tasks.maze import MOVES
from evo_plastic.tasks.oracle import shortest_paths

FEW = 16
SMALL = ["--tasks", "maze9", "--lifetimes", FEW, "--mazes", FEW]
ATTACK = "</script><script>alert(1)</script>"


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text outside scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside != "style":
            self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def report(run: Path, out: Path, *arguments: object) -> str:
    """The page, as ``report`` writes it."""
    ended = evo_plastic("report", run, "--out", out, *arguments)
    assert (ended.code, ended.err) == (0, "")
    return out.read_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    return write_run(folder / "first")


@pytest.fixture(scope="module")
def page(run: Path, folder: Path) -> str:
    return report(run, folder / "usual.html", *SMALL, "--workers", 1)


@pytest.fixture(scope="module")
def scores(run: Path, folder: Path) -> list[dict[str, Any]]:
    """What ``evaluate`` says of the same lifetimes."""
    path = folder / "scores.json"
    options = ["--tasks", "maze9", "--lifetimes", FEW, "--backend", "local", "--json", path]
    assert evo_plastic("evaluate", run, *options).code == 0
    found: list[dict[str, Any]] = json.loads(path.read_text())["scores"]
    return found


def test_the_page_tells_what_the_run_is(page: str) -> None:
    text = Elements(page).text
    for told in ("first", "DecPRNN(PostDN)", "maze9, 3 rollouts a lifetime", "done"):
        assert told in text
    assert "generation 300, 3 · 10⁹ steps, 3 minutes" in text
    assert "best in validation, generation 200" in text


def test_the_configuration_is_shown_as_it_was_written(folder: Path) -> None:
    run = write_run(folder / "older")
    kept = (run / "config.yaml").read_text().replace("seed: 1\n", "")
    (run / "config.yaml").write_text(kept + "# as of 2026\n")
    page = report(run, folder / "older.html", "--tasks", "maze9", "--lifetimes", 1)
    assert kept + "# as of 2026\n" in Elements(page).text


def test_the_table_has_the_numbers_of_evaluate(page: str, scores: list[dict[str, Any]]) -> None:
    text = Elements(page).text
    for one in scores:
        for mean, error in zip(one["mean"], one["se"], strict=True):
            assert f"{mean:.3f} ± {error:.3f}".replace("-", "−") in text
        assert f"{100 * one['goal_rate'][-1]:.1f} %" in text
    assert scores[0]["sha256"][:12] in text


def walked(walls: str, start: list[int], actions: str) -> list[tuple[int, int]]:
    """Positions of a rollout; of each maze there are as many cells a side as its root."""
    size, (x, y) = round(len(walls) ** 0.5), start
    way = [(x, y)]
    for action in map(int, actions):
        dx, dy = MOVES[action]
        if walls[(x + dx) * size + y + dy] == "0":
            x, y = x + dx, y + dy
        way.append((x, y))
    return way


def test_the_lifetimes_are_those_that_evaluate_lives(
    page: str, scores: list[dict[str, Any]]
) -> None:
    [task_set] = embedded(page)["sets"]
    assert sorted(life["maze"] for life in task_set["lifetimes"]) == list(range(FEW))
    rewards = np.zeros((FEW, 3))
    for i, life in enumerate(task_set["lifetimes"]):
        for r, rollout in enumerate(life["rollouts"]):
            way = walked(life["walls"], life["start"], rollout["actions"])
            reached = way[-1] == tuple(life["goal"])
            assert tuple(life["goal"]) not in way[:-1]
            assert (rollout["outcome"] == "reached") == reached
            rewards[i, r] = reached - 0.01 * len(rollout["actions"])
    np.testing.assert_allclose(rewards.mean(axis=0), scores[0]["mean"], atol=1e-12)
    assert 0 < scores[0]["goal_rate"][0] < 1


def test_mazes_are_those_of_the_task_set(page: str) -> None:
    mazes = named_set("maze9/test")
    [task_set] = embedded(page)["sets"]
    assert (task_set["name"], task_set["size"]) == ("maze9/test", 9)
    for life in task_set["lifetimes"]:
        i = life["maze"]
        assert life["walls"] == "".join(str(cell) for cell in mazes.walls[i].ravel())
        assert (life["start"], life["goal"]) == (mazes.start[i].tolist(), mazes.goal[i].tolist())
        assert life["shortest"] == shortest_paths(mazes.subset(slice(i, i + 1)))[0]


def test_everything_measured_has_a_number_for_every_step(page: str) -> None:
    data = embedded(page)
    assert [one["name"] for one in data["connections"]] == ["recurrent", "input"]
    assert data["modulated"] is True
    for life in data["sets"][0]["lifetimes"]:
        steps = sum(len(rollout["actions"]) for rollout in life["rollouts"])
        for values in (life["decides"], *life["modulation"], *life["movement"]):
            assert len(values) == steps
            assert min(values) >= 0
        assert max(map(max, life["modulation"])) <= 1


def test_the_task_sets_are_its_own_and_those_it_transfers_to(run: Path, folder: Path) -> None:
    page = report(run, folder / "default.html", "--lifetimes", 4, "--mazes", 2)
    sets = embedded(page)["sets"]
    assert [(one["name"], one["size"]) for one in sets] == [("maze9/test", 9), ("maze15/test", 15)]
    assert [len(one["lifetimes"]) for one in sets] == [2, 2]
    text = Elements(page).text
    assert text.count("as in training") == 1
    assert text.count("out of distribution") == 1


def test_every_transfer_begins_with_the_task_itself() -> None:
    for task, names in scoring.TRANSFERS.items():
        assert names[0] == task
        assert {f"{name}/test" for name in names} <= set(SET_NAMES)


def test_the_same_run_gives_the_same_bytes(page: str, run: Path, folder: Path) -> None:
    assert report(run, folder / "again.html", *SMALL, "--workers", 2) == page


def test_the_policy_lets_one_script_run_and_nothing_load(page: str) -> None:
    elements = Elements(page)
    [policy] = [
        attributes["content"] or ""
        for attributes in elements.named("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    [script] = re.findall(r'<script type="module">(.*?)</script>', page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert rules == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "script-src": f"'sha256-{digest}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert len(elements.named("script")) == 2


def test_the_page_refers_to_nothing_outside(page: str) -> None:
    assert "http:" not in page
    assert "https:" not in page
    for _, attributes in Elements(page).found:
        assert attributes.keys().isdisjoint({"src", "srcset", "action", "style-src"})
        assert attributes.get("href", "data:,") == "data:,"
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import", page)


def test_names_and_settings_are_text_whatever_they_hold(folder: Path) -> None:
    run = write_run(folder / "<script>alert(1)<i>\u202e", start=ATTACK, pool={"address": ATTACK})
    drawing = folder / "<img src=x onerror=alert(1)>.txt"
    drawing.write_text("\n".join(CORRIDOR))
    page = report(run, folder / "attacked.html", "--tasks", drawing)
    elements = Elements(page)
    assert len(elements.named("script")) == 2
    assert elements.named("img") == elements.named("i") == []
    assert "<script>alert(1)<i>\N{REPLACEMENT CHARACTER}" in elements.text
    assert elements.text.count(ATTACK) == 2
    assert drawing.name in elements.text
    assert embedded(page)["sets"][0]["name"] == drawing.name
    assert "\u202e" not in page
    # Within a script element nothing is escaped: a name could end it.
    assert "<" not in DATA.findall(page)[0]


def test_a_small_set_is_replayed_whole(run: Path, folder: Path) -> None:
    drawing = folder / "two.txt"
    drawing.write_text("\n".join([*CORRIDOR, "", *TURNED]))
    page = report(run, folder / "two.html", "--tasks", drawing, "--tasks", "maze9",
                  "--lifetimes", 2)  # fmt: skip
    lengths = [life["shortest"] for life in embedded(page)["sets"][0]["lifetimes"]]
    assert lengths == sorted(shortest_paths(drawn(CORRIDOR, TURNED)).tolist())
    # Of mazes that somebody drew nobody knows the distribution.
    assert "out of distribution" not in Elements(page).text


def test_the_size_is_told_and_a_large_page_warned_of(
    run: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = folder / "large.html"
    arguments = ["report", run, "--out", out, "--tasks", "maze9", "--lifetimes", 4, "--mazes", 1]
    usual = evo_plastic(*arguments)
    assert usual.err == ""
    assert usual.out == f"{out}: {out.stat().st_size / 1000:,.0f} kB\n"
    monkeypatch.setattr(reporting, "LARGE_BYTES", out.stat().st_size - 1)
    warned = evo_plastic(*arguments)
    assert (warned.code, warned.out) == (0, usual.out)
    assert "large.html is large for a page: --mazes N" in warned.err


def test_a_network_that_diverges_has_no_numbers(folder: Path) -> None:
    run = write_run(folder / "wild", genes=1e200)
    page = report(run, folder / "wild.html", "--tasks", "maze9", "--lifetimes", 2)
    life, _ = embedded(page)["sets"][0]["lifetimes"]
    assert [rollout["outcome"] for rollout in life["rollouts"]] == ["diverged"] * 3
    assert life["movement"][0][-1] is None
    assert "reward none, 200 steps, diverged" in page
    assert "nan" in Elements(page).text


def test_what_is_no_run_is_refused(folder: Path) -> None:
    out = folder / "none.html"
    assert "nowhere is no run directory" in refused("report", "nowhere", "--out", out)
    empty = folder / "empty"
    empty.mkdir()
    assert f"{empty} is no run directory" in refused("report", empty, "--out", out)
    assert not out.exists()


def test_a_genome_may_not_say_of_which_generation_it_is(folder: Path) -> None:
    run = write_run(folder / "silent")
    file = load_genome(run / "genome.npz")
    made_up = file.facts | {"generation": ATTACK}
    save_genome(run / "genome.npz", file.layout, file.genome, file.network, made_up)
    page = report(run, folder / "silent.html", "--tasks", "maze9", "--lifetimes", 1)
    assert "best in validation</dd>" in page


def test_a_run_without_a_genome_is_refused(folder: Path) -> None:
    young = write_run(folder / "young")
    (young / "genome.npz").unlink()
    message = refused("report", young, "--out", folder / "young.html")
    assert f"{young} has no genome.npz yet" in message
    (young / "eval.jsonl").unlink()
    message = refused("report", young, "--out", folder / "young.html")
    assert "eval.jsonl has no validation" in message


def test_a_page_that_cannot_be_written_is_refused_before_anything_is_computed(
    run: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "open_evaluator", None)
    missing, taken = folder / "missing" / "page.html", folder / "folder.html"
    taken.mkdir()
    assert f"--out {missing}: there is no folder" in refused("report", run, "--out", missing)
    assert f"--out {taken} is a folder" in refused("report", run, "--out", taken)
    message = refused("report", run, "--out", folder / "page.pdf")
    assert "page.pdf: expected a name that ends in .html" in message


def test_a_disk_that_takes_no_file_is_told_of(run: Path) -> None:
    out = Path("/proc/page.html")
    message = refused("report", run, "--out", out, "--tasks", "maze9", "--lifetimes", 1)
    assert f"{out} cannot be written" in message


def test_unknown_task_sets_and_too_many_lifetimes_are_refused(run: Path, folder: Path) -> None:
    usual = ("report", run, "--out", folder / "refused.html")
    assert "Did you mean 'maze9/test'?" in refused(*usual, "--tasks", "maze9/tset")
    assert "--lifetimes 4000 is more than the 2048" in refused(*usual, "--lifetimes", 4000)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["runs/a"], "--out"),
        (["--out", "a.html"], "RUN"),
        (["runs/a", "--out", "a.html", "--mazes", 0], "--mazes"),
        (["runs/a", "--out", "a.html", "--lifetimes", 0], "--lifetimes"),
    ],
)
def test_wrong_usage_names_the_option(arguments: list[object], expected: str) -> None:
    ended = evo_plastic("report", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert expected in ended.err.splitlines()[-1]
