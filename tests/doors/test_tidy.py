"""What went from params.yaml goes from data/, and nothing else does."""

import json
import os

from foursplit.core.params import load
from foursplit.doors.tidy import tidy


def test_orphans_go_and_the_rest_stays(project):
    data = project / "data"
    kept = [
        "raw/wine", "models/c4w2_digits/c4w2_digits_lenet", "predictions/c4w2_digits", "own/mine",
        "final/c4w2_digits", "curves/c4w2_digits",
    ]  # fmt: skip
    orphans = [
        "raw/iris", "models/c4w2_digits/c4w2_digits_old", "models/gone", "final/gone",
        "curves/gone", "split/.wine.abc.part",
    ]  # fmt: skip
    for name in [*kept, *orphans]:
        (data / name).mkdir(parents=True)
    (data / "selected").mkdir()
    (data / "selected" / "gone.json").write_text("{}")
    (data / "selected" / "c4w2_digits.json").write_text("{}")
    curves = ["c4w2_digits_mlp.csv", "c4w2_digits_mlp.json", "c4w2_digits_lenet.json"]
    for name in [*curves, "../.gitkeep"]:
        (data / "curves" / "c4w2_digits" / name).write_text("{}")
    gone = {str(path.relative_to(data)) for path in tidy(load())}
    assert gone == {*orphans, "selected/gone.json", "curves/c4w2_digits/c4w2_digits_lenet.json"} - {
        "split/.wine.abc.part"
    }
    assert {path.name for path in (data / "curves" / "c4w2_digits").iterdir()} == {*curves[:2]}
    assert (data / "curves" / ".gitkeep").is_file()
    assert all((data / name).is_dir() for name in kept)
    assert not any((data / name).exists() for name in orphans)


def test_studies_that_went_go_and_the_rest_stays(project):
    folder = project / "data" / "studies"
    folder.mkdir(parents=True)
    for name in (".gitkeep", "gradient_descent.json", "gradient_ascent.json"):
        (folder / name).write_text("{}")
    assert [path.name for path in tidy(load())] == ["gradient_ascent.json"]
    assert {path.name for path in folder.iterdir()} == {".gitkeep", "gradient_descent.json"}


def test_what_went_from_the_real_section_goes_too(project):
    real = project / "data" / "real"
    kept = ["raw/mnist_usps", "models/c4w2_mnist_usps/c4w2_mnist_usps_lenet"]
    orphans = ["raw/usps_mnist", "models/c4w2_mnist_usps/c4w2_mnist_usps_old", "split/wine"]
    for name in [*kept, *orphans]:
        (real / name).mkdir(parents=True)
    part = real / "models" / "c4w2_mnist_usps" / "c4w2_mnist_usps_lenet" / ".seed_1.x.part"
    part.mkdir()
    gone = {str(path.relative_to(real)) for path in tidy(load())}
    assert gone == set(orphans)
    assert all((real / name).is_dir() for name in kept)
    assert not part.exists()


def test_a_fresh_project_has_nothing_to_tidy(project):
    assert tidy(load()) == []


def test_what_a_killed_run_had_not_renamed_is_removed(project):
    params = load()
    left = [
        project / "data" / "split" / "wine" / ".seen.1a2b.part",
        project / "data" / "models" / "c2w3_wine" / "c2w3_wine_softmax" / ".seed_1.x.part",
        project / "reports" / ".index.html.x.part",
        project / ".metrics.json.x.part",
    ]
    for path in left:
        path.mkdir(parents=True)
    assert tidy(params) == []
    assert not any(path.exists() for path in left)


def test_what_another_run_is_writing_stays(project):
    part = project / "data" / "split" / "wine" / ".seen.1a2b.part"
    part.mkdir(parents=True)
    folder = project / ".dvc" / "tmp"
    folder.mkdir(parents=True)
    writer = {"write": {"x": {"pid": os.getpid(), "cmd": "dvc repro"}}, "read": {}}
    (folder / "rwlock").write_text(json.dumps(writer))
    tidy(load())
    assert part.exists()
    (folder / "rwlock").write_text(json.dumps(writer)[:20])  # torn: nobody is there to write
    tidy(load())
    assert not part.exists()
