"""What docker-compose.yml says once its variables are filled in."""

import re
import secrets
from pathlib import Path
from typing import Any

import yaml

from tests.support import ROOT

# ${NAME}, ${NAME:-default}, ${NAME:?what is missing}
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


def example() -> dict[str, str]:
    """The variables of .env.example with what it gives."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def filled_in() -> dict[str, str]:
    """As a person fills it in: a secret wherever one is asked for."""
    text = (ROOT / "docker-compose.yml").read_text()
    demanded = {found["name"] for found in VARIABLE.finditer(text) if found["kind"] == "?"}
    return example() | {name: secrets.token_urlsafe(32) for name in demanded}


def services(values: dict[str, str], path: Path = ROOT / "docker-compose.yml") -> dict[str, Any]:
    """The services of this file; KeyError where a variable is demanded and not given."""

    def put(found: re.Match[str]) -> str:
        if found["kind"] == "?" and not values.get(found["name"]):
            raise KeyError(f"{found['name']}: {found['rest']}")
        return values.get(found["name"]) or (found["rest"] if found["kind"] == "-" else "")

    def walk(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: walk(value) for key, value in part.items()}
        if isinstance(part, list):
            return [walk(value) for value in part]
        return VARIABLE.sub(put, part) if isinstance(part, str) else part

    made: dict[str, Any] = walk(yaml.safe_load(path.read_text())["services"])
    return made


def in_order(services: dict[str, Any]) -> list[str]:
    """Names, each after those that it depends on."""
    done: list[str] = []
    while len(done) < len(services):
        ready = [
            name for name, service in services.items()
            if name not in done and set(service.get("depends_on", {})) <= set(done)
        ]  # fmt: skip
        assert ready, f"They wait for each other: {set(services) - set(done)}"
        done += ready
    return done
