"""Seeds are numbers: ten or more of them stay in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.config.paths import seed_folder
from foursplit.io.seed_folders import seed_folders, seed_number


def make(folder, names):
    for name in names:
        (folder / name).mkdir()
    return folder


def test_seed_2_comes_before_seed_10(tmp_path):
    folder = make(tmp_path, ["seed_10", "seed_2", "seed_1"])
    assert [path.name for path in seed_folders(folder)] == ["seed_1", "seed_2", "seed_10"]
    assert [path.name for path in sorted(folder.glob("seed_*"))][1] == "seed_10"  # the naive way


@given(seeds=st.sets(st.integers(0, 10_000), max_size=30))
def test_numbers_and_folders_correspond(tmp_path_factory, seeds):
    folder = make(tmp_path_factory.mktemp("seeds"), [f"seed_{seed}" for seed in seeds])
    assert [seed_number(path) for path in seed_folders(folder)] == sorted(seeds)
    assert seed_folders(folder) == [seed_folder(folder, seed) for seed in sorted(seeds)]


def test_names_from_elsewhere_follow_the_numbers(tmp_path):
    folder = make(tmp_path, ["seed_b", "seed_10", "seed_a", "seed_9"])
    assert [p.name for p in seed_folders(folder)] == ["seed_9", "seed_10", "seed_a", "seed_b"]
    with pytest.raises(ValueError, match="seed_b"):
        seed_number(folder / "seed_b")


def test_files_are_no_seeds(tmp_path):
    (tmp_path / "seed_1").write_text("")
    assert seed_folders(tmp_path) == []
    assert seed_folders(tmp_path / "missing") == []
