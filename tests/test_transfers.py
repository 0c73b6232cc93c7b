"""Which task sets a genome meets, as a file says it."""

from pathlib import Path

import pytest

from evo_plastic.cli.scoring import TRANSFERS
from evo_plastic.errors import InputError
from evo_plastic.parsing import load_transfers
from evo_plastic.tasks import DISTRIBUTIONS, load_set

SHIPPED = Path(__file__).parent.parent / "configs" / "ood.yaml"


def test_the_shipped_file_has_the_transfers_of_the_paper() -> None:
    found = load_transfers(SHIPPED)
    assert found == {
        "maze9": ("maze9", "maze15"),
        "maze15": ("maze15", "maze21", "maze15-crowded", "maze15-spacious"),
    }
    assert found == {task: tuple(names) for task, names in TRANSFERS.items()}
    for task, names in found.items():
        assert task in DISTRIBUTIONS
        assert [load_set(name).name for name in names] == [f"{name}/test" for name in names]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: error: expected lines such as"),
        ("maze9: maze15", "1:8: error: maze9: expected a list of task sets"),
        ("maze9: []", "1:8: error: maze9: expected a list of task sets"),
        ("maze9: [maze9]\nmaze15: [maze9, 3]", "2:9: error: maze15: expected a list"),
        ("maze9: [a]\nmaze9: [b]", "maze9: duplicate key"),
        ("- maze9", "expected sections"),
    ],
)
def test_what_is_no_list_of_names_is_shown_in_its_place(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "ood.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_transfers(path)
    assert str(path) in str(caught.value)
    assert problem in str(caught.value)
