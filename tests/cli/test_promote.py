"""`foursplit promote`: the registry alone decides, and every move has a reason."""

import json
import subprocess

import pytest
from click.testing import CliRunner
from tests.promotion import winner
from tests.promotion.winner import GROUP, KEY

from foursplit.cli.main import main
from foursplit.config import paths
from foursplit.tracking.registry import registry


@pytest.fixture
def stored(project, monkeypatch):
    """Give a champion, version 1, and a challenger, version 2, that nobody has judged."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    winner.make(project)
    winner.train(sees_strong=False)
    registry.promote(store(), None, print)
    winner.train(sees_strong=True)
    return store()


def store():
    models, tables = paths.models(GROUP, KEY), paths.final(GROUP)
    return registry.register(GROUP, models, tables, {}, print, features=())


def run(*arguments, code):
    done = CliRunner().invoke(main, ["promote", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.output


def judged(version, verdict, against=1, reasons=()):
    registry.set_tags(
        version,
        {
            registry.VERDICT: verdict,
            registry.AGAINST: str(against),
            registry.REPORT: json.dumps({"reasons": list(reasons)}),
        },
    )


def test_a_challenger_found_better_becomes_champion_and_the_time_is_kept(stored):
    judged(stored, "PROMOTE")
    assert "Version 2 is now the champion" in run(GROUP, code=0)
    assert registry.champion_number(GROUP) == 2
    times = json.loads(registry.load_champion(GROUP).tags[registry.PROMOTED])
    assert len(times) == 1
    assert times[0].endswith("Z")
    assert "version 2 is already the champion" in run(GROUP, code=0)


@pytest.mark.parametrize(("verdict", "code"), [("HOLD", 4), ("REJECT", 5)])
def test_one_that_was_not_found_better_stays_a_challenger_and_why_is_said(stored, verdict, code):
    reason = {"code": "dev_better", "holds": False, "sentence": "It is not better."}
    judged(stored, verdict, reasons=[reason])
    text = run(GROUP, code=code)
    assert f"the gate's verdict was {verdict}" in text
    assert "It is not better." in text
    assert registry.champion_number(GROUP) == 1


def test_one_that_nobody_judged_is_refused(stored):
    assert "has no verdict yet. Run `foursplit gate wines`" in run(GROUP, code=2)


def test_a_model_of_a_proposal_waits_for_its_merge(stored):
    """Continuous integration judges proposals too, and stores what it judged."""
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "main")
    main_commit = git("rev-parse", "HEAD")
    git("checkout", "-q", "-b", "proposal")
    git("commit", "-q", "--allow-empty", "-m", "proposed")
    registry.set_tags(stored, {registry.COMMIT: git("rev-parse", "HEAD")})
    git("checkout", "-q", main_commit)
    judged(stored, "PROMOTE")
    assert "Merge it first" in run(GROUP, code=2)
    assert registry.champion_number(GROUP) == 1
    git("merge", "-q", "--ff-only", "proposal")
    run(GROUP, code=0)
    assert registry.champion_number(GROUP) == 2


def git(*arguments):
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    done = subprocess.run(
        ["git", *who, *arguments], cwd=paths.root(), check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_a_verdict_against_a_former_champion_moves_nothing(stored):
    judged(stored, "PROMOTE", against="none")
    assert "`foursplit gate` again" in run(GROUP, code=2)
    assert registry.champion_number(GROUP) == 1


def test_there_is_a_way_back_for_a_reason(stored):
    judged(stored, "PROMOTE")
    run(GROUP, code=0)
    assert "pass both" in run(GROUP, "--version", 1, code=2)
    assert "pass both" in run(GROUP, "--reason", "slow", code=2)
    run(GROUP, "--version", 1, "--reason", "customers complained", code=0)
    champion = registry.load_champion(GROUP)
    assert champion.number == 1
    assert champion.tags[registry.FORCED] == "customers complained"
    assert len(json.loads(champion.tags[registry.PROMOTED])) == 2


def test_a_version_or_a_group_that_is_not_there_is_refused_with_those_that_are(stored):
    text = run(GROUP, "--version", 7, "--reason", "x", code=2)
    assert "unknown alias or version '7'" in text
    assert "challenger, champion" in text
    assert "Did you mean 'wines'?" in run("wine", code=2)


def test_a_version_whose_files_were_altered_is_not_gone_to(stored):
    path = registry.load_version(GROUP, "2").folder / "seed_1" / "model.skops"
    path.write_bytes(path.read_bytes() + b"x")
    judged_tags = {registry.VERDICT: "PROMOTE", registry.AGAINST: "1"}
    registry.set_tags(stored, judged_tags)
    assert "altered after this version was stored" in run(GROUP, code=2)
    assert registry.champion_number(GROUP) == 1


def test_a_model_of_sources_that_no_commit_holds_needs_a_reason(stored):
    registry.set_tags(stored, {registry.DIRTY: "true", registry.COMMIT: "c0ffee"})
    judged(stored, "PROMOTE")
    text = run(GROUP, code=2)
    assert "uncommitted changes on commit c0ffee" in text
    assert "--version 2 --reason TEXT" in text
    assert registry.champion_number(GROUP) == 1
    run(GROUP, "--version", 2, "--reason", "needed today", code=0)
    assert registry.champion_number(GROUP) == 2
