"""``evo-plastic networks``: every network with its genes, memories and layout."""

import click

from evo_plastic.cli.options import json_option


@click.command()
@click.option("--hidden", type=click.IntRange(1, 4096), default=64, show_default=True,
              help="Neurons of the hidden layer.")  # fmt: skip
@json_option
def command(hidden: int, as_json: bool) -> None:
    """List all networks: N_gene numbers evolve, N_mem change during a lifetime."""
    from evo_plastic import networks
    from evo_plastic.cli.output import print_json, print_table
    from evo_plastic.tasks.maze import INTERFACE

    rows = []
    for config in networks.every(hidden):
        spec = networks.create(config, INTERFACE)
        rows.append((config, spec))
    if as_json:
        print_json(
            [
                {
                    "name": config.name,
                    "modulation": config.modulation,
                    "title": spec.title,
                    "cell": spec.cell_name,
                    "rules": dict(
                        zip((c.name for c in spec.connections), spec.rule_names, strict=True)
                    ),
                    "n_gene": spec.n_gene,
                    "n_mem": spec.n_mem,
                    "layout": spec.layout.to_json(),
                }
                for config, spec in rows
            ]
        )
        return
    print_table(
        ["network.name", "modulation", "in the paper", "rules", "N_gene", "N_mem"],
        [
            [
                config.name,
                config.modulation,
                spec.title,
                _named(spec.rule_names),
                spec.n_gene,
                spec.n_mem,
            ]
            for config, spec in rows
        ],
    )


def _named(rules: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(rules))
