"""What the tests of pages take as shown, and as the same."""

import sys
from pathlib import Path

import psutil
import pytest

from tests.docs.following import follow, shell
from tests.docs.pages import blocks_of, commands_of, matches, occurs

PAGE = """\
<!-- not run: needs two
machines -->
```console
$ false
```

```console
$ for name in a b; do
>   echo $name
> done
a
b
$ name=kept
```

Words between.

<!-- long: sleeps -->
```console
$ echo "$name and   $HOME"
kept and …
```

```json
{"not": "run"}
```

<!-- before:
first = 1
-->
```python
# kept/there.py
print("of a file")
```
"""


@pytest.mark.parametrize(
    ("expected", "came", "same"),
    [
        ("a 1\n", "a    1\n", True),
        ("a 1\n", "a 2\n", False),
        ("a …\n", "a 2 b\n", True),
        ("a …\n", "a 2\nb\n", False),
        ("a\n…\nz\n", "a\nb\nc\nz\n", True),
        ("a\n…\nz\n", "a\nz\n", True),
        ("a\n…\nz\n", "a\nb\n", False),
        ("a.c\n", "abc\n", False),
        ("a\n", "a\nb\n", False),
    ],
)
def test_an_ellipsis_stands_for_what_differs(expected: str, came: str, same: bool) -> None:
    assert matches(expected, came) is same


def test_lines_occur_in_their_order_between_others() -> None:
    assert occurs("a …\nc\n", "x\na 1\nb\nc\nd\n")
    assert not occurs("c\na …\n", "x\na 1\nb\nc\nd\n")
    assert occurs("", "anything")


def test_blocks_know_their_notes(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    first, second, third, fourth = blocks_of(page)
    assert first.notes == {"not run": "needs two\nmachines"}
    assert second.notes == {}
    assert third.notes == {"long": "sleeps"}
    assert fourth.language == "python"
    assert fourth.notes == {"before": "first = 1"}
    assert list(commands_of(second)) == [
        ("for name in a b; do\n  echo $name\ndone\n", "a\nb\n"),
        ("name=kept\n", ""),
    ]


def test_a_page_is_followed_in_one_shell(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    with shell(tmp_path) as here:
        assert follow(page, here) == 2
        assert follow(page, here, long=True) == 3
    assert (tmp_path / "kept" / "there.py").read_text().endswith('print("of a file")\n')


@pytest.mark.parametrize("shown", ["$ false", "$ echo a\nb", "$ echo a\nCommandError: b"])
def test_a_page_that_shows_what_does_not_happen_fails(tmp_path: Path, shown: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"```console\n{shown}\n```\n")
    with shell(tmp_path) as here, pytest.raises(AssertionError):
        follow(page, here)


def test_a_misspelt_note_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- notrun: reason -->\n```console\n$ false\n```\n")
    with pytest.raises(AssertionError, match="a note is one of"):
        list(blocks_of(page))


STAYS = """\
import signal, subprocess
from pathlib import Path

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
child = subprocess.Popen(["sleep", "600"])
Path("child").write_text(str(child.pid))
print("ready", flush=True)
signal.sigwait({signal.SIGTERM})
child.kill()
child.wait()
Path("ended").touch()
"""


def test_what_runs_beside_is_told_to_end_with_the_page(tmp_path: Path) -> None:
    (tmp_path / "stays.py").write_text(STAYS)
    page = tmp_path / "page.md"
    command = f"$ {sys.executable} stays.py"
    page.write_text(f"<!-- beside: stays -->\n```console\n{command}\nready\n```\n")
    with shell(tmp_path) as here:
        follow(page, here)
        child = psutil.Process(int((tmp_path / "child").read_text()))
        assert child.is_running()
    assert (tmp_path / "ended").exists()
    assert not child.is_running()


def test_what_does_not_end_when_it_is_told_is_killed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ setsid sleep 600 & echo $! > child\n```\n")
    with shell(tmp_path) as here:
        follow(page, here)
        child = psutil.Process(int((tmp_path / "child").read_text()))
    child.wait(timeout=30)
