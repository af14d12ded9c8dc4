"""The threshold of two classes that is best for a metric on dev; test is scored with it as it is.

Source: Fawcett (2006), "An introduction to ROC analysis", section 3.
"""

import numpy as np

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.metrics import ranking
from foursplit.diagnosis.metrics.answers import Answers
from foursplit.diagnosis.metrics.metric import METRICS, Metric, MetricArgs

MAX_TRIED = 1000  # distinct scores, evenly spaced among those of dev


def choose_threshold(metric: Metric, args: MetricArgs, dev: Answers) -> float:
    """Return the score from which on calling positive is best for the metric on dev.

    For `recall_at_precision` it is the lowest threshold with that precision; where none has it,
    the one with the highest precision.  Of equals, the nearest to a half.
    """
    if len(dev.classes) != 2:
        raise FoursplitError(
            f"threshold: dev: {len(dev.classes)} classes have none; drop it for {metric.name}"
        )
    if not metric.thresholds:
        names = ", ".join(name for name, known in METRICS.items() if known.thresholds)
        raise FoursplitError(
            f"threshold: dev: {metric.name} has no best threshold. Valid metrics: {names}"
        )
    positive = args.positive_class(dev)
    assert positive is not None
    at = ranking.descend(dev.ranks[:, positive], dev.y == positive, dev.weight[None])
    tried = np.unique(np.linspace(0, len(at.threshold) - 1, MAX_TRIED).round().astype(int))
    # Halfway to the next score: examples near it that dev does not hold fall on either side.
    following = np.append(at.threshold[1:], at.threshold[-1])
    middle = (at.threshold + following) / 2
    if metric.name == "recall_at_precision":
        precision, recall = ranking.precisions(at)[0], ranking.recalls(at)[0]
        good = precision >= args.precision
        gain = np.where(good, 1 + recall, precision if not good.any() else -1.0)[tried]
    else:
        gain = -np.array(
            [
                metric.to_error(
                    metric.evaluate(
                        dev.with_threshold(positive, middle[number]), args, dev.weight[None]
                    ),
                    dev,
                    args,
                )[0]
                for number in tried
            ]
        )
    best = tried[gain >= np.nanmax(gain) - 1e-12]
    return float(middle[best[np.argmin(np.abs(middle[best] - 0.5))]])
