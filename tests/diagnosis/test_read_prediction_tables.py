"""One table, however it was written, says one thing; what cannot mean anything is refused."""

import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis import read_prediction_tables
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.error_analysis.leakage import check_leakage
from foursplit.diagnosis.settings import Settings

N = 60
WAYS = {
    "int": lambda n: n,
    "float": float,
    "text": str,
    "float as text": lambda n: f"{n}.0",
    "blanks": lambda n: f" {n} ",
    "nought": lambda n: f"0{n}",
}


def written(folder, frames, how="csv"):
    folder.mkdir(parents=True, exist_ok=True)
    for split, frame in frames.items():
        WRITERS[how](frame, folder / split)
    return folder


def to_csv(path, frame, **options):
    path.write_bytes(frame.to_csv(index=False, **options).encode(options.get("encoding", "utf-8")))


WRITERS = {
    "csv": lambda f, p: to_csv(p.with_suffix(".csv"), f),
    "semicolons": lambda f, p: to_csv(p.with_suffix(".CSV"), f, sep=";", decimal=","),
    "tabs": lambda f, p: to_csv(p.with_suffix(".tsv"), f, sep="\t"),
    "gz": lambda f, p: p.with_suffix(".csv.gz").write_bytes(
        gzip.compress(f.to_csv(index=False).encode())
    ),
    "latin-1": lambda f, p: to_csv(p.with_suffix(".csv"), f, encoding="latin-1"),
    "utf-16": lambda f, p: to_csv(p.with_suffix(".csv"), f, encoding="utf-16"),
    "parquet": lambda f, p: f.to_parquet(p.with_suffix(".parquet"), index=False),
    "index": lambda f, p: f.set_index("example_id").to_parquet(p.with_suffix(".PARQUET")),
    "feather": lambda f, p: f.to_feather(p.with_suffix(".feather")),
}


def tables(rng):
    """Give tables with all that a diagnosis looks at."""
    made = {}
    for start, split in enumerate(("train", "train_dev", "dev")):
        y = rng.integers(0, 3, N)
        y_hat = np.where(rng.random(N) < 0.3, (y + 1) % 3, y)
        made[split] = pd.DataFrame(
            {
                "example_id": 1000 * (start + 1) + np.arange(N),
                "group_id": 100 * start + np.arange(N) // 2,
                "y": y,
                "y_hat": y_hat,
                "weight": rng.choice([0.5, 1.0, 2.25], N),
                "domain": rng.choice(["Köln", "NA"], N),
                "meta.size": rng.normal(size=N).round(3),
                "meta.hour": rng.integers(0, 4, N),
                "meta.land": rng.choice(["Österreich", "None"], N),
            }
        )
    return made


def diagnosis(folder):
    return diagnose_as_json(read_prediction_tables.read_folder(folder), Settings(n_resamples=50))


def test_the_same_tables_say_the_same_however_they_are_written(tmp_path, rng, capsys):
    frames = tables(rng)
    told = {how: diagnosis(written(tmp_path / how, frames, how)) for how in WRITERS}
    for how, found in told.items():
        assert found == told["csv"], how
    said = capsys.readouterr().err
    assert "UTF-16" in said
    assert "latin-1" in said


WAY = st.sampled_from([*WAYS])


@given(y=WAY, y_hat=WAY, seed=st.integers(0, 99), how=st.sampled_from(["csv", "parquet"]))
@settings(deadline=None, max_examples=40)
def test_how_labels_are_written_never_changes_the_error(tmp_path_factory, y, y_hat, seed, how):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, (2, N))
    guess = np.where(rng.random((2, N)) < 0.2, (truth + 1) % 3, truth)
    frames = {
        split: pd.DataFrame(
            {
                "example_id": [f"{split}{k}" for k in range(N)],
                # The other way round in dev: one column of two files is of two types.
                "y": [WAYS[y if split == "train" else y_hat](n) for n in truth[k].tolist()],
                "y_hat": [WAYS[y_hat if split == "train" else y](n) for n in guess[k].tolist()],
            }
        )
        for k, split in enumerate(("train", "dev"))
    }
    found = read_prediction_tables.read_folder(
        written(tmp_path_factory.mktemp("labels"), frames, how)
    )[0]
    for k, split in enumerate(("train", "dev")):
        assert found.tables[split].error == pytest.approx((truth[k] != guess[k]).mean())


@given(names=st.permutations(["true", "FALSE", "1", "0"]), n=st.integers(1, 3))
@settings(deadline=None, max_examples=20)
def test_true_is_one_and_false_is_nought(tmp_path_factory, names, n):
    frame = pd.DataFrame({"y": (["True", "False"] * 4)[: 2 * n], "y_hat": ["1", "0"] * n})
    frame = frame.assign(example_id=range(len(frame)))
    frame.loc[len(frame)] = [names[0], names[0], len(frame)]
    found = read_prediction_tables.read_folder(
        written(tmp_path_factory.mktemp("truths"), {"dev": frame})
    )
    assert found[0].tables["dev"].error == 0


@pytest.mark.parametrize("how", ["csv", "parquet"])
@pytest.mark.parametrize("column", ["group_id", "content_hash"])
@pytest.mark.parametrize("first", WAYS)
@pytest.mark.parametrize("second", WAYS)
def test_a_leak_is_seen_however_the_two_files_write_it(tmp_path, rng, how, column, first, second):
    frames = {
        split: pd.DataFrame(
            {
                "example_id": [f"{split}{k}" for k in range(N)],
                "loss": 0.0,
                column: [WAYS[way](k + 1) for k in range(N)],
            }
        )
        for split, way in (("train", first), ("dev", second))
    }
    found = read_prediction_tables.read_folder(written(tmp_path, frames, how))[0].tables
    assert [
        overlap.n for overlap in check_leakage(found, rng, n_resamples=10).overlaps if overlap.n
    ] == [N]


@pytest.mark.parametrize("how", ["csv", "parquet"])
@pytest.mark.parametrize("second", WAYS)
def test_an_example_of_two_splits_is_seen_however_its_id_is_written(tmp_path, how, second):
    frames = {
        split: pd.DataFrame({"example_id": [WAYS[way](k) for k in range(5)], "loss": 0.0})
        for split, way in (("train", "int"), ("dev", second))
    }
    with pytest.raises(FoursplitError, match="belongs to one split"):
        read_prediction_tables.read_folder(written(tmp_path, frames, how))


def test_two_ways_within_one_file_are_two_examples(tmp_path):
    frame = pd.DataFrame({"example_id": ["1", "01", "2"], "loss": [0, 1, 0]})
    found = read_prediction_tables.read_folder(written(tmp_path, {"dev": frame}))[0].tables["dev"]
    assert found.frame["example_id"].tolist() == ["1", "01", "2"]


def test_a_name_with_noughts_stays_as_it_is(tmp_path):
    frame = pd.DataFrame({"example_id": ["001", "002"], "y": ["07", "08"], "y_hat": ["07", "07"]})
    found = (
        read_prediction_tables.read_folder(written(tmp_path, {"dev": frame}))[0].tables["dev"].frame
    )
    assert found["example_id"].tolist() == ["001", "002"]
    assert found["y"].tolist() == ["07", "08"]


@pytest.mark.parametrize("values", [[1577134800018002040.0, 1.0], ["1.57713E+18", "2"]])
def test_a_name_that_has_lost_digits_is_refused(tmp_path, values):
    frame = pd.DataFrame({"example_id": ["a", "b"], "loss": 0.0, "group_id": values})
    with pytest.raises(FoursplitError, match="column 'group_id', row 1.*has lost digits"):
        read_prediction_tables.read_folder(written(tmp_path, {"dev": frame}, "parquet"))


def of_classes(y, y_hat, **more):
    ids = [f"e{k}" for k in range(len(y))]
    return pd.DataFrame({"example_id": ids, "y": y, "y_hat": y_hat, **more})


STRANGERS = {
    "counted from one": of_classes([0, 1, 2] * 9, [1, 2, 3] * 8 + [1, 1, 3]),
    "counted from nought": of_classes([1, 2, 3] * 9, [0, 1, 2] * 9),
    "numbers for names": of_classes(["cat", "dog"] * 5, [0, 1] * 5),
    "capitals": of_classes(["Cat", "Dog"] * 5, ["cat", "dog"] * 5),
    "no answer right": of_classes(["cat", "dog"] * 15, ["dog", "cat"] * 15),
    "truths and numbers": of_classes([True, False] * 5, [1, 2] * 5),
    "probabilities of others": of_classes(["cat"] * 4, ["cat"] * 4, proba_0=0.5, proba_1=0.5),
    "probabilities in another order": of_classes(
        ["a", "b"] * 15, ["a", "b"] * 15, proba_a=[0.1, 0.9] * 15, proba_b=[0.9, 0.1] * 15
    ),
    "per cent": pd.DataFrame({"example_id": [1, 2], "loss": [0, 100]}),
}


@pytest.mark.parametrize("case", STRANGERS)
@pytest.mark.parametrize("how", ["csv", "parquet"])
def test_what_cannot_mean_each_other_is_refused(tmp_path, case, how):
    with pytest.raises(FoursplitError):
        read_prediction_tables.read_folder(written(tmp_path, {"dev": STRANGERS[case]}, how))


@pytest.mark.parametrize(
    "frame",
    [
        of_classes(["cat", "dog"] * 15, ["dog", "cat"] * 15, loss=1.0),  # somebody said so
        of_classes([0, 1, 1] * 3, [1, 1, 0] * 3),  # a model that is bad
        of_classes([1, 2, 3, 4, 5] * 4, [2, 3, 4, 5, 5] * 4),  # a stingy one
        of_classes([0, 1] * 15, [0, 1] * 15, proba_0=0.7, proba_1=0.3),  # another threshold
    ],
)
def test_a_bad_model_is_no_stranger(tmp_path, frame):
    assert read_prediction_tables.read_folder(written(tmp_path, {"dev": frame}))


@pytest.mark.parametrize("decimals", [1, 2, 3, 4])
@pytest.mark.parametrize("n_classes", [2, 30, 1000])
def test_rounded_probabilities_are_taken_whatever_the_number_of_classes(rng, decimals, n_classes):
    from foursplit.diagnosis.label_checks import tolerance

    proba = rng.dirichlet(np.ones(n_classes), 50).round(decimals)
    if (proba.sum(axis=1) > 0.5).all():  # else nothing is left of them
        assert np.abs(proba.sum(axis=1) - 1).max() <= tolerance(proba) + 1e-9
    assert tolerance(rng.dirichlet(np.ones(n_classes), 50)) <= 0.01


@pytest.mark.parametrize(("yes", "no"), [("WAHR", "FALSCH"), ("VRAI", "FAUX"), ("TRUE", "False")])
def test_a_spreadsheets_truths_are_taken(tmp_path, yes, no):
    frame = pd.DataFrame({"example_id": [1, 2], "loss": [1, 0], "is_error": [yes, no]})
    found = read_prediction_tables.read_folder(written(tmp_path, {"dev": frame}))[0].tables["dev"]
    assert found.is_error.tolist() == [True, False]


def test_losses_that_may_be_per_cent_are_asked_about(tmp_path, capsys):
    frame = pd.DataFrame({"example_id": [1, 2], "loss": [3.5, 87.0], "is_error": [False, True]})
    read_prediction_tables.read_folder(written(tmp_path, {"dev": frame}))
    assert "per cent" in capsys.readouterr().err


def test_files_of_systems_and_columns_that_are_only_shown_are_passed_over(tmp_path):
    frame = pd.DataFrame({"example_id": [1], "loss": [0], "note": ["x"], "quality": ["ähm"]})
    folder = written(tmp_path, {"dev": frame})
    for name in (".DS_Store", "._dev.csv", "~$dev.csv", "dev.csv.part", "README"):
        (folder / name).write_bytes(b"\0\1")
    assert [*read_prediction_tables.read_folder(folder)[0].tables["dev"].frame.columns] == [
        "example_id",
        "loss",
        "weight",
        "is_error",
    ]


@pytest.mark.parametrize("missing", ["nan", "NA", "", "NULL"])
def test_a_missing_group_is_refused_by_row(tmp_path, missing):
    (tmp_path / "dev.csv").write_text(f"example_id,loss,group_id\n1,0,g\n2,0,{missing}\n")
    with pytest.raises(FoursplitError, match="column 'group_id', row 2 is missing"):
        read_prediction_tables.read_folder(tmp_path)


def test_models_of_two_folders_are_compared_by_the_same_ids(tmp_path):
    whole = pd.DataFrame({"example_id": [1, 2, 3], "loss": [0, 1, 0]})
    first = written(tmp_path / "a", {"dev": whole})
    second = written(tmp_path / "b", {"dev": whole.astype({"example_id": float})})
    third = written(tmp_path / "c", {"dev": whole.assign(example_id=["001", "002", "003"])})
    found = read_prediction_tables.read_folders([first, second, third])
    ids = [models[0].tables["dev"].frame["example_id"].tolist() for models in found]
    assert ids[0] == ids[1] == ids[2]


def test_an_answer_that_no_label_is_gets_a_note(tmp_path, capsys):
    frame = of_classes(["cat", "dog", "bird"] * 5, ["cat", "dog", "a bird"] * 5)
    read_prediction_tables.read_folder(written(tmp_path / "one", {"dev": frame}))
    said = capsys.readouterr().err
    assert "'a bird'" in said
    assert "5 rows" in said
    read_prediction_tables.read_folder(
        written(tmp_path / "two", {"dev": frame.assign(y_hat=frame["y"])})
    )
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("names", [["NA", "EU"], ["None", "null"]])
def test_what_spells_a_missing_value_may_name_a_class(tmp_path, names):
    frame = of_classes(names * 5, [names[0]] * 10)
    found = read_prediction_tables.read_folder(written(tmp_path, {"dev": frame}))[0].tables["dev"]
    assert found.error == 0.5
    assert set(found.frame["y"]) == set(names)


def test_a_label_missing_among_numbers_is_refused_by_row(tmp_path):
    with pytest.raises(FoursplitError, match="column 'y', row 2 is missing"):
        read_prediction_tables.read_folder(
            written(tmp_path, {"dev": of_classes(["1", "NaN", "0"], [1, 0, 0])})
        )
