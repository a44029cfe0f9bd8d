"""What the compose files refer to is there. No engine is needed to see that."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ray_services.alone.names import PORTS
from tests.support import ROOT

FILES = ("docker-compose.yml", "docker-compose-ray.yml")


def composed(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return found


def dockerfile_of(service: dict[str, Any]) -> Path | None:
    build = service.get("build")
    if build is None:
        return None
    if isinstance(build, str):
        return ROOT / build / "Dockerfile"
    return ROOT / build["context"] / build["dockerfile"]


@pytest.mark.parametrize("name", FILES)
def test_all_that_is_referred_to_is_there(name: str) -> None:
    file = composed(name)
    assert all((ROOT / one).exists() for one in file.get("include", []))
    for service in file["services"].values():
        dockerfile = dockerfile_of(service)
        assert dockerfile is None or dockerfile.exists()
        for mounted in service.get("volumes", []):
            assert mounted.split(":")[0] in file["volumes"]
        assert set(service.get("depends_on", {})) <= set(file["services"])
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), "published on this machine alone"


def test_the_services_are_built_from_their_dockerfiles() -> None:
    services = composed("docker-compose-ray.yml")["services"]
    assert set(services) == {f"{name}-ray" for name in PORTS}
    for name, port in PORTS.items():
        service = services[f"{name}-ray"]
        dockerfile = dockerfile_of(service)
        assert dockerfile is not None
        assert f"SERVICE_NAME={name}\n" in dockerfile.read_text()
        assert service["environment"]["SERVICE_NAME"] == name
        assert service["environment"]["RAY_DISABLE_IMPORT_WARNING"] == "1"
        assert service["environment"]["RAY_OBJECT_STORE_ALLOW_SLOW_STORAGE"] == "1"
        assert service["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_secrets_come_from_the_environment() -> None:
    for name in FILES:
        for line in (ROOT / name).read_text().splitlines():
            key, _, value = line.strip().partition(": ")
            if key.endswith(("PASSWORD", "SECRET_KEY", "TOKENS")):
                assert ":?" in value, line
