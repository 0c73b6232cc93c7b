"""Following a job: over connections that break, and to the exit code of each ending."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from evo_plastic.cli.following import exit_code
from evo_plastic.errors import ClusterLost, InputError
from workers import job_door, job_server
from workers.job_log import Log
from workers.job_server import Job, JobServer

pytest.importorskip("aiohttp", reason="jobs need ray[default], of evo-plastic[cluster]")


def ended(status: str, code: int | None, message: str = "") -> Job:
    return Job("a", status, code, message, {}, 0.0)


@pytest.mark.parametrize(
    ("job", "code"),
    [
        (ended("SUCCEEDED", 0), 0),
        (ended("FAILED", 1), 1),
        (ended("FAILED", 3), 3),
        (ended("FAILED", 143), 143),
        (ended("FAILED", -9), 137),
        (ended("STOPPED", None), 143),
    ],
)
def test_every_ending_has_its_exit_code(job: Job, code: int) -> None:
    assert exit_code(job) == code


def test_a_job_that_never_ran_to_its_end_was_lost_with_the_cluster() -> None:
    with pytest.raises(ClusterLost, match=r"^a was lost: its supervisor died$"):
        exit_code(ended("FAILED", None, "its supervisor died\nTraceback"))


def test_a_log_that_is_told_again_is_written_once() -> None:
    written: list[str] = []
    log = Log(written.append)
    for text in ("one\ntw", "o\n"):
        log.add(text)
    log.begin()
    for text in ("one\n", "two\nthr", "ee\n"):
        log.add(text)
    assert "".join(written) == "one\ntwo\nthree\n"


LINES = [f"line {number}\n" for number in range(6)]


class Breaking:
    """Ray's client, of a server that breaks every connection but the third."""

    def __init__(self, *_: object, **__: object) -> None:
        self.tails = 0

    def get_job_info(self, name: str) -> Any:
        if self.tails == 1:
            self.tails += 1
            raise ConnectionError("refused")
        return SimpleNamespace(
            submission_id=name,
            status="RUNNING" if self.tails < 4 else "SUCCEEDED",
            driver_exit_code=0,
            message=None,
            metadata=None,
            start_time=None,
        )

    async def tail_job_logs(self, _: str) -> AsyncIterator[str]:
        self.tails += 1
        for line in LINES[: self.tails]:
            yield line
        if self.tails < 4:
            raise RuntimeError("WebSocket connection closed unexpectedly")

    def get_job_logs(self, _: str) -> str:
        return "".join(LINES)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> JobServer:
    monkeypatch.setattr(job_server, "_client_class", lambda: Breaking)
    monkeypatch.setattr(job_server, "AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(job_door, "answers", lambda *_: True)
    return JobServer("head:8265", insecure=True)


def test_a_broken_connection_is_made_anew_and_nothing_is_shown_twice(server: JobServer) -> None:
    written: list[str] = []
    job = server.follow("a", written.append, lambda: False)
    assert job is not None
    assert job.status == "SUCCEEDED"
    assert "".join(written) == "".join(LINES)


def test_who_leaves_has_no_job(server: JobServer) -> None:
    written: list[str] = []
    assert server.follow("a", written.append, lambda: len(written) > 1) is None


@pytest.mark.parametrize("name", ["../version", "a/b", "", "-x", "a b"])
def test_a_name_is_no_path(server: JobServer, name: str) -> None:
    with pytest.raises(InputError, match="names no job"):
        server.find(name)
