"""Ray's control server (GCS) asked whether it lets a caller in, as gRPC asks it: over HTTP/2.

Ray's own client answers this only after half a minute of retries, and cannot be asked twice
with different tokens.
"""

import os
import re
import socket
import ssl

from evo_plastic.errors import ClusterLost, InputError

SECONDS = 5.0
LIMIT_BYTES = 2**16
METHOD = b"/ray.rpc.NodeInfoGcsService/CheckAlive"

DATA, HEADERS, SETTINGS = 0, 1, 4
END_STREAM, END_HEADERS = 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
EMPTY_MESSAGE = bytes(5)

OK, UNAUTHENTICATED = 0, 16
_STATUS = re.compile(rb"grpc-status(?:\x01(\d)|\x02(\d\d))", re.DOTALL)


def answers(host: str, port: int, token: str | None) -> bool:
    """Whether the GCS at ``host`` serves a caller with this token, or with none.

    ``ClusterLost`` if nothing can be reached there, ``InputError`` if that is no GCS.
    """
    try:
        with _connected(host, port) as connection:
            connection.sendall(_request(host, token))
            status = _status(connection)
    except (OSError, OverflowError) as error:
        raise ClusterLost(f"no Ray cluster to join at {host}:{port}: {error}") from error
    if status not in (OK, UNAUTHENTICATED):
        raise InputError(f"{host}:{port} is something else: expected Ray's GCS, as in head:6379")
    return status == OK


def _connected(host: str, port: int) -> socket.socket:
    connection = socket.create_connection((host, port), SECONDS)
    if os.environ.get("RAY_USE_TLS", "0").lower() not in ("1", "true"):
        return connection
    # As in Ray, whose variables these are: both sides show a certificate of one authority.
    context = ssl.create_default_context(cafile=os.environ.get("RAY_TLS_CA_CERT"))
    context.check_hostname = False
    context.load_cert_chain(
        os.environ.get("RAY_TLS_SERVER_CERT", ""), os.environ.get("RAY_TLS_SERVER_KEY")
    )
    context.set_alpn_protocols(["h2"])
    return context.wrap_socket(connection)


def _request(host: str, token: str | None) -> bytes:
    headers = [(b"te", b"trailers"), (b"content-type", b"application/grpc")]
    if token is not None:
        headers.append((b"authorization", b"Bearer " + token.encode()))
    block = b"\x83\x86"  # POST, http: entries of HPACK's static table, as are 4 and 1
    block += b"\x04" + _text(METHOD) + b"\x01" + _text(host.encode())
    block += b"".join(b"\x00" + _text(name) + _text(value) for name, value in headers)
    return (
        PREFACE
        + _frame(SETTINGS, 0, 0, b"")
        + _frame(HEADERS, END_HEADERS, 1, block)
        + _frame(DATA, END_STREAM, 1, EMPTY_MESSAGE)
    )


def _text(value: bytes) -> bytes:
    """HPACK's string: its length with a prefix of seven bits (RFC 7541, 5.1), not compressed."""
    length = len(value)
    if length < 127:
        return bytes([length]) + value
    length -= 127
    size = bytearray([127])
    while length >= 128:
        size.append(length % 128 + 128)
        length //= 128
    return bytes(size) + bytes([length]) + value


def _frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body


def _status(connection: socket.socket) -> int | None:
    """The call's gRPC status, which C++ servers send as plain text; None if there is none."""
    received = b""
    while len(received) < LIMIT_BYTES:
        part = connection.recv(4096)
        received += part
        if found := _STATUS.search(received):
            return int(found[1] or found[2])
        if not part:
            break
    return None
