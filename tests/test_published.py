"""Published genomes come in under our names, each gene in its place, or not at all."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evo_plastic import networks
from evo_plastic.config import Experiment, NetworkConfig
from evo_plastic.errors import InputError
from evo_plastic.records import manifest
from evo_plastic.records.directory import RunDirectory
from evo_plastic.records.genome_sources import open_genome
from evo_plastic.records.genomes import save_genome
from evo_plastic.records.published import LAYOUT, LIMIT_BYTES, load_published, published_names
from evo_plastic.tasks.maze import INTERFACE

VECTOR = np.random.default_rng(3).normal(0, 0.3, 1347).astype(np.float32)
# Written out from the published code, not computed: name, rows, columns, first gene.
ARRAYS = [
    ("FC_1/W", 5, 64, 0),
    ("FC_1/b", 5, 1, 320),
    ("FC_M/W", 2, 64, 325),
    ("FC_M/b", 2, 1, 453),
    ("PRNN_1//b", 64, 1, 455),
    ("PRNN_1/hebbian_h//W_Ax", 64, 1, 519),
    ("PRNN_1/hebbian_h//W_Ay", 64, 1, 583),
    ("PRNN_1/hebbian_h//W_Bx", 64, 1, 647),
    ("PRNN_1/hebbian_h//W_By", 64, 1, 711),
    ("PRNN_1/hebbian_h//W_Cx", 64, 1, 775),
    ("PRNN_1/hebbian_h//W_Cy", 64, 1, 839),
    ("PRNN_1/hebbian_h//W_Dx", 64, 1, 903),
    ("PRNN_1/hebbian_h//W_Dy", 64, 1, 967),
    ("PRNN_1/hebbian_x//W_Ax", 15, 1, 1031),
    ("PRNN_1/hebbian_x//W_Ay", 64, 1, 1046),
    ("PRNN_1/hebbian_x//W_Bx", 15, 1, 1110),
    ("PRNN_1/hebbian_x//W_By", 64, 1, 1125),
    ("PRNN_1/hebbian_x//W_Cx", 15, 1, 1189),
    ("PRNN_1/hebbian_x//W_Cy", 64, 1, 1204),
    ("PRNN_1/hebbian_x//W_Dx", 15, 1, 1268),
    ("PRNN_1/hebbian_x//W_Dy", 64, 1, 1283),
]
MEMBERS: dict[str, Any] = {
    "demo_vector": VECTOR,
    "hist15_vector": -VECTOR,
    "layout_names": np.array([name for name, *_ in ARRAYS]),
    "layout_shapes": np.array([[rows, columns] for _, rows, columns, _ in ARRAYS]),
    "layout_offsets": np.array([first for *_, first in ARRAYS] + [1347]),
    "note": np.array("any text"),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    np.savez_compressed(tmp_path / "theirs.npz", allow_pickle=False, **MEMBERS)
    return tmp_path / "theirs.npz"


def rewrite(path: Path, **changed: Any) -> None:
    members = {name: a for name, a in (MEMBERS | changed).items() if a is not None}
    np.savez(path, allow_pickle=True, **members)


@pytest.mark.parametrize(
    ("ours", "genes"),
    [
        ("readout/W", VECTOR[:320].reshape(5, 64)),
        ("readout/b", VECTOR[320:325]),
        ("modulation/w_h", VECTOR[325:389]),
        ("modulation/w_x", VECTOR[389:453]),
        ("modulation/b_h", VECTOR[453:454]),
        ("modulation/b_x", VECTOR[454:455]),
        ("bias", VECTOR[455:519]),
        ("recurrent/a_x", VECTOR[None, 519:583]),
        ("recurrent/a_y", VECTOR[583:647, None]),
        ("recurrent/b_x", VECTOR[None, 647:711]),
        ("recurrent/c_y", VECTOR[839:903, None]),
        ("recurrent/d_x", VECTOR[None, 903:967]),
        ("recurrent/d_y", VECTOR[967:1031, None]),
        ("input/a_x", VECTOR[None, 1031:1046]),
        ("input/a_y", VECTOR[1046:1110, None]),
        ("input/b_y", VECTOR[1125:1189, None]),
        ("input/c_x", VECTOR[None, 1189:1204]),
        ("input/d_x", VECTOR[None, 1268:1283]),
        ("input/d_y", VECTOR[1283:, None]),
    ],
)
def test_every_array_lands_under_our_name(path: Path, ours: str, genes: Any) -> None:
    loaded = load_published(path, "demo")
    arrays = loaded.layout.view(loaded.genome)
    np.testing.assert_array_equal(arrays[ours], genes.astype(np.float64), strict=True)


def test_no_gene_is_lost_or_used_twice(path: Path) -> None:
    genome = load_published(path, "demo").genome
    np.testing.assert_array_equal(np.sort(genome), np.sort(VECTOR.astype(np.float64)))


def test_the_published_layout_is_the_one_written_out_here() -> None:
    found = [(a.name, a.size, LAYOUT.offsets[a.name].start) for a in LAYOUT.arrays]
    assert found == [(name, rows * columns, first) for name, rows, columns, first in ARRAYS]


@pytest.mark.parametrize(("which", "scale", "rollouts"), [("demo", 0.2, 8), ("hist15", 1.0, 3)])
def test_a_published_genome_says_how_it_was_trained(
    path: Path, which: str, scale: float, rollouts: int
) -> None:
    loaded = load_published(path, which)
    assert loaded.network == NetworkConfig(
        name="dec-prnn", modulation="post", hidden_size=64, scale=scale
    )
    assert loaded.layout == networks.create(loaded.network, INTERFACE).layout
    assert loaded.facts["task"] == {"rollouts": rollouts}
    assert loaded.facts["observation"] == "wall=+1 free=0 goal=-1"


def test_double_precision_is_taken_as_it_is(path: Path) -> None:
    rewrite(path, demo_vector=np.linspace(0, 1, 1347))
    assert load_published(path, "demo").genome[1] == 1 / 1346


@pytest.mark.parametrize(
    ("which", "changed", "message"),
    [
        ("best", {}, "no published genome is called 'best', expected one of demo, m15000, hist15"),
        ("m15000", {}, "m15000_vector"),
        ("demo", {"layout_offsets": None}, "layout_offsets"),
        ("demo", {"demo_vector": VECTOR[:-1]}, r"demo_vector is float32 \(1346,\), expected"),
        ("demo", {"demo_vector": VECTOR.astype(int)}, r"demo_vector is int64 \(1347,\), expected"),
        ("demo", {"demo_vector": VECTOR * np.nan}, "genes that are not finite"),
        ("demo", {"demo_vector": VECTOR.astype(object)}, r"dtype \|O"),
        ("demo", {"layout_names": MEMBERS["layout_names"][::-1]}, "its layout_names are not"),
        ("demo", {"layout_shapes": MEMBERS["layout_shapes"] + 1}, "its layout_shapes are not"),
        ("demo", {"layout_offsets": np.arange(22)}, "its layout_offsets are not"),
        ("demo", {"demo_vector": np.zeros(LIMIT_BYTES // 4)}, "larger than the limit"),
    ],
)
def test_what_is_not_of_the_published_form_is_refused(
    path: Path, which: str, changed: dict[str, Any], message: str
) -> None:
    rewrite(path, **changed)
    with pytest.raises(InputError, match=message) as caught:
        load_published(path, which)
    assert str(path) in str(caught.value)


def test_a_small_file_that_unpacks_to_a_large_array_is_refused(path: Path) -> None:
    np.savez_compressed(path, **(MEMBERS | {"demo_vector": np.zeros(LIMIT_BYTES)}))
    assert path.stat().st_size < LIMIT_BYTES
    with pytest.raises(InputError, match=r"demo_vector\.npy is larger than 1048576 bytes"):
        load_published(path, "demo")


def test_a_file_packed_as_numpy_never_does_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(InputError, match=r"demo_vector\.npy is packed by a method"):
        load_published(path, "demo")


@pytest.mark.parametrize(
    "damage", [(400, bytes(40)), (58, b"\xff" * 40)], ids=["a wrong sum", "no stream"]
)
def test_a_damaged_file_is_refused(path: Path, damage: tuple[int, bytes]) -> None:
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("demo_vector.npy").header_offset
    place, instead = damage
    data[start + place : start + place + 40] = instead
    path.write_bytes(data)
    with pytest.raises(InputError, match="does not hold demo_vector"):
        load_published(path, "demo")


def test_a_file_that_is_not_there_or_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load_published(tmp_path / "none.npz", "demo")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(InputError, match=r"text\.npz does not hold demo_vector"):
        load_published(tmp_path / "text.npz", "demo")
    assert published_names(tmp_path / "text.npz") == []


NETWORK = NetworkConfig(name="meta-rnn", modulation="none", hidden_size=4)
OURS = networks.create(NETWORK, INTERFACE).layout


def saved(path: Path) -> np.ndarray[Any, Any]:
    genome = np.random.default_rng(8).standard_normal(OURS.size)
    save_genome(path, OURS, genome, NETWORK, {})
    return genome


def test_a_source_may_be_a_published_file_and_a_name(path: Path) -> None:
    genome = open_genome(f"{path}:hist15").genome
    np.testing.assert_array_equal(genome, load_published(path, "hist15").genome)


def test_a_source_may_be_a_genome_file(tmp_path: Path) -> None:
    genome = saved(tmp_path / "g.npz")
    np.testing.assert_array_equal(open_genome(str(tmp_path / "g.npz")).genome, genome)


def test_a_source_may_be_a_run(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "a-run")
    with pytest.raises(InputError, match="no run directory"):
        open_genome(str(run.path))
    manifest.save(run.manifest, manifest.begin(Experiment()))
    with pytest.raises(InputError, match=r"has no genome\.npz yet"):
        open_genome(str(run.path))
    genome = saved(run.genome)
    np.testing.assert_array_equal(open_genome(str(run.path)).genome, genome)


def test_a_published_file_without_a_name_lists_its_names(path: Path) -> None:
    with pytest.raises(InputError) as caught:
        open_genome(str(path))
    assert str(caught.value) == (
        f"{path} holds published genomes: choose one, as {path}:demo or {path}:hist15"
    )


@pytest.mark.parametrize("source", ["nowhere", "nowhere.npz", "C:genome", "nowhere.npz:demo"])
def test_a_source_that_is_not_there_is_named(source: str) -> None:
    with pytest.raises(InputError, match=r"^nowhere|^C:genome") as caught:
        open_genome(source)
    assert "does not exist" in str(caught.value)
