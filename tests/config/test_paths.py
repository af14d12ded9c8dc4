"""A name says which pipeline its files are of."""

from foursplit.config import paths


def test_files_of_remote_data_lie_apart(project):
    data = project / "data"
    assert paths.raw("wine") == data / "raw" / "wine"
    assert paths.raw("mnist_usps") == data / "full" / "raw" / "mnist_usps"
    assert paths.split("mnist_usps") == data / "full" / "split" / "mnist_usps"
    assert paths.models("c4w2_mnist_usps", "k") == data / "full/models/c4w2_mnist_usps/k"
    assert paths.selected("c4w2_digits") == data / "selected" / "c4w2_digits.json"
    assert paths.reports("full") == project / "reports" / "full"
    assert paths.metrics("full").name == "metrics.full.json"


def test_a_name_that_moves_to_the_other_pipeline_is_found_there(project):
    path = project / "params.yaml"
    text = path.read_text()
    assert "    mnist_usps:\n      origin" in text
    path.write_text(text.replace("    mnist_usps:\n      origin", "    other:\n      origin"))
    assert paths.raw("mnist_usps") == project / "data" / "raw" / "mnist_usps"
    assert paths.raw("other") == project / "data" / "full" / "raw" / "other"


def test_every_lock_file_is_known(project):
    for name in ("dvc.lock", "pipelines/data/dvc.lock", "pipelines/full/data/dvc.lock"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("")
    assert len(paths.locks()) == 3
