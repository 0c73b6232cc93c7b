"""Networks by name: Table 1 of Wang 2022."""

from evo_plastic.config import NetworkConfig
from evo_plastic.networks.spec import NetworkSpec

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
