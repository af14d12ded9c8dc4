"""`foursplit.compare`: compare two models' predictions for the same examples."""

from collections.abc import Mapping

from foursplit.api.frames import Frames, as_list, parse_metric, with_ids
from foursplit.core.seeds import generator
from foursplit.diagnosis.metrics.chosen import ChosenMetric
from foursplit.diagnosis.metrics.compare import compare_metric
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.read_options import ReadOptions
from foursplit.diagnosis.read_prediction_tables import models_from_frames
from foursplit.diagnosis.stats.paired_comparison import Comparison, compare_models
from foursplit.diagnosis.stats.seed_variance import mean_table

Tables = Mapping[str, PredictionTable]
"""A model's tables of one split, by seed."""


def compare(
    a: Frames,
    b: Frames,
    *,
    metric: str | None = None,
    positive: str | None = None,
    regression: bool = False,
) -> Comparison:
    """Compute how likely model B is better than model A, with an interval of the difference.

    `a` and `b` are data frames of one split, usually dev, or lists with one for each seed; rows
    are paired by `example_id`, or by the index.  The result's `sentence` says what came out;
    `delta`, `lo`, `hi`, `p_value` and `n_needed` are the figures.
    """
    chosen = parse_metric(metric, positive)
    is_quantity = regression or bool(chosen and chosen.metric.kind == "quantity")
    options = ReadOptions(regression=is_quantity, metric=chosen)
    frames = {
        f"{name}, seed {seed}": {"dev": with_ids(frame, "dev")}
        for name, of_model in (("a", a), ("b", b))
        for seed, frame in enumerate(as_list(of_model, name), start=1)
    }
    models = models_from_frames(frames, options)
    tables: dict[str, dict[str, PredictionTable]] = {"a": {}, "b": {}}
    for key, model in zip(frames, models, strict=True):
        name, _, seed = key.partition(", ")
        tables[name][seed] = model.tables["dev"]
    return compare_tables(tables["a"], tables["b"], chosen)


def compare_tables(a: Tables, b: Tables, metric: ChosenMetric | None) -> Comparison:
    """Compare two models' tables of one split, given by seed."""
    rng = generator("compare", 1)
    if metric is not None and metric.of_table:
        return compare_metric(metric, a, b, rng).comparison
    first, second = (mean_table([*tables.values()]) for tables in (a, b))
    return compare_models(first, second, rng, seeds=(_errors(a), _errors(b)))


def _errors(tables: Tables) -> dict[str, float]:
    """Return the error of each seed if there are several."""
    return {name: t.error for name, t in tables.items()} if len(tables) > 1 else {}
