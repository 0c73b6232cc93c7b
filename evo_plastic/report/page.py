"""The page itself: one HTML file with its style, its script and its data inside.

A content security policy lets nothing load and only the one script run, whose hash it names.
"""

import base64
import hashlib
import json
from importlib import resources

from evo_plastic import __version__
from evo_plastic.report.curves import learning_charts
from evo_plastic.report.data import Report, document
from evo_plastic.report.markup import Markup, tag
from evo_plastic.report.still import still_pictures
from evo_plastic.report.tables import configuration, facts, results_table

SCRIPTS = ("maze.js", "charts.js", "viewer.js")
"""In the order in which the page has them, as one module."""


def build_page(report: Report) -> str:
    script = "\n".join(map(_asset, SCRIPTS))
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(script)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        # Without an icon of its own a page that is served makes browsers ask for one.
        tag("link", rel="icon", href="data:,"),
        tag("title", f"{report.run.name} · evo-plastic"),
        tag("style", Markup(_asset("style.css"))),
    )
    data = tag("script", _as_json(report), type="application/json", id="lifetimes-data")
    body = tag("body", *_body(report), data, tag("script", Markup(script), type="module"))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _body(report: Report) -> list[Markup]:
    run = report.run
    validation = run.experiment.training.validation
    return [
        tag("header", tag("p", "evo-plastic, training run"), tag("h1", run.name), facts(report)),
        _section(
            "Learning",
            f"Validation: the genome of the search, in the same {validation.lifetimes:,} mazes "
            f"every {validation.every:,} generations; bands are ± 1 standard error over mazes. "
            "Fitness: of a generation's candidates, with gradients of its lifetimes, in fresh "
            "mazes. Oracle: a shortest path every time. Random: uniform moves.",
            learning_charts(run),
        ),
        _section(
            "Results",
            "As evo-plastic evaluate measures them: mean reward of each rollout ± standard error "
            "over mazes. The columns after the rollouts tell of the last one: lifetimes that "
            "reach the goal, steps, share of the free cells visited, share of steps decided "
            "without sampling, entropy of the policy.",
            results_table(report),
        ),
        _section("Lifetimes", _chosen(report), *_viewer(report)),
        _section(
            "Configuration",
            "The config.yaml of the run, as it was resolved for training, and the sessions that "
            "trained it.",
            configuration(run),
        ),
        tag("footer", tag("p", f"Written by evo-plastic {__version__}.")),
    ]


def _section(title: str, text: str, *content: Markup) -> Markup:
    return tag("section", tag("h2", title), tag("p", text), *content, id=title.lower())


def _chosen(report: Report) -> str:
    """How the mazes to replay were chosen."""
    counts = sorted({len(result.lifetimes) for result in report.results})
    return (
        f"Of each task set {' or '.join(map(str, counts))} lifetimes, the very ones that the "
        f"results are means of. Their mazes were chosen by the length of the shortest path "
        f"alone: all mazes sorted by it and cut into as many equal parts, the middle maze of "
        f"each. What the network held was computed again, in float64, along the moves it made."
    )


def _viewer(report: Report) -> list[Markup]:
    result = report.results[0]
    return [
        still_pictures(result, result.lifetimes[report.first_shown]),
        Markup(_asset("viewer.html")),
    ]


def _as_json(report: Report) -> Markup:
    text = json.dumps(document(report), separators=(",", ":"), allow_nan=False)
    # The one sign that could end the element; within JSON it stands in texts alone.
    return Markup(text.replace("<", "\\u003c"))


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        f"img-src data:; base-uri 'none'; form-action 'none'"
    )


def _asset(name: str) -> str:
    return resources.files("evo_plastic.report").joinpath(name).read_text(encoding="utf-8")
