"""YAML files and ``--set`` options to a validated experiment, and back."""

from evo_plastic.parsing.experiment import (
    Loaded,
    dump_experiment,
    json_schema,
    load_experiment,
    rows_of_values,
)

__all__ = ["Loaded", "dump_experiment", "json_schema", "load_experiment", "rows_of_values"]
