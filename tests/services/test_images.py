"""Each service's Dockerfile, followed step by step in an empty folder and environment; then the
service that its command starts is driven."""

import subprocess
import sys
from pathlib import Path

import pytest

from ray_services.alone.names import PORTS
from tests.services.dockerfiles import Image, follow, steps_of
from tests.services.serving import ASKED, ask, free_port, is_up, plain
from tests.support import RAY_PRIORITY, ROOT, wait_until

CONTEXT = ROOT / "ray_services"
TOKEN = "a-token-of-the-tests-only"


@pytest.fixture(scope="module")
def _wheel() -> None:
    subprocess.run(["make", "wheel"], cwd=ROOT, check=True, capture_output=True)


def dockerfile_of(name: str) -> Path:
    return CONTEXT / name.replace("-", "_") / "Dockerfile"


@pytest.mark.parametrize("name", PORTS)
def test_a_dockerfile_says_what_the_service_is(name: str) -> None:
    steps = list(steps_of(dockerfile_of(name)))
    environment = dict(given.split("=", 1) for step, given in steps if step == "ENV")
    assert environment["SERVICE_NAME"] == name
    assert environment["RAY_DISABLE_IMPORT_WARNING"] == "1"
    assert environment["RAY_OBJECT_STORE_ALLOW_SLOW_STORAGE"] == "1"
    assert ("EXPOSE", str(PORTS[name])) in steps
    assert ("USER", "10001") in steps
    version = (ROOT / ".python-version").read_text().strip()
    assert steps[0] == ("FROM", f"python:{version}-slim")
    for step, given in steps:
        if step == "COPY" and not given.startswith("wheels"):
            assert (CONTEXT / given.split()[0]).exists(), given


@pytest.mark.long
@pytest.mark.ray
@pytest.mark.usefixtures("_wheel")
@pytest.mark.parametrize("name", list(PORTS))
def test_following_a_dockerfile_makes_a_service(name: str, tmp_path: Path) -> None:
    image = follow(dockerfile_of(name), CONTEXT, tmp_path)
    assert image.port == PORTS[name]
    refused = image.run(image.command)
    assert refused.returncode == 78
    assert "SERVICE_TOKENS" in refused.stderr
    drive(image, name)


def drive(image: Image, name: str) -> None:
    path, body = ASKED[name]
    port = free_port()
    # On loopback, though not without a token: the image listens on all addresses.
    image.environment |= {
        **RAY_PRIORITY, "SERVICE_HOST": "127.0.0.1", "SERVICE_PORT": str(port),
        "SERVICE_TOKENS": TOKEN, "RAY_NUM_CPUS": "2",
    }  # fmt: skip
    log = image.root / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            image.command, cwd=image.folder, env=image.environment, stdout=file, stderr=file
        )
    try:
        wait_until(lambda: process.poll() is not None or is_up(port), "it answers")
        assert process.poll() is None, log.read_text()
        # An engine, too, calls it ill only after it was asked again: both cores are busy with Ray.
        wait_until(lambda: image.run(image.health).returncode == 0, "it is healthy")
        assert ask(port, path, body)[0] == 401
        status, answer = ask(port, path, body, TOKEN)
        assert status == 200, answer
        wait_until(lambda: ask(port, "/status", token=TOKEN)[1]["workers"], "a worker", 90)
        status, through = ask(port, f"{path}?queued=true&wait=30", body, TOKEN)
        assert status == 200, through
        assert plain(through) == plain(answer)
    finally:
        process.terminate()
        process.wait(timeout=60)
    assert "Traceback" not in log.read_text()
    assert sys.prefix not in log.read_text()
