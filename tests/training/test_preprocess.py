"""Preprocessing is fitted on train, stored without code, and answers rows as the file has them."""

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest
from tests import dirty_tables

from foursplit.config.fit import EstimatorConfig, TrainerConfig
from foursplit.config.load import load, parse
from foursplit.config.preprocess import PreprocessConfig
from foursplit.config.schema import Experiment
from foursplit.core.column import Column
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.errors import FoursplitError
from foursplit.data import to_examples
from foursplit.data.infer_data_spec import infer_data_spec
from foursplit.evaluation.predict import load_predictor
from foursplit.io import artifacts, raw_columns
from foursplit.tracking.registry import mlmodel, version_files
from foursplit.tracking.registry.loaded_model import LoadedModel, UnknownCategoryWarning
from foursplit.training import preprocess, train

COLUMNS = {
    "wait": Column("number"),
    "plan": Column("category"),
    "price": Column("number", unit="$", thousands=","),
    "age": Column("number"),
    "joined": Column("date", format="%d/%m/%Y"),
    "notes": Column("text"),
}

SPEC = DatasetSpec(
    title="Dirty",
    provenance="drawn",
    files=(),
    target="left",
    classes=("No", "Yes"),
    columns=COLUMNS,
    show=("customer_id",),
)


def table(n=240):
    dirt = pd.DataFrame(dirty_tables.dirt(n))
    return pd.concat(
        [dirty_tables.clean(n), dirt[["price", "age", "joined", "notes", "customer_id"]]], axis=1
    )


def examples(frame):
    parsed = raw_columns.parse(frame, COLUMNS, "file")
    return to_examples.to_examples(frame.drop(columns=[*COLUMNS]).join(parsed), SPEC)


def experiment(model, model_args, fit):
    return Experiment(
        week="own", dataset="dirty", task="classify_binary", model=model, model_args=model_args,
        fit=fit, group="dirty",
    )  # fmt: skip


NETWORK = TrainerConfig(seeds=(1,), learning_rate=0.03, max_epochs=3, batch_size=64)
MODELS = {
    "logistic_sklearn": ({}, EstimatorConfig(seeds=(1,))),
    "mlp": ({"hidden": [4], "single_logit": True}, NETWORK),
}


def job(model, frame):
    args, fit = MODELS[model]
    whole = examples(frame)
    n = len(whole) // 2
    splits = {
        "train": whole.take(np.arange(n)),
        "train_dev": whole.take(np.arange(n, n + n // 2)),
        "dev": whole.take(np.arange(n + n // 2, 2 * n)),
    }
    raw = train.Job(
        key="dirty_x",
        experiment=experiment(model, args, fit),
        run=load().run,
        splits=splits,
        dataset=SPEC,
        shape=infer_data_spec(splits["train"], SPEC),
        data={"train.npy": "0"},
    )
    return raw, train.prepare(raw)


@pytest.fixture(scope="module", params=MODELS)
def trained(request, tmp_path_factory):
    """Return a raw job, and the folder of its trained model."""
    folder = tmp_path_factory.mktemp("models") / "seed_1"
    raw, ready = job(request.param, table())
    train.train(ready, folder, 1)
    return raw, folder


def loaded(folder):
    return LoadedModel(folder.parent, load().run, "models:/dirty@champion")


def test_a_model_answers_rows_of_the_file_as_it_answers_its_splits(trained):
    raw, folder = trained
    _, answer = load_predictor(folder, raw.run)
    rows = table().iloc[180:240]
    expected = answer(raw.splits["dev"])
    assert expected.shape == (60, 2)
    cells = rows[[*COLUMNS]].astype("string").reset_index(drop=True)
    np.testing.assert_array_equal(loaded(folder).predict(cells), expected)
    as_dicts = rows[[*COLUMNS]].to_dict("records")
    np.testing.assert_array_equal(loaded(folder).predict(as_dicts), expected)


def test_the_same_data_give_the_same_bytes(trained, tmp_path):
    raw, folder = trained
    train.train(train.prepare(raw), tmp_path / "again", 1)
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_statistics_come_from_train_alone():
    frame = table()
    changed = frame.copy()
    changed.loc[120:, ["price", "plan", "notes"]] = ["$9,999,999.00", "unseen", "other words"]
    before, after = (job("logistic_sklearn", each)[1] for each in (frame, changed))
    assert before.preprocessor.names == after.preprocessor.names
    np.testing.assert_array_equal(before.splits["train"].x, after.splits["train"].x)


def test_a_column_that_lacks_and_a_cell_that_does_not_fit_are_named(trained):
    model, rows = loaded(trained[1]), table().head(5)
    with pytest.raises(FoursplitError, match="'age', 'joined'"):
        model.predict(rows.drop(columns=["age", "joined"]))
    with pytest.raises(FoursplitError, match="'price', row 3: 'cheap' is not a number"):
        model.predict(rows.assign(price=[*rows["price"][:2], "cheap", *rows["price"][3:]]))
    with pytest.raises(FoursplitError, match="'joined', row 1: '2023-02-30' is not a date"):
        model.predict(rows.assign(joined="2023-02-30"))
    with pytest.raises(FoursplitError, match="no table"):
        model.predict(np.zeros((2, 3)))


def test_missing_cells_are_answered_and_unknown_categories_are_said(trained):
    model, rows = loaded(trained[1]), table().head(4)
    empty = rows.assign(**{name: None for name in COLUMNS if name != "plan"})
    assert np.isfinite(model.predict(empty)).all()
    with pytest.warns(UnknownCategoryWarning, match=r"'plan'.*'gold' \(4 rows\)"):
        assert np.isfinite(model.predict(rows.assign(plan="gold"))).all()


def test_plain_mlflow_takes_raw_rows_and_a_version_may_have_the_preprocessing(trained, tmp_path):
    import mlflow

    (tmp_path / "seed_1").mkdir()
    for name in version_files.MODEL:
        if (trained[1] / name).is_file():
            shutil.copy(trained[1] / name, tmp_path / "seed_1")
    manifest = artifacts.read_json(trained[1] / "manifest.json")
    mlmodel.write(tmp_path, manifest, features=())
    assert "seed_1/preprocess.skops" in version_files.digests(tmp_path)
    rows = table().head(5)[[*COLUMNS]]
    answers = mlflow.pyfunc.load_model(str(tmp_path)).predict(rows)
    np.testing.assert_array_equal(answers, loaded(trained[1]).predict(rows))
    with pytest.raises(mlflow.exceptions.MlflowException, match="'age'"):
        mlflow.pyfunc.load_model(str(tmp_path)).predict(rows.drop(columns="age"))


def test_an_altered_preprocessing_is_refused(trained, tmp_path):
    copy = tmp_path / "seed_1"
    shutil.copytree(trained[1], copy)
    other = job("logistic_sklearn", table().assign(wait=1.0))[1].preprocessor
    preprocess.save(copy, other)
    with pytest.raises(FoursplitError, match=r"preprocess\.skops"):
        load_predictor(copy, trained[0].run)


ONLY = {
    "ordinal": {"plan": "ordinal", "wait": "drop", "price": "drop", "age": "drop",
                "joined": "drop", "notes": "drop"},
}  # fmt: skip


def test_ordinal_categories_are_numbers_in_order_and_unknown_ones_minus_one():
    fitted = preprocess.fit(examples(table()), COLUMNS, PreprocessConfig(columns=ONLY["ordinal"]))
    raw = raw_columns.parse(table().head(3).assign(plan=["basic", "max", "gold"]), COLUMNS, "x")
    assert fitted.transform(raw).tolist() == [[0], [1], [-1]]


@pytest.mark.parametrize("text", ["tfidf", "hashing"])
def test_text_becomes_as_many_inputs_as_are_asked_for(text):
    others = {name: "drop" for name in COLUMNS if name != "notes"}
    config = PreprocessConfig(text=text, text_features=8, columns=others)
    assert preprocess.fit(examples(table()), COLUMNS, config).apply(examples(table())).x.shape == (
        240,
        8,
    )


def test_dates_become_parts_of_the_calendar():
    others = {name: "drop" for name in COLUMNS if name != "joined"}
    config = PreprocessConfig(scale="none", columns=others)
    fitted = preprocess.fit(examples(table()), COLUMNS, config)
    raw = raw_columns.parse(table().head(1).assign(joined="29/02/2024"), COLUMNS, "x")
    found = dict(zip(fitted.names, fitted.transform(raw)[0].tolist(), strict=True))
    assert found["joined.days"] == 19782  # of 1970-01-01 to 2024-02-29: 54 years, 13 leap days, 59
    assert [found[f"joined.{part}"] for part in ("year", "month", "day", "weekday")] == [
        2024,
        2,
        29,
        3,
    ]


@pytest.mark.parametrize(
    ("block", "named"),
    [
        ({"columns": {"nothing": "drop"}}, "'nothing'"),
        ({"columns": {"plan": "tfidf"}}, "'tfidf'"),
        ({"columns": dict.fromkeys(COLUMNS, "drop")}, "no input"),
    ],
)
def test_a_block_that_does_not_fit_the_columns_is_an_error_that_names_it(block, named):
    config = parse(PreprocessConfig, block, "fit.preprocess")
    with pytest.raises(FoursplitError, match=named):
        preprocess.fit(examples(table()), COLUMNS, config)


def test_preprocess_is_refused_for_a_data_set_without_raw_columns():
    raw, _ = job("mlp", table())
    fit = dataclasses.replace(NETWORK, preprocess=PreprocessConfig())
    plain = dataclasses.replace(
        raw,
        dataset=dataclasses.replace(SPEC, columns={}),
        experiment=dataclasses.replace(raw.experiment, fit=fit),
    )
    with pytest.raises(FoursplitError, match=r"fit\.preprocess"):
        train.prepare(plain)


def test_a_calendar_has_no_number_that_grows_with_time():
    config = PreprocessConfig(date="calendar", scale="none")
    rows = examples(table())
    fitted = preprocess.fit(rows, {"joined": COLUMNS["joined"]}, config)
    assert fitted.names == ["joined.month", "joined.day", "joined.weekday", "joined.hour"]
    parsed = [
        raw_columns.parse(table().head(1).assign(joined=day), COLUMNS, "x")
        for day in ("15/03/2023", "15/03/2034")
    ]
    first, later = (fitted.transform(each)[0] for each in parsed)
    assert (first - later)[[0, 1, 3]].tolist() == [0, 0, 0]  # the weekday alone differs
