"""Ray's job server asked whether it lets a caller in."""

import http.client
import json
import urllib.error
import urllib.request

from evo_plastic.errors import ClusterLost, InputError

SECONDS = 10.0
LIMIT_BYTES = 2**16
REFUSALS = (401, 403)

_EXPECTED = "expected Ray's job server, as in http://127.0.0.1:8265"


class _NoDetour(urllib.request.HTTPRedirectHandler):
    """A redirection would carry the token to wherever it leads."""

    def redirect_request(self, *_: object) -> None:
        return None


def headers(token: str | None) -> dict[str, str]:
    """What a request carries that shows this token."""
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def answers(url: str, token: str | None) -> bool:
    """Whether the job server at ``url`` serves a caller with this token, or with none.

    ``ClusterLost`` if nothing can be reached there, ``InputError`` if that is no job server.
    """
    request = urllib.request.Request(f"{url}/api/version", headers=headers(token))
    try:
        with urllib.request.build_opener(_NoDetour).open(request, timeout=SECONDS) as answer:
            facts = json.loads(answer.read(LIMIT_BYTES))
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in REFUSALS:
            return False
        raise InputError(f"{url} answers {error.code}: {_EXPECTED}") from error
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise ClusterLost(f"no cluster answers at {url}: {reason}") from error
    except (http.client.HTTPException, ValueError) as error:
        raise InputError(f"{url} is something else: {_EXPECTED}") from error
    if not isinstance(facts, dict) or "ray_version" not in facts:
        raise InputError(f"{url} is something else: {_EXPECTED}")
    return True
