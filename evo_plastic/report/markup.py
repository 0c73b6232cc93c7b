"""HTML and SVG put together so that no text can pass for markup.

``tag`` escapes children and attributes; only what is ``Markup`` already goes in as it is.
Characters that are not printable, such as those that reverse the direction of writing, are
replaced.
"""

import html

_VOID = {"meta", "link", "input"}
_NAMES = {"class_": "class"}


class Markup(str):
    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | float) -> Markup:
    """One element; ``stroke_width=2`` becomes ``stroke-width="2"``."""
    pairs = "".join(
        f' {_NAMES.get(key, key.replace("_", "-"))}="{escape(str(value))}"'
        for key, value in attributes.items()
    )
    if name in _VOID:
        return Markup(f"<{name}{pairs}>")
    return Markup(f"<{name}{pairs}>{''.join(map(escape, children))}</{name}>")


def escape(text: str) -> Markup:
    return text if isinstance(text, Markup) else Markup(html.escape(plain(text)))


def plain(text: str) -> str:
    """``text`` with a replacement character for every one that is not printable."""
    return "".join(
        c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def join(parts: list[Markup]) -> Markup:
    return Markup("".join(parts))


def minus(text: str) -> str:
    """A number as text with a true minus sign."""
    return text.replace("-", "\N{MINUS SIGN}")
