"""Every command with all its options, as argparse knows them."""

from argparse import Action
from collections.abc import Iterator

from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, DjangoHelpFormatter

OURS = ("django_ray_runtime", "generation", "project", "ray_services")
HEAD = """\
# Every command and its options

<!-- Made by `make reference` from the commands; change those, not this. -->

`manage.py COMMAND --help` says the same. What Django gives every command (`--settings`,
`--verbosity`, `--traceback`, …) is left out. How they are used:
[Commands for operating the queue](commands.md), [generating games](generation.md).
"""


def render() -> str:
    """The page."""
    return "\n".join([HEAD, *(part for name, app in _commands() for part in _section(name, app))])


def _commands() -> Iterator[tuple[str, str]]:
    names = {config.name for config in apps.get_app_configs()} & set(OURS)
    for app in sorted(names):
        yield from sorted((name, app) for name, owner in get_commands().items() if owner == app)


def _section(name: str, app: str) -> list[str]:
    command: BaseCommand = load_command_class(app, name)
    parser = command.create_parser("manage.py", name)
    formatter = parser._get_formatter()
    lines = [f"## `{name}`", "", f"{_tidy(str(command.help))}", ""]
    rows = [
        f"| {_name(action)} | {_tidy(formatter._expand_help(action)) if action.help else ''} |"
        for action in parser._actions
        if not set(action.option_strings) & {"-h", "--help", *DjangoHelpFormatter.show_last}
    ]
    return [*lines, "| option | meaning |", "|---|---|", *rows, ""] if rows else lines


def _name(action: Action) -> str:
    value = action.metavar or (
        "|".join(map(str, action.choices)) if action.choices else action.dest
    )
    value = " ".join(value) if isinstance(value, tuple) else value
    if not action.option_strings:
        return f"`{value.upper()}`"
    takes = (
        ""
        if action.nargs == 0
        else f" {value if action.metavar or action.choices else value.upper()}"
    )
    return f"`{', '.join(action.option_strings)}{takes}`".replace("|", "\\|")


def _tidy(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "\\<")
