"""Networks by name: Table 1 of Wang 2022."""

from typing import NamedTuple, get_args

import rules
from evo_plastic.config import STATIC, ModulationName, NetworkConfig, NetworkName
from evo_plastic.layout import ArraySpec
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.networks.ties import UNTIED, Ties
from evo_plastic.tasks.interface import Interface
from rules.base import Constants

NAMES: tuple[NetworkName, ...] = get_args(NetworkName)
MODULATIONS: tuple[ModulationName, ...] = get_args(ModulationName)
SUFFIXES = {"none": "", "pre": "(PreDN)", "post": "(PostDN)"}


class Declaration(NamedTuple):
    """A row of Table 1, before modulation and sizes are chosen."""

    title: str
    cell: str
    rules: tuple[str, str]  # of the cell's connections, in their order
    observes_only: bool = False  # reads the observation, not what came of the last action
    unused: tuple[ArraySpec, ...] = ()


# The paper's code declares a rate for the static input connection too, and counts it.
_UNUSED_RATE = (ArraySpec("input/eta", (1,)),)

DECLARATIONS: dict[NetworkName, Declaration] = {
    "dnn": Declaration("DNN", "feedforward", ("static", "static"), observes_only=True),
    "meta-dnn": Declaration("Meta-DNN", "feedforward", ("static", "static")),
    "meta-rnn": Declaration("Meta-RNN", "rnn", ("static", "static")),
    "meta-lstm": Declaration("Meta-LSTM", "lstm", ("static", "static")),
    "prnn": Declaration("PRNN", "rnn", ("abcd", "abcd")),
    "dec-pdnn": Declaration("DecPDNN", "feedforward", ("decomposed", "decomposed")),
    "dec-prnn": Declaration("DecPRNN", "rnn", ("decomposed", "decomposed")),
    "prnn-et": Declaration("PRNN(ET)", "rnn", ("eligibility", "static"), unused=_UNUSED_RATE),
    "prnn-scratch-et": Declaration(
        "PRNN(Scratch-ET)", "rnn", ("scratch_eligibility", "static"), unused=_UNUSED_RATE
    ),
    "evolving-merging": Declaration("Evolving & Merging", "rnn", ("tied", "tied")),
}


def create(config: NetworkConfig, interface: Interface, ties: Ties = UNTIED) -> NetworkSpec:
    """The network that a configuration names, for the inputs and outputs of a task."""
    row = DECLARATIONS[config.name]
    first, second = (_constants(name, config) for name in row.rules)
    return NetworkSpec(
        title=row.title + SUFFIXES[config.modulation],
        cell_name=row.cell,
        rule_names=row.rules,
        constants=(first, second),
        modulation=config.modulation,
        hidden=config.hidden_size,
        inputs=interface.observed if row.observes_only else interface.inputs,
        outputs=interface.outputs,
        ties=ties,
        unused=row.unused,
    )


def _constants(rule: str, config: NetworkConfig) -> Constants:
    preset = rules.get(rule).constants(config.preset, config.modulation != "none")
    chosen = {name: getattr(config, name) for name in Constants._fields}
    return preset._replace(**{name: value for name, value in chosen.items() if value is not None})


def every(hidden: int) -> list[NetworkConfig]:
    """A configuration of every network and modulation there is, in the order of Table 1."""
    return [
        NetworkConfig(name=name, modulation=modulation, hidden_size=hidden)
        for name in NAMES
        for modulation in (("none",) if name in STATIC else MODULATIONS)
    ]
