"""The page of a search, from the file that the stage writes."""

import pytest

from foursplit.config import paths
from foursplit.config.schema import Experiment, TrainerConfig
from foursplit.config.search import SearchConfig, SearchRange
from foursplit.core.seeds import generator
from foursplit.evaluation.search.run import Search, Trial
from foursplit.evaluation.search.space import values
from foursplit.evaluation.search.summary import summarize
from foursplit.evaluation.search.trainings import TrialResult
from foursplit.io import artifacts
from foursplit.reporting.pages import search as search_page

SPACE = {
    "fit.learning_rate": SearchRange(low=1e-4, high=1.0, scale="log"),
    "fit.momentum": SearchRange(low=0.0, high=0.99, scale="one_minus"),
    "model_args.hidden": SearchRange(choices=([4], [8])),
}


def trials(samplers, n_repeats, better):
    """Make trials whose metric is noise, and less for the sampler `better`."""
    rng = generator("search page", 1)
    found = []
    for sampler in samplers:
        for repeat in range(1, n_repeats + 1):
            for number in range(1, 7):
                drawn = {
                    "fit.learning_rate": float(10 ** rng.uniform(-4, 0)),
                    "fit.momentum": float(rng.uniform(0.01, 1)),
                    "model_args.hidden": int(rng.integers(2)),
                }
                dev = float(rng.uniform(0.3, 0.4)) - 0.2 * (sampler == better)
                result = TrialResult(
                    dev=dev, train_dev=dev, standard_error=0.02, epochs=5, rungs=(),
                    state="complete",
                )  # fmt: skip
                found.append(
                    Trial(
                        sampler=sampler,
                        repeat=repeat,
                        number=number,
                        values=values(SPACE, drawn),
                        result=result,
                    )
                )
    return found


@pytest.fixture
def write(project):
    def written(made, samplers=("random", "tpe"), n_repeats=5):
        names = {"group": "g", "dataset": "wine", "task": "classify", "model": "mlp"}
        fit = TrainerConfig(seeds=(1,), learning_rate=0.1, max_epochs=5, batch_size=None)
        search = Search(
            key="s",
            config=SearchConfig(
                week="own", experiment="e", space=SPACE, samplers=samplers, n_trials=6,
                n_repeats=n_repeats, **names,
            ),
            experiment=Experiment(week="own", model_args={}, fit=fit, **names),
            direction="minimize",
            at="s",
        )  # fmt: skip
        artifacts.write_json(paths.search("s", "json"), summarize(search, "error", made))
        return search_page.content("s")

    return written


def test_the_page_has_its_figures_and_repeats_to_the_byte(write):
    shown = write(trials(("random", "tpe"), 5, "tpe"))
    kinds = [figure["kind"] for section in shown["sections"] for figure in section["figures"]]
    assert kinds == ["lines", "table", "lines", "table", "table", "contour"]
    text = search_page.page(shown)
    assert text == search_page.page(search_page.content("s"))
    assert "<svg" in text
    assert "None" not in text
    assert "nan" not in text.lower().replace("nanjing", "")


def test_a_sampler_is_called_better_only_if_the_interval_shows_it(write):
    told = " ".join(write(trials(("random", "tpe"), 5, "tpe"))["sections"][0]["text"])
    assert "TPE is better" in told
    told = " ".join(write(trials(("random", "tpe"), 5, ""))["sections"][0]["text"])
    assert "do not distinguish TPE from random" in told


def test_one_repeat_has_no_interval_and_no_claim(write):
    shown = write(trials(("random", "tpe"), 1, "tpe"), n_repeats=1)
    assert len(shown["sections"][0]["text"]) == 1
    search_page.page(shown)


def test_a_line_of_the_parallel_coordinates_ends_at_its_metric(write):
    made = trials(("random",), 5, "")
    lines = write(made, samplers=("random",))["sections"][1]["figures"][0]["series"]
    assert len(lines) == len(made)
    assert all(len(line["y"]) == len(SPACE) + 1 for line in lines)
    assert all(0 <= y <= 1 for line in lines for y in line["y"])
    ends = sorted(line["y"][-1] for line in lines)
    assert (ends[0], ends[-1]) == (0, 1)
    assert sum(bool(line["name"]) for line in lines) == 2


def test_a_search_whose_trainings_all_diverged_says_so(write):
    none = TrialResult(
        dev=None, train_dev=None, standard_error=None, epochs=5, rungs=(), state="diverged"
    )
    tried = {"fit.learning_rate": 0.1, "fit.momentum": 0.5, "model_args.hidden": [4]}
    made = [Trial(sampler="random", repeat=1, number=1, values=tried, result=none)]
    shown = write(made, samplers=("random",), n_repeats=1)
    assert "diverged" in shown["lead"]
    search_page.page(shown)
