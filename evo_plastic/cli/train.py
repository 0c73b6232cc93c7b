"""``evo-plastic train``: one run from a configuration file, new or resumed."""

import signal
from pathlib import Path

import click

from evo_plastic.cli.options import insecure_option, overrides_option


@click.command()
@click.argument("config", required=False, type=click.Path(path_type=Path))
@overrides_option
@click.option("--run", "run_path", type=click.Path(path_type=Path), metavar="DIR",
              help="Run directory; by default runs/<config>-s<seed>-<time>.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with the run in --run.")
@insecure_option
def command(
    config: Path | None,
    overrides: tuple[str, ...],
    run_path: Path | None,
    resume: bool,
    insecure: bool,
) -> None:
    """Evolve a network as CONFIG says; with --resume, CONFIG may be left out.

    Ctrl-C or SIGTERM ends the run after the present generation, with its state saved; a second
    one ends it at once.
    """
    from evo_plastic.cli import session

    if resume:
        plan = session.plan_resumed(config, overrides, run_path)
    elif config is None:
        raise click.UsageError("Missing argument 'CONFIG'.")
    else:
        plan = session.plan_new(config, overrides, run_path)
    with StopSignals() as signals:
        session.train(plan, signals, insecure)


class StopSignals:
    """SIGINT and SIGTERM as a request to stop; ``received`` is the signal's number or None."""

    received: int | None = None

    def __enter__(self) -> "StopSignals":
        numbers = (signal.SIGINT, signal.SIGTERM)
        self._before = {number: signal.signal(number, self._note) for number in numbers}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _: object) -> None:
        if self.received is not None:
            raise KeyboardInterrupt
        self.received = number
