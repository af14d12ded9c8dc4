"""What stages write lies under data/ and reports/, and our list of it is DVC's."""

from pathlib import Path

from tests.pipelines.conftest import ROOT

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.runner import stage_outputs


def test_the_list_of_outputs_is_that_of_the_pipeline_files(stages, monkeypatch):
    monkeypatch.setenv("FOURSPLIT_ROOT", str(ROOT))
    paths.root.cache_clear()
    params = load()
    found = 0
    for name, stage in stages.items():
        kind, _, key = name.partition("@")
        kind, key = ("report", "full") if name == "report_full" else (kind, key)
        outputs = {Path(out.fs_path) for out in stage.outs}
        assert {*stage_outputs.output_paths(kind, key, params)} == outputs, name
        found += len(outputs)
    assert len(stage_outputs.all_output_paths(params)) == found
    tops = {path.relative_to(ROOT).parts[0] for path in stage_outputs.all_output_paths(params)}
    assert tops == {"data", "reports", "metrics.json", "metrics.full.json"}
