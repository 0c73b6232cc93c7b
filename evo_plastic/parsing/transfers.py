"""On which task sets genomes are evaluated, by the task they were trained on.

maze9: [maze9, maze15]
"""

from pathlib import Path

from evo_plastic.parsing.documents import read_sections, read_text
from evo_plastic.parsing.places import Problem, as_input_error

Transfers = dict[str, tuple[str, ...]]
"""Names or files of task sets, by name of the training task."""


def load_transfers(path: Path) -> Transfers:
    """``InputError`` with every place of the file where no list of names is."""
    tree, problems = read_sections(read_text(path), path)
    found: Transfers = {}
    for task, entry in tree.section.items():
        names = entry.plain()
        sound = isinstance(names, tuple) and names and all(isinstance(n, str) for n in names)
        if sound:
            found[task] = names
        else:
            what = f"{task}: expected a list of task sets, such as [maze9, maze15]"
            problems.append(Problem(entry.place, what))
    if not tree.section:
        problems.append(Problem(tree.place, "expected lines such as `maze9: [maze9, maze15]`"))
    if problems:
        raise as_input_error(problems)
    return found
