"""Gradients through whole lifetimes: steps per second and memory, forward and backward.

Lifetimes of one rollout of untrained genomes, mostly 200 steps, are lived once by the kernels.
``forward`` is what judges them, without gradients; ``both`` adds the loss of A2C and its gradient,
back to the first step. One thread; in a round all networks and batches take turns. Peak memory
is that of a process of its own, above what it held before its first gradient.
"""

import multiprocessing
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks.common import SPREAD, Row, create_network, interleave, timed
from evo_plastic.cli.output import print_table
from evo_plastic.config import STATIC, A2CConfig, NetworkConfig
from evo_plastic.gradients.actor_critic import ActorCritic
from evo_plastic.gradients.experience import Experience, relive
from evo_plastic.gradients.judging import Judged, judge
from evo_plastic.gradients.losses import terms
from evo_plastic.networks import every
from evo_plastic.seeding import STREAM_NOISE, fold
from evo_plastic.tasks import training_tasks
from workers.engine import Engine

BATCHES = (32, 128)
CONFIG = A2CConfig(name="a2c")
MOST = [c for c in every(hidden=64) if c.modulation == "post" or c.name in STATIC]
"""One of every network: with PostDN where there is something to gate."""


class Work:
    """A batch of lifetimes of one network."""

    def __init__(self, config: NetworkConfig, batch: int) -> None:
        torch.set_num_threads(1)
        spec = create_network(config)
        genome = SPREAD * np.random.default_rng(0).standard_normal(spec.n_gene)
        mazes = training_tasks("maze9", 0, 0, batch)
        keys = fold(0, STREAM_NOISE, np.arange(batch))
        lived = Engine(spec, config.precision).live_population(
            genome[None], mazes, np.arange(batch, dtype=np.int32), keys[None], 1, record=True
        )
        self.experience: Experience = relive(mazes, keys, lived.steps[0], lived.actions)
        self._model = ActorCritic(spec, torch.device("cpu"))
        learned = np.zeros(self._model.size, np.float32)
        learned[: genome.size] = genome
        self._learned = torch.tensor(learned, requires_grad=True)

    def forward(self) -> int:
        self._judge()
        return self.experience.steps

    def both(self) -> int:
        judged = self._judge()
        actions = torch.as_tensor(self.experience.actions)
        counts = torch.as_tensor(self.experience.under_way, dtype=torch.float32)
        loss = torch.zeros(())
        pieces = self._model.unroll(self._learned, self.experience, None)
        for where, _, log_policy, value in pieces:
            mine = Judged(*(values[where] for values in judged))
            found = terms(CONFIG, log_policy, value, actions[where], mine, counts[where])
            loss = loss + found.weighted(CONFIG) / self.experience.steps
        torch.autograd.backward(loss)
        return self.experience.steps

    def _judge(self) -> Judged:
        return judge(self._model, self._learned, self.experience, CONFIG, np.ones(1))


def measure(rounds: int, networks: Sequence[NetworkConfig] | None = None) -> list[Row]:
    """One row per network and batch; thousands of steps per second of one core."""
    chosen = MOST if networks is None else networks
    cases = [(config, batch) for config in chosen for batch in BATCHES]
    works = [Work(*case) for case in cases]
    calls = [call for work in works for call in (work.forward, work.both)]
    for call in calls:
        call()
    rates = interleave([partial(timed, call) for call in calls], rounds)
    medians = [statistics.median(rate.cpu for rate in each) / 1000 for each in rates]
    return [
        {
            "network": create_network(config).title,
            "lifetimes": batch,
            "forward": medians[2 * k],
            "both": medians[2 * k + 1],
            "peak_megabytes": _peak_megabytes(config, batch),
        }
        for k, (config, batch) in enumerate(cases)
    ]


def show(rows: Sequence[Row]) -> None:
    headers = ("network", "lifetimes", "forward, k steps/s", "and backward", "peak, MB")
    cells = [
        [row["network"], row["lifetimes"], f"{row['forward']:.1f}", f"{row['both']:.1f}",
         f"{row['peak_megabytes']:.0f}"]
        for row in rows
    ]  # fmt: skip
    print_table(headers, cells)


def _peak_megabytes(config: NetworkConfig, batch: int) -> float:
    """In a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as child:
        return child.submit(_grow, config, batch).result()


def _grow(config: NetworkConfig, batch: int) -> float:
    work = Work(config, batch)
    work.forward()
    # What it held at most until now, to compile the kernels, does not count (Linux alone).
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident("VmRSS")
    work.both()
    return (_resident("VmHWM") - before) / 1024


def _resident(name: str) -> int:
    """Kilobytes of this process, as Linux counts them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))
