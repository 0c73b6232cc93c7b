"""Networks by name: Table 1 of Wang 2022."""

from typing import get_args

import rules
from evo_plastic.config import ModulationName, NetworkConfig, NetworkName
from evo_plastic.networks.spec import NetworkSpec

NAMES: tuple[NetworkName, ...] = get_args(NetworkName)
MODULATIONS: tuple[ModulationName, ...] = get_args(ModulationName)
TITLES = {"dec-prnn": "DecPRNN", "prnn": "PRNN", "meta-rnn": "Meta-RNN"}
RULES = {"dec-prnn": "decomposed", "prnn": "abcd", "meta-rnn": "static"}
SUFFIXES = {"none": "", "pre": "(PreDN)", "post": "(PostDN)"}


def create(config: NetworkConfig, inputs: int, outputs: int) -> NetworkSpec:
    """The network that a configuration names, for a task's inputs and outputs."""
    return NetworkSpec(
        title=TITLES[config.name] + SUFFIXES[config.modulation],
        rule_name=RULES[config.name],
        modulation=config.modulation,
        hidden=config.hidden_size,
        inputs=inputs,
        outputs=outputs,
        scale=config.scale,
    )


def every(hidden: int) -> list[NetworkConfig]:
    """A configuration of every network and modulation there is, in the order of Table 1."""
    return [
        NetworkConfig(name=name, modulation=modulation, hidden_size=hidden)
        for name in NAMES
        for modulation in (MODULATIONS if rules.get(RULES[name]).PLASTIC else ("none",))
    ]
