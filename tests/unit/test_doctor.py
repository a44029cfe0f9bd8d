"""What the doctor concludes, without a database or a Ray."""

import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from django_ray_runtime.doctor import cluster, machine
from django_ray_runtime.doctor.database import measure_skew
from django_ray_runtime.doctor.fleet import unimportable
from django_ray_runtime.doctor.probe import describe_process, fingerprint
from django_ray_runtime.doctor.report import Check, Verdict, ok, problem, warning, worst

PROCESS: dict[str, Any] = {
    "host": "node-1", "python": "3.13.0", "ray": "2.60.0", "django": "6.1.3",
    "settings_module": "project.settings", "code": "abc", "unimportable": {},
}  # fmt: skip
CONNECTED: dict[str, Any] = {
    "started": False, "ray": "2.60.0", "nodes": 2,
    "resources": {"CPU": 4.0, "memory": 1e9, "node:10.0.0.1": 1.0}, "here": PROCESS,
}  # fmt: skip


def conclude(**stages: Any) -> list[Check]:
    return list(cluster.findings(stages, "ray://head:10001", 5))


def bad(found: list[Check]) -> dict[str, Verdict]:
    return {check.name: check.verdict for check in found if check.verdict is not Verdict.OK}


def ticking(*moments: float) -> Callable[[], float]:
    left = iter(moments)
    return lambda: next(left)


def answering(offset: float) -> Iterator[datetime]:
    while True:
        yield datetime.fromtimestamp(1000 + offset, UTC)


def test_the_worst_verdict_counts() -> None:
    assert worst([]) is Verdict.OK
    assert worst([ok("a", "b", "c"), warning("a", "b", "c", "d")]) is Verdict.WARNING
    assert worst([problem("a", "b", "c", "d"), ok("a", "b", "c")]) is Verdict.PROBLEM


def test_a_clock_ahead_is_measured_past_the_round_trip() -> None:
    answers = answering(offset=5)
    # Five questions of 2 s each around the same moment: one second of doubt either way.
    skew = measure_skew(lambda: next(answers), ticking(*[999.0, 1001.0] * 5))
    assert skew == pytest.approx(4)


def test_a_clock_behind_is_negative() -> None:
    answers = answering(offset=-5)
    skew = measure_skew(lambda: next(answers), ticking(*[1000.0, 1000.0] * 5))
    assert skew == pytest.approx(-5)


def test_what_the_round_trip_explains_is_no_skew() -> None:
    answers = answering(offset=1)
    assert measure_skew(lambda: next(answers), ticking(*[999.0, 1001.0] * 5)) == 0


def test_the_quickest_answer_is_believed() -> None:
    answers = answering(offset=0)
    slow_then_quick = [990.0, 1004.0] * 4 + [1000.0, 1000.0]
    assert measure_skew(lambda: next(answers), ticking(*slow_then_quick)) == 0


def test_a_cluster_that_fits_has_no_findings() -> None:
    found = conclude(connected=CONNECTED, process=PROCESS)
    assert bad(found) == {}
    told = {check.name: check.message for check in found}
    assert told["resources"] == "CPU 4"
    assert "project.settings" in told["set-up"]


def test_an_address_that_does_not_answer_is_a_problem() -> None:
    [check] = conclude()
    assert (check.name, check.verdict) == ("reachable", Verdict.PROBLEM)
    assert check.message == "ray://head:10001 did not answer within 5 s."
    assert check.remedy


def test_what_the_probe_was_told_is_passed_on() -> None:
    [check] = conclude(error="Version mismatch: 2.59.0")
    assert check.message == "Version mismatch: 2.59.0"


def test_a_process_that_never_runs_is_a_problem() -> None:
    assert bad(conclude(connected=CONNECTED)) == {"set-up": Verdict.PROBLEM}


def test_a_cluster_without_cpus_is_a_problem() -> None:
    found = conclude(connected={**CONNECTED, "resources": {}}, process=PROCESS)
    assert bad(found) == {"resources": Verdict.PROBLEM}


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        ("ray", "2.59.0", Verdict.PROBLEM),
        ("python", "3.12.9", Verdict.PROBLEM),
        ("python", "3.13.7", Verdict.WARNING),
        ("django", "6.1.2", Verdict.WARNING),
        ("code", "other", Verdict.WARNING),
        ("settings_module", "other.settings", Verdict.WARNING),
    ],
)
def test_differences_between_both_sides_are_told(name: str, value: str, verdict: Verdict) -> None:
    found = conclude(connected=CONNECTED, process={**PROCESS, name: value})
    assert bad(found) == {f"same {name}": verdict}


def test_a_task_that_only_the_cluster_cannot_import_is_a_problem() -> None:
    process = {**PROCESS, "unimportable": {"a.task": "ImportError: no"}}
    assert bad(conclude(connected=CONNECTED, process=process)) == {"a.task": Verdict.PROBLEM}


def test_stages_are_found_between_what_others_print() -> None:
    told = 'hello\n{"connected": {"a": 1}}\n{not json\n{"error": "x"}\n'
    assert cluster._stages(told, "noise") == {"connected": {"a": 1}, "error": "x"}
    assert cluster._stages("", "Traceback\nValueError: no\n") == {"error": "ValueError: no"}


def test_tasks_that_cannot_be_imported_are_told() -> None:
    found = unimportable(["tests.tasks.add", "tests.tasks.gone", "tests.tasks.double"])
    assert list(found) == ["tests.tasks.gone", "tests.tasks.double"]
    assert found["tests.tasks.gone"].startswith("ImportError: The task 'tests.tasks.gone'")
    assert found["tests.tasks.double"].startswith("TypeError")


def test_a_process_describes_itself() -> None:
    described = describe_process(["tests.tasks.gone"])
    assert described["settings_module"] == "project.settings"
    assert described["code"] == fingerprint()
    assert list(described["unimportable"]) == ["tests.tasks.gone"]


def test_the_software_of_this_process_will_do() -> None:
    assert {check.verdict for check in machine.software()} == {Verdict.OK}


def test_a_package_that_is_missing_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_PACKAGES", ("no-such-package",))
    with pytest.raises(KeyError):  # every package says what it is for
        list(machine.software())
    monkeypatch.setattr(machine, "_PACKAGES", ("ray",))
    monkeypatch.setattr(machine, "version", lambda name: _absent(name))
    assert machine._package("ray").verdict is Verdict.WARNING


def _absent(name: str) -> str:
    raise machine.PackageNotFoundError(name)


def test_settings_that_cannot_be_used_are_a_problem(settings: Any) -> None:
    settings.DJANGO_RAY_RUNTIME = {"NO_SUCH_KEY": 1}
    found = list(machine.settings())
    assert [(check.name, check.verdict) for check in found] == [
        ("django_ray_runtime.E001", Verdict.PROBLEM)
    ]
    assert "NO_SUCH_KEY" in found[0].message


def test_a_periodic_task_that_may_not_run_is_a_warning(settings: Any) -> None:
    settings.DJANGO_RAY_RUNTIME = {"TASK_MODULES": ["generation", "ray_services", "pages"]}
    assert bad(list(machine.settings())) == {"django_ray_runtime.W009": Verdict.WARNING}


def test_no_backend_of_ours_is_a_problem(settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}
    assert bad(list(machine.settings())) == {"TASKS": Verdict.PROBLEM}


def test_an_address_where_nobody_listens_is_told_fast() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    stages = cluster.probe({"address": address, "task_paths": []}, 30)
    assert stages["error"].startswith(f"No Ray answers at {address}")


@pytest.mark.slow
def test_a_server_that_never_answers_does_not_hang_the_doctor(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        request = {"address": address, "task_paths": []}
        assert "connected" not in cluster.probe(request, 6)
        [check] = cluster.findings({}, address, 6)
    assert check.message == f"{address} did not answer within 6 s."


@pytest.mark.ray
@pytest.mark.slow
def test_a_real_ray_is_joined_or_started_asked_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_NUM_CPUS", "1")
    monkeypatch.setenv("RAY_OBJECT_STORE_MEMORY", "200000000")
    before = set(processes())
    found = list(cluster.ray("local", ["tests.tasks.add", "tests.tasks.gone"], 90))
    assert bad(found) == {"tests.tasks.gone": Verdict.PROBLEM}
    told = {check.name: check.message for check in found}
    assert told["reachable"].startswith("A Ray was started here")
    assert told["resources"] == "CPU 1"
    assert "project.settings" in told["set-up"]
    assert set(processes()) <= before, "something of the Ray is left"


def processes() -> Iterator[int]:
    """The living processes that work in a folder of a Ray."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if f"/ray-{os.getpid()}-".encode() in command:
                yield int(entry.name)
