"""`foursplit diagnose`: diagnose the prediction tables of any model."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from foursplit.api.diagnose import measure_drift
from foursplit.core.errors import FoursplitError
from foursplit.core.terminal import line
from foursplit.diagnosis.decomposition.human_level import PEOPLE
from foursplit.diagnosis.decomposition.verdict import VerdictThresholds
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.error_analysis import annotation_sheet
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.read_options import ReadOptions
from foursplit.diagnosis.read_prediction_tables import read_folder
from foursplit.diagnosis.settings import Settings
from foursplit.io import artifacts
from foursplit.io.progress import report_elapsed
from foursplit.reporting.diagnosis_text import lines


def diagnose(
    folder: Path,
    settings: Settings,
    options: ReadOptions,
    *,
    sheets: Sequence[Path],
    json_file: Path | None,
    html_file: Path | None,
) -> None:
    """Read the tables, diagnose them, and print a summary; the files have the full result."""
    with report_elapsed(f"reading {folder}"):
        models = read_folder(folder, replace(options, note=True))
    settings = replace(settings, metric=options.metric)
    if sheets:
        models = [_add_annotations(models[0], sheets), *models[1:]]
    with report_elapsed("comparing train and dev"):
        drift = measure_drift(models[0], settings)
    with report_elapsed("diagnosing"):
        report = diagnose_as_json(models, settings, drift)
    if json_file is not None:
        artifacts.write_json(json_file, report)
    if html_file is not None:
        from foursplit.reporting.pages.diagnosis import page

        artifacts.write_text(html_file, page(report, folder.name))
    for text in lines(report):
        click.echo(line(text))


def parse_settings(
    human: Sequence[str],
    human_on: Sequence[str],
    desired_error: float | None,
    *,
    same_distribution: bool,
    min_gain: float,
) -> Settings:
    """Parse the options of the command line."""
    if desired_error is not None:
        _check_fraction("--desired-error", desired_error, f"{desired_error:g}")
    levels = parse_levels(human)
    return Settings(
        human_error=levels[PEOPLE] if [*levels] == [PEOPLE] else levels or None,
        human_on=parse_levels(human_on, "--human-error-on", needs_name=True),
        desired_error=desired_error,
        same_distribution=same_distribution,
        rule=VerdictThresholds(
            min_gain=_check_fraction("--min-gain", min_gain, f"{min_gain:g}"),
            gain_to_detect=min_gain,
        ),
    )


def parse_levels(
    texts: Sequence[str], option: str = "--human-error", *, needs_name: bool = False
) -> dict[str, float]:
    """Parse levels such as `team=0.005`; the name may be omitted unless `needs_name`."""
    levels: dict[str, float] = {}
    for text in texts:
        prefix, has_name, number = text.rpartition("=")
        name = prefix.strip() if has_name else PEOPLE
        if not name or (needs_name and not has_name):
            raise FoursplitError(f"{option} {text}: write a name and an error, such as team=0.005")
        if name in levels:
            raise FoursplitError(
                f"{option} {text}: {name!r} occurs twice; each level needs its own name"
            )
        try:
            levels[name] = _check_fraction(option, float(number), text)
        except ValueError as error:
            if isinstance(error, FoursplitError):
                raise
            raise FoursplitError(f"{option} {text}: {number!r} is not a number") from error
    return levels


def _check_fraction(option: str, level: float, text: str) -> float:
    if not 0 <= level <= 1:
        raise FoursplitError(
            f"{option} {text}: errors are fractions from 0 to 1; "
            f"for {level:g}% write {level / 100:g}"
        )
    return level


def _add_annotations(model: Model, sheets: Sequence[Path]) -> Model:
    if "dev" not in model.tables:
        raise FoursplitError("--sheet: the tables have no dev to merge it with")
    dev = annotation_sheet.merge(
        model.tables["dev"], [annotation_sheet.read(path) for path in sheets]
    )
    return replace(model, tables={**model.tables, "dev": dev})
