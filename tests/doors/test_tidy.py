"""What went from params.yaml goes from data/, and nothing else does."""

from foursplit.core.params import load
from foursplit.doors.tidy import tidy


def test_orphans_go_and_the_rest_stays(project):
    data = project / "data"
    kept = [
        "raw/wine", "models/c4w2_digits/c4w2_digits_lenet", "predictions/c4w2_digits", "own/mine",
        "final/c4w2_digits",
    ]  # fmt: skip
    orphans = [
        "raw/iris", "models/c4w2_digits/c4w2_digits_old", "models/gone", "final/gone",
        "split/.wine.abc.part",
    ]  # fmt: skip
    for name in [*kept, *orphans]:
        (data / name).mkdir(parents=True)
    (data / "selected").mkdir()
    (data / "selected" / "gone.json").write_text("{}")
    (data / "selected" / "c4w2_digits.json").write_text("{}")
    gone = {str(path.relative_to(data)) for path in tidy(load())}
    assert gone == {*orphans, "selected/gone.json"} - {"split/.wine.abc.part"}
    assert all((data / name).is_dir() for name in kept)
    assert not any((data / name).exists() for name in orphans)


def test_a_fresh_project_has_nothing_to_tidy(project):
    assert tidy(load()) == []
