"""Evolution strategies that train plastic recurrent networks, on one machine or a Ray cluster."""

from importlib.util import find_spec
from pathlib import Path

__version__ = "0.1.0"

_home = Path(__file__).resolve().parent.parent
for _name in ("rules", "workers"):
    _spec = find_spec(_name)
    _found = _spec.origin if _spec else None
    if _found is None or Path(_found).resolve().parent.parent != _home:
        raise ImportError(
            f"evo_plastic is loaded from {_home}, but {_name!r} from {_found}: another package "
            f"of that name is installed (django-rules imports as 'rules'), or two copies of "
            f"this project are mixed. Use a virtual environment of its own."
        )
