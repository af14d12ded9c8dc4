"""Stage report: pages, plots and metrics.json, from tables and JSON alone."""

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.config.pipelines import FULL
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.evaluation.results import collect
from foursplit.evaluation.siblings import with_memory
from foursplit.io import artifacts
from foursplit.reporting.pages import experiment, index_page
from foursplit.reporting.pages import lesson as lesson_page
from foursplit.reporting.pages.data_card import card
from foursplit.reporting.tables import metrics, plot_data


def run(pipeline: str | None = None) -> str:
    """Write `reports/` and `metrics.json`, or those of the pipeline `full`."""
    if pipeline not in (None, FULL):
        raise unknown_name("pipeline", pipeline, [FULL])
    params = load().of(FULL if pipeline else "")
    reports = paths.reports(params.pipeline)
    entries = with_memory(params, collect(params))
    if not entries:
        raise FoursplitError(
            "nothing to report: no experiment has been evaluated; run `dvc repro`."
        )
    cards = {name: card(name) for name in dict.fromkeys(e.experiment.dataset for e in entries)}
    with artifacts.atomic_directory(reports / "experiments") as folder:
        for entry in entries:
            group = params.group(entry.experiment.group)
            text = experiment.page(
                entry, group, cards[entry.experiment.dataset], params.diagnosis.confidence
            )
            (folder / f"{entry.key}.html").write_text(text, encoding="utf-8")
    with artifacts.atomic_directory(reports / "plots") as folder:
        (folder / "curves").mkdir()
        (folder / "errors.csv").write_text(plot_data.errors(entries), encoding="utf-8")
        for entry in entries:
            curve = plot_data.curves(entry)
            if curve is not None:
                (folder / "curves" / f"{entry.key}.csv").write_text(curve, encoding="utf-8")
    lessons = lesson_page.lessons(params)
    # An output of the default pipeline's report, be there a lesson or none.
    if not params.pipeline or any(params.lessons.values()):
        with artifacts.atomic_directory(reports / "lessons") as folder:
            for lesson in lessons:
                page = folder / f"{lesson['key']}.html"
                page.write_text(lesson_page.page(lesson), encoding="utf-8")
    artifacts.write_json(paths.metrics(params.pipeline), metrics.tree(entries))
    index = reports / "index.html"
    artifacts.write_text(index, index_page.page(params, entries, cards, lessons))
    return f"{len(entries)} experiments: {index.relative_to(paths.root())}"
