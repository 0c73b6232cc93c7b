"""Ray's job server, through which a running cluster takes programs from outside.

It hands on what a job prints, and remembers how it ended for as long as the cluster lives.
"""

import asyncio
import contextlib
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evo_plastic.errors import ClusterLost, InputError
from workers import job_door, tokens
from workers.cluster import first_line
from workers.job_log import Log, pass_on

ENDED = ("STOPPED", "SUCCEEDED", "FAILED")
LOST_SECONDS = 60.0
"""A server that was silent for so long is given up."""
AGAIN_SECONDS = 1.0
CHATTY = (
    "ray._private.runtime_env.packaging",
    "ray.dashboard.modules.dashboard_sdk",
    "ray.dashboard.modules.job.sdk",
)
"""Ray's loggers that report on what went well."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Job:
    """What the server knows of one job.

    status: PENDING, RUNNING or one of ENDED.
    code: exit code of its program, negative for a signal; None if it never ran to its end.
    facts: what was submitted with it.
    started: seconds since 1970.
    """

    name: str
    status: str
    code: int | None
    message: str
    facts: dict[str, str]
    started: float

    @property
    def ended(self) -> bool:
        return self.status in ENDED


class JobServer:
    """The job server at ``url``; all methods raise ``ClusterLost`` when it does not answer."""

    def __init__(self, url: str, insecure: bool = False) -> None:
        """``InputError`` if ``url`` is none, for want of a token, or of ``evo-plastic[cluster]``.

        insecure: talk to a cluster that demands no token, too.
        """
        make_client = _client_class()
        self.url = _checked(url)
        token = tokens.needed(self.url, partial(job_door.answers, self.url), insecure)
        headers = job_door.headers(token)
        with _answering(self.url), _without("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS"):
            self._client = make_client(self.url, headers=headers)

    def submit(
        self,
        name: str,
        command: str,
        folder: Path,
        environment: Mapping[str, str],
        facts: Mapping[str, str],
    ) -> None:
        """Run ``command`` on the head node, in a copy of ``folder``."""
        with _answering(self.url):
            self._client.submit_job(
                submission_id=name,
                entrypoint=command,
                runtime_env={"working_dir": str(folder), "env_vars": dict(environment)},
                metadata=dict(facts),
            )

    def find(self, name: str) -> Job:
        """``InputError`` if there is no such job."""
        # The name becomes a part of a URL.
        if not _NAME.fullmatch(name):
            raise InputError(f"{name!r} names no job: expected letters, digits, '.', '_', '-'")
        with _answering(self.url, name):
            return _job(self._client.get_job_info(name))

    def jobs(self) -> list[Job]:
        """All that were ever submitted to this cluster, the latest first."""
        with _answering(self.url):
            known = [job for job in self._client.list_jobs() if job.submission_id is not None]
        return sorted(map(_job, known), key=lambda job: job.started, reverse=True)

    def stop(self, name: str) -> Job:
        """Ask a job to end; the answer is what it was before."""
        job = self.find(name)
        if not job.ended:
            with _answering(self.url, name):
                self._client.stop_job(name)
        return job

    def follow(
        self, name: str, write: Callable[[str], None], leaving: Callable[[], bool]
    ) -> Job | None:
        """Hand the job's log to ``write`` until it has ended; None if ``leaving()`` before."""
        self.find(name)  # nobody waits for a job that does not exist
        log = Log(write)
        while not leaving():
            # A broken connection is made anew, unless the whole server is gone.
            with contextlib.suppress(ClusterLost):
                asyncio.run(self._pass_on(name, log, leaving))
            found = self._find_again(name, leaving)
            if found is None:
                break
            if found.ended:
                with _answering(self.url, name):
                    log.begin()
                    log.add(self._client.get_job_logs(name))
                return found
            time.sleep(AGAIN_SECONDS)
        return None

    async def _pass_on(self, name: str, log: Log, leaving: Callable[[], bool]) -> None:
        with _answering(self.url, name):
            async with contextlib.aclosing(self._client.tail_job_logs(name)) as texts:
                await pass_on(texts, log, leaving)

    def _find_again(self, name: str, leaving: Callable[[], bool]) -> Job | None:
        begun = time.monotonic()
        while not leaving():
            try:
                return self.find(name)
            except ClusterLost:
                if time.monotonic() - begun > LOST_SECONDS:
                    raise
                time.sleep(AGAIN_SECONDS)
        return None


def _client_class() -> Any:
    try:
        import aiohttp  # noqa: F401
        from ray.job_submission import JobSubmissionClient
    except ImportError as error:
        raise InputError("jobs need ray[default]: pip install 'evo-plastic[cluster]'") from error
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return JobSubmissionClient


def _checked(url: str) -> str:
    """``url`` in full; Ray would import a module for any other scheme than these two."""
    full = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(full)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username is not None or parts.query or parts.fragment:
        raise InputError(f"--address is {url!r}; expected http://host:port or https://host:port")
    return full.rstrip("/")


@contextlib.contextmanager
def _without(*names: str) -> Iterator[None]:
    # These variables would send Ray's client elsewhere, whatever address it is given.
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


@contextlib.contextmanager
def _answering(url: str, name: str = "") -> Iterator[None]:
    """Errors of Ray's client as ours."""
    import aiohttp

    try:
        yield
    except (OSError, aiohttp.ClientError) as error:
        raise ClusterLost(f"the cluster at {url} no longer answers") from error
    except RuntimeError as error:
        # The only sign of what the server refused.
        if "status code 404" in str(error):
            raise InputError(f"the cluster at {url} knows no job {name}") from error
        raise ClusterLost(f"the cluster at {url} fails: {first_line(error)}") from error


def _job(details: Any) -> Job:
    return Job(
        name=details.submission_id,
        status=str(details.status),
        code=details.driver_exit_code,
        message=details.message or "",
        facts=dict(details.metadata or {}),
        started=(details.start_time or 0) / 1000,
    )
