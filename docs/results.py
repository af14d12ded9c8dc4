"""The tables of results in README.md and docs/benchmarks.md, from pipeline and benchmarks."""

import json
from pathlib import Path
from typing import Any

import yaml

SPLITS = ("human", "train", "train_dev", "dev", "test")


def experiments(root: Path) -> str:
    """Return the winner of each comparison in metrics.json, its errors and verdict."""
    metrics = json.loads((root / "metrics.json").read_text(encoding="utf-8"))
    params = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    lines = [
        "| comparison | candidates | winner | human | train | train-dev | dev | test | verdict |",
        "|---|---:|---|---:|---:|---:|---:|---:|---|",
    ]
    for course, rows in sorted(metrics.items()):
        groups: dict[str, list[str]] = {}
        for key in sorted(rows):
            groups.setdefault(params["experiments"][course][key]["group"], []).append(key)
        for group, keys in sorted(groups.items()):
            lines += [
                _winner_row(group, len(keys), key, rows[key]) for key in keys if "test" in rows[key]
            ]
    return "\n".join(lines)


def _winner_row(group: str, n_candidates: int, key: str, row: dict[str, Any]) -> str:
    errors = " | ".join(_percent(row.get(split)) for split in SPLITS)
    name = key.removeprefix(f"{group}_")
    tie = " (tie)" if "tied_with" in row else ""
    return f"| `{group}` | {n_candidates} | `{name}`{tie} | {errors} | {row.get('verdict', '–')} |"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def clean(root: Path) -> str:
    """Return how long the default pipeline takes from clean, and beside plain DVC."""
    folder = root / "benchmarks" / "results"
    whole = json.loads((folder / "repro.json").read_text(encoding="utf-8"))
    clean = json.loads((folder / "clean.json").read_text(encoding="utf-8"))
    return (
        f"From clean, all {clean['n_stages']} stages, MLflow's runs and the table take "
        f"{clean['seconds'] / 60:.1f} minutes on {clean['cores']} cores "
        f"(`benchmarks/clean.py`): {whole['ratio']:.1f} times faster than `dvc repro` "
        "(`benchmarks/repro.py`)."
    )


def pipeline(root: Path) -> str:
    """Say what the pipeline, a stage's start and many stages cost, DVC's way and ours."""
    folder = root / "benchmarks" / "results"
    whole = json.loads((folder / "repro.json").read_text(encoding="utf-8"))
    clean = json.loads((folder / "clean.json").read_text(encoding="utf-8"))
    books = json.loads((folder / "orchestration.json").read_text(encoding="utf-8"))
    start = books["start"]
    train = next(row for name, row in start.items() if name.startswith("train"))
    many = next(row for row in books["bookkeeping"] if row["stages"] == 100)
    return "\n".join(
        [
            f"From clean, all {clean['n_stages']} stages of the default pipeline, with MLflow's "
            f"runs and the table, take {clean['seconds'] / 60:.1f} minutes on {clean['cores']} "
            f"cores ({clean['device']}; `benchmarks/clean.py` says what each stage takes). Beside "
            f"plain DVC in one run, {whole['cores']} cores ({whole['device']}):",
            "",
            "| | `dvc repro` | `foursplit repro` |",
            "|---|---:|---:|",
            f"| the default pipeline of {whole['stages']:.0f} stages, "
            "from clean (ours with MLflow) "
            f"| {whole['dvc_repro_s']:.0f} s | {whole['foursplit_repro_s']:.0f} s |",
            f"| the same with nothing to do, CPU | {whole['idle_dvc_cpu_s']:.1f} s "
            f"| {whole['idle_foursplit_cpu_s']:.1f} s |",
            f"| start of a training stage, beside its work | {train['cold_s']:.1f} s "
            f"| {train['warm_s']:.2f} s |",
            f"| 100 stages that do nothing, CPU | {many['dvc_cpu_s']:.0f} s "
            f"| {many['foursplit_cpu_s']:.1f} s |",
            "",
            f"{whole['ratio']:.1f} times faster from clean, every lock entry equal "
            "(`benchmarks/repro.py`, `benchmarks/orchestration.py`).",
        ]
    )


COMMANDS = {
    "help": "`foursplit --help`",
    "wrong_stage": "`foursplit stage train no_such`",
    "wrong_target": "`foursplit repro no_such`",
    "wrong_group": "`foursplit gate no_such`",
    "check": "`foursplit check`, nothing edited",
    "would_run": "`foursplit repro --dry c2w3_wine_softmax`",
    "nothing_to_do": "`foursplit repro c2w3_wine_softmax`, nothing to do",
    "one_experiment_edited": "the same, its `max_epochs` edited",
    "another_model_edited": "the same, a model edited that it does not use",
}


def commands(root: Path) -> str:
    """Say what commands cost beside their work, before and after they were made lazy."""
    path = root / "benchmarks" / "results" / "commands.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    lines = [
        f"CPU seconds of whole commands, medians of runs in turn, {result['cores']} cores "
        f"({result['device']}, load {result['load']}; `benchmarks/commands.py`):",
        "",
        "| | before | now |",
        "|---|---:|---:|",
    ]
    for name, text in COMMANDS.items():
        before, after = (result["commands"][name][which]["cpu_s"] for which in ("before", "after"))
        lines.append(f"| {text} | {before:.2f} s | {after:.2f} s |")
    sizes = " and ".join(
        f"{row['again_cpu_s']:.2f} s at {row['stages']:,} stages" for row in result["sizes"]
    )
    edited = result["commands"]["one_experiment_edited"]
    return "\n".join(
        [
            *lines,
            "",
            f"With nothing to do, `foursplit repro` takes {sizes}. The table of an edited "
            f"experiment is printed after {edited['after']['table_s']:.1f} s, before that after "
            f"{edited['before']['table_s']:.1f} s.",
        ]
    )


def engine(root: Path) -> str:
    """Say what a diagnosis costs."""
    path = root / "benchmarks" / "results" / "diagnosis.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    small, large, interval = result["small"], result["large"], result["interval"]
    return (
        f"A diagnosis of {small['rows_a_split']:,} rows a split with {small['columns']} columns "
        f"takes {small['everything_s']:.1f} s beyond imports. At {large['rows']:,} rows in all the "
        f"ledger takes {large['ledger_s']:.1f} s and the slices of {large['rows_sliced']:,} dev "
        f"rows {large['slices_s']:.0f} s, in {large['peak_gb']:.1f} GB. An interval of "
        f"{interval['rows']:,} 0/1 losses takes {1000 * interval['ours_s']:.0f} ms, where drawing "
        f"rows takes {interval['rows_drawn_s']:.1f} s (`benchmarks/diagnosis.py`)."
    )


def vectorised(root: Path) -> str:
    """Return the times of loops in Python beside those of one product of arrays."""
    folder = root / "benchmarks" / "results"
    cases = json.loads((folder / "vectorised.json").read_text(encoding="utf-8"))["cases"]
    rows = [(c["what"], 1000 * c["loop_s"], 1000 * c["product_s"]) for c in cases]
    dense = json.loads((folder / "dense.json").read_text(encoding="utf-8"))
    layer = "layer of {units} units, {examples:,} examples of {inputs} inputs".format(**dense)
    rows.append((layer, dense["loops_ms"], dense["product_ms"]))
    lines = ["| the same numbers by | loops | product | times as long |", "|---|---:|---:|---:|"]
    lines += [
        f"| {what} | {_milliseconds(loop)} | {_milliseconds(product)} | {loop / product:,.0f} |"
        for what, loop, product in rows
    ]
    return "\n".join(lines)


def _milliseconds(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.2g} ms"


def gate(root: Path) -> str:
    """Say how often the gate promoted what it should, and what it should not."""
    path = root / "benchmarks" / "results" / "gate.json"
    cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
    lines = ["| the challenger is | dev examples | promoted |", "|---|---:|---:|"]
    lines += [f"| {case['case']} | {_examples(case)} | {case['promoted']:.1%} |" for case in cases]
    return "\n".join(lines)


def _examples(case: dict[str, Any]) -> str:
    """Give the number of dev examples, or where a pilot advised it, its middle."""
    return f"{case['n']:,}" if "n" in case else f"{case['n_advised'][1]:,} (median)"


def gpu(root: Path) -> str:
    """Say which trainings a GPU made faster, and whether it gave the same bytes twice."""
    path = root / "benchmarks" / "results" / "gpu.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    rows = result["experiments"]
    same = sum(row["same_bytes"] for row in rows)
    large, small = (
        [row["times_faster"] for row in rows if row["auto"] == kind] for kind in ("gpu", "cpu")
    )
    slower = sum(times < 1 for times in small)
    return (
        f"Trained twice on an {result['gpu']}, {same} of {len(rows)} networks came out with the "
        f"same bytes. The {len(large)} whose steps `auto` holds large enough took "
        f"{min(large):.1f} to "
        f"{max(large):.1f} times less than on one core; of the other {len(small)}, which it leaves "
        f"to the CPU, {slower} took longer on the GPU (`benchmarks/on_gpu.py`)."
    )


def seeds(root: Path) -> str:
    """Say what ten seeds cost at once, and how far their weights are from those of each alone."""
    path = root / "benchmarks" / "results" / "seeds.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    lines = [
        f"| network | {result['n_seeds']} seeds at once, in trainings of one "
        f"| goal: at most {result['goal']:g} "
        "| weights differ from alone by | after other rounding, by |",
        "|---|---:|---|---:|---:|",
    ]
    lines += [
        f"| {row['case']} | {row['ratio']:.1f} | {'met' if row['met'] else 'missed'} "
        f"| {row['weights_apart']:.0e} | {row['weights_by_rounding']:.0e} |"
        for row in result["cases"]
    ]
    ways = result["step_ms"]["small mlp"]
    return "\n".join(lines) + (
        f"\n\nCPU time on {result['cpu']}, one thread, `{result['instruction_set']}`. The last "
        "column is what training alone makes of first weights that differ in their last bit. A "
        f"step of the small mlp with ten seeds takes {ways['numpy']:.1f} ms, with torch's batched "
        f"products {ways['torch_bmm']:.1f} ms, by `torch.func.vmap` {ways['vmap']:.1f} ms; of one "
        f"seed alone {ways['alone']:.1f} ms (`benchmarks/seeds.py`)."
    )


def store(root: Path) -> str:
    """Say what MLflow's store costs: many writers, live curves, thousands of runs."""
    path = root / "benchmarks" / "results" / "store.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    crowds, live, many = result["crowds"], result["live_curves"], result["thousands"]
    spoilt = sum(
        crowd[how] for crowd in crowds for how in ("crashed", "lost", "duplicated", "torn")
    )
    return (
        f"{crowds[0]['writers']} runs that log at once to a fresh store, {len(crowds)} times: "
        f"{spoilt} crashed, lost, doubled or torn. Live curves add {live['more_wall']:.1%} to a "
        f"training of {live['without_s']:.0f} s ({live['more_cpu']:.1%} of its CPU). With "
        f"{many['runs']:,} runs and {many['versions']} versions of a model in the store, the gate "
        f"takes {many['gate']['seconds']:.1f} s beyond imports, the history of its group "
        f"{many['history_of_a_group']['seconds']:.1f} s and of all groups "
        f"{many['history']['seconds']:.1f} s ({many['history_of_a_group']['first_s']:.0f} s and "
        f"{many['history']['first_s']:.0f} s the first time, when nothing of it was worked out "
        "before; `benchmarks/store.py`)."
    )


def benchmark(root: Path) -> str:
    """Give the training benchmark's rows, for each kind of device it was run on."""
    lines = [
        "| hardware | case | threads | loop, ms a step | engine, ms a step | more, ms | ratio |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for path in sorted((root / "benchmarks" / "results").glob("training-*.json")):
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        lines += [_row(result["device"], case) for case in result["cases"]]
    return "\n".join(lines)


def _row(hardware: str, case: dict[str, Any]) -> str:
    return (
        f"| {hardware} | {case['case']} | {case['threads']} | {case['loop_ms_per_step']:.2f} "
        f"| {case['engine_ms_per_step']:.2f} | {case['overhead_ms_per_step']:+.2f} "
        f"| {case['ratio']:.2f} |"
    )
