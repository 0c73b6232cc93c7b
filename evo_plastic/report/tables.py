"""What the page says in words and numbers: the facts of a run, its scores, its configuration."""

from math import isnan

from evo_plastic.analysis.comparison import Scored
from evo_plastic.analysis.evaluation import with_error
from evo_plastic.analysis.learning import LearningCurve
from evo_plastic.records.manifest import Session
from evo_plastic.report.data import Report, RunFacts, TaskResults
from evo_plastic.report.markup import Markup, minus, tag
from evo_plastic.tasks import DISTRIBUTIONS


def facts(report: Report) -> Markup:
    """The run at a glance."""
    run, spec, curve = report.run, report.spec, report.run.curve
    training = "rollout" if curve.rollouts == 1 else "rollouts"
    pairs = [
        ("network", spec.title),
        ("task", f"{curve.task}, {curve.rollouts} {training} a lifetime"),
        ("evolved numbers", f"N_gene = {spec.n_gene:,}"),
        ("learned in a lifetime", f"N_mem = {spec.n_mem:,}"),
        ("strategy", f"{run.experiment.strategy.name}, seed {curve.seed}"),
        ("status", run.manifest.status),
        ("genome of this page", _which_genome(report.generation)),
        ("at the last validation", _progress(curve)),
    ]
    items = [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs]
    return tag("dl", *items, class_="facts")


def _progress(curve: LearningCurve) -> str:
    return (
        f"generation {curve.generation[-1]:,.0f}, {curve.env_steps[-1] / 1e9:.3g} · 10⁹ steps, "
        f"{curve.minutes[-1]:,.0f} minutes"
    )


def _which_genome(generation: int | None) -> str:
    best = "best in validation"
    return best if generation is None else f"{best}, generation {generation:,}"


def results_table(report: Report) -> Markup:
    """A group of rows per task set: genome, oracle, random; goals and the rest: last rollout."""
    rollouts = len(report.results[0].scores[0].table.mean)
    names = ["task set", "policy", *(f"rollout {r + 1}" for r in range(rollouts))]
    names += ["goals reached", "steps", "cells visited", "decisive", "entropy, bits"]
    cells = [tag("th", name, scope="col") for name in names]
    groups = [tag("tbody", *_rows(report.run, result)) for result in report.results]
    table = tag("table", tag("thead", tag("tr", *cells)), *groups, class_="results")
    return tag("div", table, class_="wide", tabindex=0)


def _rows(run: RunFacts, result: TaskResults) -> list[Markup]:
    rows = list[Markup]()
    for scored in result.scores:
        table = scored.table
        pairs = zip(table.mean, table.se, strict=True)
        texts = [minus(_number(mean, error)) for mean, error in pairs]
        cells = [tag("td", text) for text in (*texts, *table.of_last_rollout())]
        name = tag("th", scored.policy, scope="row")
        head = [_task_set(run, result, scored)] if not rows else []
        kind = "own" if not rows else "anchor"
        rows.append(tag("tr", *head, name, *cells, class_=kind))
    return rows


def _task_set(run: RunFacts, result: TaskResults, scored: Scored) -> Markup:
    small = [f"{scored.table.instances:,} mazes, {result.size} × {result.size}"]
    distribution = result.name.partition("/")[0]
    if distribution in DISTRIBUTIONS:
        own = distribution == run.experiment.task.name
        small.append("as in training" if own else "out of distribution")
    small.append(f"sha256 {scored.content_hash[:12]}…")
    lines = [tag("span", text) for text in small]
    return tag("th", result.name, *lines, scope="rowgroup", rowspan=len(result.scores))


def _number(mean: float, error: float) -> str:
    return f"{mean:.3f}" if isnan(error) else with_error(mean, error)


def configuration(run: RunFacts) -> Markup:
    """The file of the experiment, and what it ran on."""
    sessions = [_session(n, one) for n, one in enumerate(run.manifest.sessions, start=1)]
    return tag(
        "div",
        tag("pre", run.configuration, tabindex=0),
        tag("div", *sessions),
        class_="configuration",
    )


def _session(number: int, session: Session) -> Markup:
    about = session.provenance
    commit = about.commit or "unknown"
    pairs = [
        ("started", session.started),
        ("ended", session.ended or "not on record"),
        ("command", " ".join(about.argv)),
        ("commit", f"{commit}, with changes" if about.dirty else commit),
        ("machine", f"{about.cpu}, {about.cores} cores, {about.platform}"),
        ("versions", ", ".join(f"{name} {v}" for name, v in about.versions.items())),
    ]
    rows = [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs]
    return tag("div", tag("h3", f"Session {number}"), tag("dl", *rows, class_="session"))
