"""YAML files and ``--set`` options to a validated experiment, and back; lists of transfers."""

from evo_plastic.parsing.experiment import (
    Loaded,
    dump_experiment,
    json_schema,
    load_experiment,
    rows_of_values,
)
from evo_plastic.parsing.transfers import Transfers, load_transfers

__all__ = [
    "Loaded",
    "Transfers",
    "dump_experiment",
    "json_schema",
    "load_experiment",
    "load_transfers",
    "rows_of_values",
]
