"""Options that several commands share."""

import click

SEED = 0
"""Of the action noise, unless told otherwise."""

overrides_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Replace one value, e.g. strategy.sigma=0.02; may be repeated.",
)

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document instead of a table."
)

lifetimes_option = click.option(
    "--lifetimes",
    type=click.IntRange(min=1),
    metavar="N",
    help="Use the first N mazes of each set.  [default: all]",
)

seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=SEED,
    show_default=True,
    help="Of the action noise.",
)

workers_option = click.option(
    "--workers", type=click.IntRange(min=1), help="[default: one per CPU]"
)

address_option = click.option(
    "--address",
    required=True,
    envvar="RAY_API_SERVER_ADDRESS",
    show_envvar=True,
    metavar="URL",
    help="Job server of the cluster, e.g. http://127.0.0.1:8265.",
)

insecure_option = click.option(
    "--insecure", is_flag=True, help="Use a Ray cluster that demands no token, too."
)
