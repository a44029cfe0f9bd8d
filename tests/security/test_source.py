"""Ways to write Python that would let strangers in: each place that has one is named here."""

import re
import time

import pytest

from tests.support import ROOT

PACKAGES = ("django_ray_runtime", "generation", "pages", "project", "ray_services", "workflows")
# What turns bytes or texts into code or objects of any kind. Ray's own transport is Ray's.
LOADING = re.compile(
    r"\bpickle\.loads?\(|\bpickle\.Unpickler|\bmarshal\.loads?|\bshelve\.|joblib\.load|"
    r"allow_pickle\s*=\s*True|\byaml\.(?!safe_)\w*load|(?<![\w.])eval\(|(?<![\w.])exec\(|"
    r"\bcompile\([^)]*exec|__import__\(|torch\.load|read_pickle|PickleSerializer"
)
IMPORTING = re.compile(r"\bimport_string\(|\bimport_module\(")
FETCHING = re.compile(r"\burlopen\(|\bhttpx\.|\brequests\.(get|post)|HTTPConnection\(|fsspec")
PARSING_XML = re.compile(r"\bET\.(parse|fromstring|XML|iterparse)\b|minidom|lxml|xml\.sax")
SHELL = re.compile(r"shell\s*=\s*True|\bos\.system\(|\bos\.popen\(|subprocess\.getoutput")


def places(pattern: re.Pattern[str]) -> dict[str, int]:
    """How often in which file of ours."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if count := len(pattern.findall(path.read_text())):
                found[str(path.relative_to(ROOT))] = count
    return found


def test_nothing_is_unpickled_that_a_user_could_write() -> None:
    assert places(LOADING) == {
        # Between processes of one cluster, packed by the same module.
        "django_ray_runtime/executors/dask_call.py": 2,
        # What was pickled on the same line, to see whether it can be.
        "django_ray_runtime/fanout/chunks.py": 1,
    }


def test_modules_are_imported_by_names_of_ours_alone() -> None:
    assert places(IMPORTING) == {
        "django_ray_runtime/bootstrap.py": 1,  # PRELOAD of the settings
        "django_ray_runtime/periodic.py": 1,  # `tasks` of installed apps
        "django_ray_runtime/ray_entry.py": 8,  # Ray's own modules, by their names
        "django_ray_runtime/results.py": 1,  # rows: after TASK_MODULES, and only a task
        "django_ray_runtime/task.py": 2,  # a task that is declared here
        "generation/limits.py": 1,  # GENERATION_RATE_COUNTER of the settings
        "project/tasks.py": 1,  # SESSION_ENGINE of the settings
        # Optional libraries, and the operations that are listed in code.
        "ray_services/garch_predictor/measuring.py": 1,
        "ray_services/garch_predictor/zoo.py": 1,
        "ray_services/operations.py": 1,
        "ray_services/portfolio_manager/constrained.py": 1,
        "ray_services/portfolio_manager/measuring.py": 1,
        "ray_services/sentiment_analyzer/published.py": 1,
    }


def test_nothing_is_fetched_from_an_address_that_a_user_gives() -> None:
    assert places(FETCHING) == {
        # Loopback, to see whether what was started answers.
        "project/healthcheck.py": 1,
        "project/management/commands/up.py": 1,
        "ray_services/alone/health.py": 1,
    }


@pytest.mark.parametrize("pattern", [PARSING_XML, SHELL])
def test_no_xml_is_parsed_and_no_shell_is_started(pattern: re.Pattern[str]) -> None:
    assert places(pattern) == {}


@pytest.mark.parametrize("text", ["import pickle\npickle.loads(x)", "yaml.load(f)", "eval(x)"])
def test_what_is_looked_for_would_be_found(text: str) -> None:
    assert LOADING.search(text)


def patterns_of_ours() -> dict[str, re.Pattern[str]]:
    """Every compiled pattern of our modules, and those that pydantic compiles from `pattern=`."""
    found = {}
    literal = re.compile(r"""(?:re\.\w+\(|pattern=)\s*(r?"(?:[^"\\]|\\.)*"|r?'(?:[^'\\]|\\.)*')""")
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for written in literal.findall(path.read_text()):
                text = written[2:-1] if written.startswith("r") else written[1:-1]
                found[f"{path.relative_to(ROOT)}: {text}"] = re.compile(text)
    return found


def test_no_pattern_of_ours_takes_ages() -> None:
    """A pattern that tries every way to split a text takes years for thirty characters."""
    ours = patterns_of_ours()
    assert len(ours) > 30
    pieces = [
        "a",
        "0",
        " ",
        "_",
        ".",
        "-",
        "\\",
        '"',
        "a.",
        "0,",
        "1-",
        "aA0",
        "/",
        "=",
        "<a",
        "\n",
    ]
    texts = [piece * (5_000 // len(piece)) + end for piece in pieces for end in ("", "!", "\x00")]
    for name, pattern in ours.items():
        began = time.process_time()
        for text in texts:
            pattern.match(text)
            pattern.fullmatch(text)
        assert time.process_time() - began < 2, name
