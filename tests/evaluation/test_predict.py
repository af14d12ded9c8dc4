"""A network's predictions are made batch by batch."""

import numpy as np
import pandas as pd
import torch
from torch import nn

from foursplit import plugins
from foursplit.core.examples import DataSpec, Examples
from foursplit.evaluation.predict import NetworkPredictor
from foursplit.training import forward_cost

SIDE = 16
SHAPE = DataSpec(inputs=(1, SIDE, SIDE), classes=("a", "b", "c"))


def test_a_batch_becomes_predictions_before_the_next_is_computed(monkeypatch, rng):
    """All outputs at once of many pictures, a number for each pixel, would fill the memory."""
    n, sizes = 100, []
    examples = Examples(
        x=rng.normal(size=(n, 1, SIDE, SIDE)).astype(np.float32),
        metadata=pd.DataFrame(index=range(n)),
    )
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Flatten(), nn.Linear(4 * SIDE**2, 3))
    score = plugins.metrics("classify")
    whole = score.postprocess(net(torch.from_numpy(examples.x)).detach().numpy(), SHAPE)

    def postprocess(outputs, shape):
        sizes.append(len(outputs))
        return score.postprocess(outputs, shape)

    monkeypatch.setattr(forward_cost, "MAX_BYTES", 8 * 4 * SIDE**2 * 4)  # of eight pictures
    monkeypatch.setattr(plugins, "metrics", lambda _: Score(postprocess))
    predicted = NetworkPredictor(net.eval(), torch.device("cpu"), SHAPE, "classify")(examples)
    assert max(sizes) <= 8
    assert sum(sizes) == n
    np.testing.assert_allclose(predicted, whole, rtol=1e-5)


class Score:
    def __init__(self, postprocess):
        self.postprocess = postprocess
