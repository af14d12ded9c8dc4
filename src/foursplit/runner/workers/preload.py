"""Third-party libraries of each stage command, which the workers import beforehand.

A missing library is imported in every child, a needless one once; neither changes a result.
"""

from foursplit.config.fit import EstimatorConfig
from foursplit.config.pipelines import FULL
from foursplit.config.schema import Params, PipelineConfig

BASE = (
    "click", "pydantic", "pydantic.type_adapter", "ruamel.yaml", "numpy", "pandas",
    "pyarrow.parquet", "pyarrow.dataset", "pyarrow.pandas_compat", "jaxtyping", "statistics",
    "scipy.special",
)  # fmt: skip
EXPECTATIONS = ("great_expectations", "great_expectations.expectations")
TORCH = ("torch", "safetensors.torch")
LIGHTNING = ("pytorch_lightning", "torch.utils.flop_counter", "filelock")
ESTIMATORS = ("sklearn.linear_model", "sklearn.pipeline", "sklearn.preprocessing", "skops.io")
SEARCH = ("optuna", "sklearn.ensemble")

PreloadPlan = dict[str, list[str]]
"""Libraries of each stage command, in the order of import."""


def preload_plan(params: Params) -> PreloadPlan:
    """Return the libraries of each stage command, in the order of import."""
    needs: dict[str, tuple[str, ...]] = {
        "code": (),
        "members": BASE,
        "report": (*BASE, "jinja2"),
        f"report {FULL}": (*BASE, "jinja2"),
    }
    for section in params.sections().values():
        needs |= _section(section)
    return {f"foursplit stage {command}": list(modules) for command, modules in needs.items()}


def _section(section: PipelineConfig) -> dict[str, tuple[str, ...]]:
    needs: dict[str, tuple[str, ...]] = {}
    for dataset in section.datasets:
        needs[f"fetch {dataset}"] = BASE
        needs[f"validate {dataset}"] = (*BASE, *EXPECTATIONS)
        needs[f"split {dataset}"] = BASE
    for course, block in section.experiments.items():
        for key, experiment in block.items():
            direct = isinstance(experiment.fit, EstimatorConfig)
            engine = ESTIMATORS if direct else ()
            needs[f"train {key}"] = (*BASE, *TORCH, *LIGHTNING, *engine)
            if key in section.curves.get(course, {}):
                needs[f"learning_curve {key}"] = needs[f"train {key}"]
            needs[f"evaluate {key}"] = (*BASE, *(ESTIMATORS if direct else TORCH))
    return needs | _lessons_and_groups(section)


def _lessons_and_groups(section: PipelineConfig) -> dict[str, tuple[str, ...]]:
    needs: dict[str, tuple[str, ...]] = {}
    for searches in section.searches.values():
        needs |= {f"search {name}": (*BASE, *TORCH, *LIGHTNING, *SEARCH) for name in searches}
    for lessons in section.lessons.values():
        needs |= {f"lesson {lesson}": BASE for lesson in lessons}
    for groups in section.groups.values():
        needs |= {f"select {group}": BASE for group in groups}
        needs |= {f"final {group}": (*BASE, *TORCH) for group in groups}
    return needs


def split_by_worker(plan: PreloadPlan) -> dict[str, PreloadPlan]:
    """Split the commands between two workers, which import in parallel."""
    plans: dict[str, PreloadPlan] = {"tables": {}, "models": {}}
    model_libraries = {*TORCH, *ESTIMATORS}
    for command, modules in plan.items():
        plans["models" if model_libraries & set(modules) else "tables"][command] = modules
    return plans
