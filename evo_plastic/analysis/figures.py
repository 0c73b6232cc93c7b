"""What all figures share: how they look and how they are written.

Figures are drawn without pyplot, hence without a display or global state, and the same input
gives the same bytes with the same versions of matplotlib and its fonts.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, Literal, get_args

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evo_plastic.errors import InputError
from evo_plastic.files import write_whole

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#000000")
"""Colours that colour-blind readers tell apart (Okabe & Ito 2008), without the yellow."""
LineStyle = Literal["-", "--", ":", "-."]
LINES: tuple[tuple[LineStyle, str], ...] = tuple(product(get_args(LineStyle), PALETTE))
"""Line style and colour of one thing after the other: more than there are colours."""
INK, FAINT, GRID = "#222222", "#6B6B6B", "#E4E4E4"

DOTS_PER_INCH = 150
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Creator": None, "Date": None},
    ".pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}
"""By suffix: what the file may not say, because it would change the bytes."""

_STYLE: Any = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": GRID,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.handletextpad": 0.5,
    "text.parse_math": False,  # names of runs may hold dollars
    "image.interpolation": "nearest",
    "svg.hashsalt": "evo-plastic",
}


@contextmanager
def drawing(path: Path, width: float, height: float) -> Iterator[Figure]:
    """An empty figure, in inches, that is written to ``path`` whole when the block ends.

    ``InputError`` unless ``path`` ends in .png, .svg or .pdf and can be written.
    """
    if path.suffix not in _METADATA:
        raise InputError(f"{path} cannot be drawn: expected a name ending in .png, .svg or .pdf")
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a matplotlibrc of the user's would change the pictures
        matplotlib.rcParams.update(_STYLE)
        figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained")
        yield figure
        stream = io.BytesIO()
        figure.savefig(stream, format=path.suffix[1:], metadata=_METADATA[path.suffix])
    write_whole(path, stream.getvalue())


def label_line(axes: Axes, y: float, text: str) -> None:
    """A dashed line across at ``y``, its name in the margin at the right."""
    axes.axhline(y, color=FAINT, linewidth=1, linestyle=(0, (4, 3)), zorder=1.5)
    axes.annotate(
        text, (1, y), xycoords=axes.get_yaxis_transform(), xytext=(5, 0),
        textcoords="offset points", va="center", fontsize=9, color=FAINT,
    )  # fmt: skip


def signed(value: float) -> str:
    """Two decimals, with a true minus sign and without a negative zero."""
    return f"{value:z.2f}".replace("-", "\N{MINUS SIGN}")
