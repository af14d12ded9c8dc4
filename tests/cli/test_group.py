"""The list of `--help` says what the commands say of themselves, and imports none of them."""

import importlib
import pkgutil
import subprocess
import sys

import click
import pytest

import foursplit.cli
from foursplit.cli.main import SECTIONS, main

LISTED = {name: listed for commands in SECTIONS.values() for name, listed in commands.items()}

LONG = 500


@pytest.mark.parametrize("name", LISTED)
def test_a_listed_sentence_is_that_of_the_command(name):
    command = main.get_command(click.Context(main), name)
    assert command.name == name
    listed = click.Command(None, help=LISTED[name][1])
    assert listed.get_short_help_str(LONG) == command.get_short_help_str(LONG)


def test_every_command_is_listed_once():
    inner = set()
    defined = set()
    for module in pkgutil.iter_modules(foursplit.cli.__path__):
        if not module.ispkg and module.name != "main":
            content = vars(importlib.import_module(f"foursplit.cli.{module.name}")).values()
            commands = [item for item in content if isinstance(item, click.Command)]
            defined |= {(command.name, module.name) for command in commands}
            groups = [item for item in commands if isinstance(item, click.Group)]
            inner |= {(n, module.name) for group in groups for n in group.commands}
    assert defined - inner == {(name, module) for name, (module, _) in LISTED.items()}
    assert main.list_commands(click.Context(main)) == [*LISTED]


def test_help_imports_no_command():
    program = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from foursplit.cli.main import main\n"
        "done = CliRunner().invoke(main, ['--help'])\n"
        "assert done.exit_code == 0 and 'learning-curve' in done.output\n"
        "print(sorted(name for name in sys.modules if name.startswith('foursplit.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    own = {"cli", "cli.group", "cli.main", "cli.printing", "core", "core.errors", "core.terminal"}
    assert done.stdout.strip() == str(sorted(f"foursplit.{name}" for name in own)), done.stderr
