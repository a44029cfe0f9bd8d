"""Draws in the database: all of a file or none."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from generation import archive
from generation.archive import (
    DrawsDiffer,
    ImportsMet,
    NoSuchDraw,
    find_draw,
    store_draws,
    with_past_draws,
)
from generation.constraints import GameConstraints
from generation.draws import read_draws
from generation.lotteries import get_lottery
from generation.models import Draw
from tests.unit.test_draws import MEGA_SENA, SAMPLE

pytestmark = pytest.mark.django_db


def test_draws_are_stored_once() -> None:
    rows = read_draws(SAMPLE, MEGA_SENA)
    assert store_draws(MEGA_SENA, rows).added == 4
    again = store_draws(MEGA_SENA, rows)
    assert (again.added, again.replaced, again.same) == (0, 0, 4)
    latest = find_draw(MEGA_SENA, None)
    assert (latest.number, latest.numbers) == (4, [1, 5, 6, 27, 42, 59])
    assert find_draw(MEGA_SENA, 2).date.isoformat() == "2030-03-18"


def test_draws_that_differ_are_refused_and_nothing_is_stored() -> None:
    rows = read_draws(SAMPLE, MEGA_SENA)
    store_draws(MEGA_SENA, rows[:1])
    Draw.objects.update(numbers=[1, 2, 3, 4, 5, 6])
    with pytest.raises(DrawsDiffer, match="draws 1 of Mega-Sena are stored with other numbers"):
        store_draws(MEGA_SENA, rows)
    assert Draw.objects.count() == 1
    done = store_draws(MEGA_SENA, rows, replace=True)
    assert (done.added, done.replaced, done.same) == (3, 1, 0)
    assert find_draw(MEGA_SENA, 1).numbers == [4, 5, 30, 33, 41, 52]


def test_lotteries_count_their_draws_apart() -> None:
    rows = read_draws(SAMPLE, MEGA_SENA)
    store_draws(MEGA_SENA, rows)
    with pytest.raises(NoSuchDraw, match="there are no draws of Quina here; see import_draws"):
        find_draw(get_lottery("quina"), None)
    with pytest.raises(NoSuchDraw, match="there is no draw 99 of Mega-Sena"):
        find_draw(MEGA_SENA, 99)


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_store_every_draw_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second looks before the first has stored anything."""
    rows = read_draws(SAMPLE, MEGA_SENA)
    original = archive._draw
    others = iter([rows[0]])

    def late(lottery, row):  # type: ignore[no-untyped-def]
        for other in others:
            Draw.objects.create(**{
                "lottery": lottery.key, "number": other.number, "date": other.date,
                "numbers": list(other.numbers),
            })  # fmt: skip
        return original(lottery, row)

    monkeypatch.setattr(archive, "_draw", late)
    with pytest.raises(ImportsMet, match="import the file again"):
        store_draws(MEGA_SENA, rows)
    monkeypatch.undo()
    assert store_draws(MEGA_SENA, rows).added == 4


class TestPastDraws:
    def test_all_that_are_stored_go_with_the_wish(self) -> None:
        store_draws(MEGA_SENA, read_draws(SAMPLE, MEGA_SENA))
        asked = GameConstraints(exclude_past=5, max_odd=4, seed=3)
        filled = with_past_draws(MEGA_SENA, asked)
        assert filled.past_draws is not None
        assert len(filled.past_draws) == 4
        assert filled.past_draws[0] == (4, 5, 30, 33, 41, 52)
        assert filled.model_copy(update={"past_draws": None}) == asked

    def test_without_the_wish_and_with_draws_given_nothing_changes(self) -> None:
        plain = GameConstraints(max_odd=4)
        assert with_past_draws(MEGA_SENA, plain) is plain
        own = GameConstraints(exclude_past=5, past_draws=((1, 2, 3, 4, 5, 6),))
        assert with_past_draws(MEGA_SENA, own) is own

    def test_where_none_are_stored_the_wish_is_refused(self) -> None:
        with pytest.raises(NoSuchDraw, match="exclude_past needs the past draws of Mega-Sena"):
            with_past_draws(MEGA_SENA, GameConstraints(exclude_past="all"))


def test_the_command_stores_and_tells(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_draws", SAMPLE, "--check")
    assert Draw.objects.count() == 0
    call_command("import_draws", SAMPLE)
    assert "4 draws, all well-formed" in (out := capsys.readouterr().out)
    assert "Mega-Sena: 4 draws added, 0 replaced, 0 were there." in out


@pytest.mark.parametrize("which", ["latest", "draw:4", "1,5,6,27,42,59"])
def test_games_can_speak_of_a_stored_draw(which: str, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_draws", SAMPLE)
    capsys.readouterr()
    asked = ["--reference-draw", which, "--repeats", "5-"]
    call_command("generate_games", "--count-only", *asked)
    assert capsys.readouterr().out == f"{6 * 54 + 1}\n"


def test_a_draw_that_is_not_stored_is_told() -> None:
    with pytest.raises(CommandError, match="there is no draw 9 of Mega-Sena here"):
        call_command(
            "generate_games", "--count-only", "--reference-draw", "draw:9", "--repeats", "0"
        )


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--reference-draw", "latest"], "--reference-draw goes with --repeats"),
        (
            ["--lottery", "super-sete", "--reference-draw", "latest", "--repeats", "1"],
            "--reference-draw has no meaning in Super Sete",
        ),
    ],
)
def test_a_draw_that_would_do_nothing_is_refused(asked: list[str], told: str) -> None:
    with pytest.raises(CommandError, match=told):
        call_command("generate_games", "--count-only", *asked)


def test_the_command_refuses_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="does not begin with the header of draws of Quina"):
        call_command("import_draws", _without_header(tmp_path), "--lottery", "quina")
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_draws", tmp_path / "missing.csv")
    assert Draw.objects.count() == 0


def _without_header(folder: Path) -> Path:
    path = folder / "draws.csv"
    path.write_text("1,2030-01-01,1,2,3,4,5\n")
    return path
