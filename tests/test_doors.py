"""The doors of clusters: what is asked there, over TLS too, and where a token does not go."""

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evo_plastic.errors import ClusterLost, InputError
from workers import gcs_door, job_door


def test_a_long_text_has_its_length_before_it() -> None:
    """RFC 7541, 5.1: in seven bits, or in the rest of them by sevens."""
    assert gcs_door._text(b"x" * 126)[:1] == bytes([126])
    assert gcs_door._text(b"x" * 127)[:2] == bytes([127, 0])
    assert gcs_door._text(b"x" * 1337)[:3] == bytes([127, 0b1_0111010, 0b0_0001001])


def test_a_port_where_nothing_listens_is_a_lost_cluster() -> None:
    with pytest.raises(ClusterLost, match=r"no Ray cluster to join at 127\.0\.0\.1:1: .*refused"):
        gcs_door.answers("127.0.0.1", 1, None)
    with pytest.raises(ClusterLost, match="no Ray cluster to join at 127"):
        gcs_door.answers("127.0.0.1", 2**20, None)


WITH_TLS = """\
import ray
from workers import cluster, gcs_door, tokens
started = cluster.start(None, 1)
host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
print([gcs_door.answers(host, int(port), shown) for shown in (None, "another", tokens.find())])
started.close()
"""


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_a_gcs_with_tls_is_asked_over_tls(tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="makes certificates; comes with ray[default]")
    from ray._common.tls_utils import generate_self_signed_tls_certs

    certificate, key = generate_self_signed_tls_certs()
    (tmp_path / "tls.crt").write_text(certificate)
    (tmp_path / "tls.key").write_text(key)
    tls = {
        "RAY_USE_TLS": "1",
        "RAY_TLS_SERVER_CERT": str(tmp_path / "tls.crt"),
        "RAY_TLS_SERVER_KEY": str(tmp_path / "tls.key"),
        "RAY_TLS_CA_CERT": str(tmp_path / "tls.crt"),
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }
    ended = subprocess.run(
        [sys.executable, "-c", WITH_TLS], env=os.environ | tls, capture_output=True, text=True
    )
    assert ended.stdout == "[False, False, True]\n", ended.stderr


class Answer(http.server.BaseHTTPRequestHandler):
    """Sends everybody elsewhere, or answers with ``content``."""

    elsewhere: str | None = None
    content = b""
    asked: list[str | None]

    def do_GET(self) -> None:
        self.asked.append(self.headers["Authorization"])
        if self.elsewhere is not None:
            self.send_response(302)
            self.send_header("Location", self.elsewhere)
        else:
            self.send_response(200)
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        """Nothing: the test says what it expects."""


@contextmanager
def answering(elsewhere: str | None, content: bytes) -> Iterator[tuple[str, list[str | None]]]:
    """Address of an HTTP server, and the tokens that it was shown."""
    asked: list[str | None] = []
    facts = {"elsewhere": elsewhere, "content": content, "asked": asked}
    with http.server.HTTPServer(("127.0.0.1", 0), type("Answers", (Answer,), facts)) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()


def test_a_token_is_not_taken_along_to_another_server() -> None:
    with answering(None, b'{"ray_version": "2"}') as (other, asked_there):
        assert job_door.answers(other, None)
        asked_there.clear()
        refusal = pytest.raises(InputError, match=r"answers 302: expected Ray's job server")
        with answering(other, b"") as (here, asked_here), refusal:
            job_door.answers(here, "secret")
        assert (asked_here, asked_there) == (["Bearer secret"], [])


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"{}", b"\xff"])
def test_another_web_server_is_no_job_server(content: bytes) -> None:
    refusal = pytest.raises(InputError, match="something else: expected Ray's job server")
    with answering(None, content) as (url, _), refusal:
        job_door.answers(url, None)
