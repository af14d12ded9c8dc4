"""A small network's winner: noise of three classes, weights as they are drawn."""

import numpy as np
import pandas as pd
import torch

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.schema import RuntimeConfig
from foursplit.core.examples import DataSpec, Examples
from foursplit.evaluation import experiment_tables
from foursplit.evaluation.predict import load_predictor
from foursplit.io import artifacts
from foursplit.training.manifest import Manifest, arguments, code_hash, save

GROUP, KEY = "pictures", "pictures_lenet"

SHAPE = DataSpec(inputs=(1, 8, 8), classes=("bird", "cat", "dog"))

RUN = RuntimeConfig(accelerator="cpu", threads=1, instruction_set="portable")


ARGS = {"channels": [4, 8], "hidden": [16, 8]}


def examples(shape=SHAPE, n=40):
    """Draw noise: what a network makes of it is all that is asked here."""
    x = np.random.default_rng(n).uniform(0, 16, (n, *shape.inputs)).astype(np.float32)
    names = [f"picture-{number}" for number in range(n)]
    rows = {"example_id": names, "group_id": names, "domain": "all", "y": np.arange(n) % 3}
    return Examples(x=x, metadata=pd.DataFrame({**rows, "content": names}))


def train(model="lenet", model_args=ARGS, shape=SHAPE):
    """Leave weights, manifest and tables in the project, as the stages do."""
    trained = paths.seed_folder(paths.models(GROUP, KEY), 1)
    trained.mkdir(parents=True)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        net = plugins.model(model).build(arguments(model, model_args, "test"), shape)
        for parameter in net.parameters():  # as drawn, all classes would be alike
            torch.nn.init.normal_(parameter, std=0.3)
    weights = trained / "model.safetensors"
    artifacts.write_tensors(weights, net.state_dict())
    save(
        trained,
        Manifest(
            experiment=KEY,
            task="classify",
            model=model,
            model_args=model_args,
            engine="network",
            seed=1,
            shape=shape.as_json(),
            device="cpu",
            threads=1,
            instruction_set="portable",
            code=code_hash(model),
            data={},
            model_hash=artifacts.sha256_file(weights),
            n_parameters=1,
            flops=None,
            size_bytes=weights.stat().st_size,
        ),
    )
    _, answer = load_predictor(trained, RUN)
    part = paths.seed_folder(paths.final(GROUP), 1)
    part.mkdir(parents=True)
    found = examples(shape)
    for split in ("dev", "test"):
        experiment_tables.save(
            part,
            split,
            experiment_tables.build_table(found, answer(found), split, "classify", shape),
        )
