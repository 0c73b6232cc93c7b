"""A layout turns a flat genome into named arrays and back, without copying or losing a gene."""

import json

import numpy as np
import pytest

from evo_plastic.layout import ArraySpec, Layout

LAYOUT = Layout(
    (
        ArraySpec("recurrent/A", (2, 3)),
        ArraySpec("bias", (2,)),
        ArraySpec("rate", ()),
        ArraySpec("nothing", (0, 4)),
        ArraySpec("input/a", (1, 3)),
    )
)
SIZE = 6 + 2 + 1 + 0 + 3


def test_the_size_is_the_sum_of_the_arrays() -> None:
    assert [array.size for array in LAYOUT.arrays] == [6, 2, 1, 0, 3]
    assert LAYOUT.size == SIZE
    assert Layout(()).size == 0


def test_arrays_lie_one_after_the_other() -> None:
    assert LAYOUT.offsets == {
        "recurrent/A": slice(0, 6),
        "bias": slice(6, 8),
        "rate": slice(8, 9),
        "nothing": slice(9, 9),
        "input/a": slice(9, 12),
    }


def test_a_segment_is_the_number_of_a_genes_array() -> None:
    assert LAYOUT.segments.tolist() == [0, 0, 0, 0, 0, 0, 1, 1, 2, 4, 4, 4]


def test_arrays_are_row_major_and_in_order() -> None:
    view = LAYOUT.view(np.arange(12.0))
    assert list(view) == [array.name for array in LAYOUT.arrays]
    assert view["recurrent/A"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert view["bias"].tolist() == [6, 7]
    assert view["rate"].tolist() == 8
    assert view["nothing"].shape == (0, 4)
    assert view["input/a"].tolist() == [[9, 10, 11]]


def test_a_view_shares_the_memory_of_its_genome() -> None:
    genome = np.zeros(SIZE)
    view = LAYOUT.view(genome)
    for number, array in enumerate(view.values(), start=1):
        array[...] = number
    assert genome.tolist() == [1, 1, 1, 1, 1, 1, 2, 2, 3, 5, 5, 5]
    genome[8] = 7
    assert view["rate"] == 7


def test_a_view_keeps_the_type_of_its_genome() -> None:
    view = LAYOUT.view(np.zeros(SIZE, np.float32))
    assert {array.dtype for array in view.values()} == {np.dtype(np.float32)}


def test_pack_is_the_inverse_of_view() -> None:
    genome = np.random.default_rng(1).standard_normal(SIZE)
    view = LAYOUT.view(genome)
    packed = LAYOUT.pack(dict(reversed(view.items())))  # by name, not by place
    np.testing.assert_array_equal(packed, genome, strict=True)
    assert not np.shares_memory(packed, genome)


def test_pack_reads_arrays_that_are_not_contiguous() -> None:
    arrays = LAYOUT.view(np.arange(12.0)) | {"recurrent/A": np.array([[0, 3], [1, 4], [2, 5]]).T}
    assert LAYOUT.pack(arrays).tolist() == list(range(12))


def test_pack_refuses_arrays_of_other_names_or_shapes() -> None:
    whole = LAYOUT.view(np.zeros(SIZE))
    missing = {name: array for name, array in whole.items() if name != "bias"}
    for arrays in (missing, whole | {"bias": np.zeros(1)}, whole | {"more": np.zeros(1)}):
        with pytest.raises(ValueError, match="bias"):
            LAYOUT.pack(arrays)


@pytest.mark.parametrize("shape", [(SIZE - 1,), (SIZE + 1,), (1, SIZE), (SIZE, 1), ()])
def test_a_genome_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected a genome of shape \(12,\), got \(") as caught:
        LAYOUT.view(np.zeros(shape))
    assert str(caught.value).endswith(str(shape))


def test_a_layout_comes_back_from_json_the_same() -> None:
    text = json.dumps(LAYOUT.to_json())
    again = Layout.from_json(json.loads(text))
    assert again == LAYOUT
    assert hash(again) == hash(LAYOUT)
    assert text.startswith('[["recurrent/A", [2, 3]], ["bias", [2]], ["rate", []]')


def test_the_order_of_arrays_is_part_of_a_layout() -> None:
    assert Layout(LAYOUT.arrays[::-1]) != LAYOUT
