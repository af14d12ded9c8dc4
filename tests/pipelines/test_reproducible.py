"""The same commit gives the same bytes, and DVC's own commands do what its users expect."""

import json
import shutil

import pytest
from tests.conftest import PROJECT

WINE = "pipelines/improving/dvc.yaml:final@c2w3_wine"


@pytest.mark.slow
def test_two_clean_clones_give_the_same_bytes_in_ci(clone):
    text = clone.run(
        "foursplit", "verify", WINE, "pipelines/convolutional/dvc.yaml:train@c4w2_digits_dropout"
    )
    assert "all lock entries are equal" in text
    assert "note: differs" not in text


@pytest.mark.slow
def test_a_wrong_value_stops_dvc_with_our_words(clone):
    path = clone.folder / "params.yaml"
    path.write_text(path.read_text().replace("learning_rate: 0.05", "learning_rate: -0.05"))
    output = clone.run("dvc", "repro", WINE, code=255)
    assert "learning_rate: -0.05 must be greater than 0" in output


@pytest.mark.slow
def test_dvcs_commands_do_what_its_users_expect_in_ci(clone):
    # Stages that ran in the project are restored from its cache, as after `dvc pull --run-cache`.
    if (PROJECT / ".dvc" / "cache").is_dir():
        shutil.copytree(PROJECT / ".dvc" / "cache", clone.folder / ".dvc" / "cache")
    clone.run("foursplit", "repro")
    again = clone.run("dvc", "repro")
    assert "Running stage" not in again

    # Whatever was written is of a kind that holds no code; data/raw has what others published, and
    # nothing runs from there.
    plain = {".csv", ".gz", ".html", ".json", ".npy", ".npz"}
    plain |= {".parquet", ".safetensors", ".skops"}
    for folder in ("data", "reports"):
        files = [p for p in (clone.folder / folder).rglob("*") if p.is_file()]
        found = {p.suffix for p in files if "raw" not in p.parts}
        assert found <= {*plain, ".md", ""}, found
    tracked = {p.suffix for p in (clone.folder / "mlruns").rglob("*") if p.is_file()}
    assert tracked <= {".csv", ".html", ".json", ".md", ".svg", ".yaml"}, tracked

    metrics = json.loads(clone.run("dvc", "metrics", "show", "--json"))
    assert metrics
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost"]
    clone.run(*git, "commit", "--allow-empty", "-qam", "run")  # the same bytes: nothing to commit
    path = clone.folder / "params.yaml"
    path.write_text(path.read_text().replace("weight_decay: 0.02", "weight_decay: 0.2"))
    clone.run("foursplit", "repro")
    changed = clone.run("dvc", "metrics", "diff", "HEAD")
    assert "m1w3_cancer_logistic_l2" in changed
    assert "c4w2_digits_lenet" not in changed
    clone.run("dvc", "plots", "diff", "HEAD", "--out", "plots")
    assert (clone.folder / "plots" / "index.html").is_file()

    change = "experiments.improving.c2w3_wine_softmax.fit.max_epochs=3"
    text = clone.run("dvc", "exp", "run", "-S", change)
    assert "Running stage 'pipelines/improving/dvc.yaml:train@c2w3_wine_softmax'" in text
    assert "Running stage 'pipelines/data/dvc.yaml:fetch@wine'" not in text
    path = clone.folder / "data/models/c2w3_wine/c2w3_wine_softmax/seed_1/curves.csv"
    assert len(path.read_text().splitlines()) == 4
