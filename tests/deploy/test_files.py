"""What Dockerfile, compose files, units and manifests refer to is there. No engine is needed."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from ray._private.runtime_env.packaging import create_package

from django_ray_runtime.ray_cluster import NEVER_SHIPPED
from tests.deploy import compose
from tests.services.dockerfiles import ignored_by, steps_of
from tests.support import ROOT

DOCKERFILE = ROOT / "Dockerfile"
FILES = [ROOT / "docker-compose.yml", ROOT / "docker-compose-ray.yml"]
GUIDE = ROOT / "docs" / "howto" / "deploy.md"


def steps(instruction: str) -> list[str]:
    return [given for step, given in steps_of(DOCKERFILE) if step == instruction]


def variables(path: Path) -> set[str]:
    return {found["name"] for found in compose.VARIABLE.finditer(path.read_text())}


def test_the_image_has_the_code_of_all_applications() -> None:
    copied = {given.split()[-1] for given in steps("COPY")}
    for name in settings.INSTALLED_APPS:
        top = name.split(".")[0]
        assert top == "django" or top in copied, f"COPY {top} is missing"
    assert {"manage.py", "gunicorn.conf.py"} <= copied


def test_what_is_copied_is_there_and_not_ignored() -> None:
    ignored = ignored_by(ROOT / ".dockerignore")
    for given in steps("COPY"):
        source = next(word for word in given.split() if not word.startswith("--"))
        if "--from=" not in given:
            assert (ROOT / source).exists(), source
            assert not any(Path(source).full_match(pattern) for pattern in ignored), source


def test_everything_else_stays_out_of_the_context() -> None:
    ignored = ignored_by(ROOT / ".dockerignore")
    copied = {given.split()[-1] for given in steps("COPY")}
    tops = {path for path in ROOT.iterdir() if path.is_dir() and path.name not in copied}
    sent = {path.name for path in tops if not any(Path(path.name).full_match(p) for p in ignored)}
    assert not sent, f"Add to .dockerignore: {sent}"
    for secret in (".env", ".env.production", *guide_files(), ".secret-key", "db.sqlite3"):
        assert any(Path(secret).full_match(pattern) for pattern in ignored), secret


def guide_files() -> set[str]:
    """The files in the clone into which the guide has secrets written."""
    found = set(re.findall(r"^\$ cat >+ (\S+) <<", GUIDE.read_text(), re.MULTILINE))
    assert found, "we look where they are"
    return found


def test_git_sees_no_secrets_that_the_guide_has_written_into_the_clone() -> None:
    def ignored(name: str) -> bool:
        return not subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT).returncode

    assert all(ignored(name) for name in (*guide_files(), ".env", ".secret-key"))
    assert not ignored(".env.example")


def test_no_secrets_travel_with_the_code_to_a_cluster(tmp_path: Path) -> None:
    """By Ray's own packing, of a folder without a .gitignore."""
    code = tmp_path / "code"
    (code / "sub").mkdir(parents=True)
    for folder in (code, code / "sub"):
        for name in (*guide_files(), ".env", ".env.production", ".secret-key", "tasks.py"):
            (folder / name).write_text("x")
    packed = tmp_path / "code.zip"
    create_package(str(code), packed, True, excludes=list(NEVER_SHIPPED))
    sent = {name for name in zipfile.ZipFile(packed).namelist() if not name.endswith("/")}
    assert sent == {"tasks.py", "sub/tasks.py"}


def test_the_image_is_small_and_its_user_a_number() -> None:
    version = (ROOT / ".python-version").read_text().strip()
    assert steps("FROM") == [f"python:{version}-slim AS builder", f"python:{version}-slim"]
    text = DOCKERFILE.read_text()
    last = text[text.rindex("FROM") :]
    assert "pip" not in last, "what installs stays in the first stage"
    assert "apt" not in text
    [user] = steps("USER")
    assert int(user) > 1000
    assert f"useradd --uid {user} " in last


def test_what_is_run_belongs_to_root_and_its_user_gets_folders_of_files_alone() -> None:
    for dockerfile in (DOCKERFILE, *sorted((ROOT / "ray_services").glob("*/Dockerfile"))):
        names = [step for step, _ in steps_of(dockerfile)]
        assert names.index("USER") > max(i for i, name in enumerate(names) if name == "RUN")
        text = dockerfile.read_text()
        assert "--chown" not in text, dockerfile
        assert re.findall(r"chown (.*)", text) == ["-R 10001 /app/compiled /data"], dockerfile
        assert "ENV NUMBA_CACHE_DIR=/app/compiled\n" in text, dockerfile


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_variables_are_in_the_example_and_in_the_guide(path: Path) -> None:
    given, guide = compose.example(), GUIDE.read_text()
    assert variables(path)
    assert variables(path) <= set(given)
    assert {name for name in variables(path) if f"`{name}`" not in guide} == set()


def test_the_example_holds_no_secret_and_nothing_unused() -> None:
    used = variables(FILES[0]) | variables(FILES[1])
    assert set(compose.example()) == used
    for name, value in compose.example().items():
        if name.endswith(("KEY", "PASSWORD", "TOKEN", "TOKENS")):
            assert not value, f"{name} is for everybody to fill in"
    assert "\n.env\n" in (ROOT / ".gitignore").read_text()


def test_without_its_secrets_nothing_comes_up() -> None:
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "RAY_AUTH_TOKEN"):
        with pytest.raises(KeyError, match=name):
            compose.services(compose.filled_in() | {name: ""})


def test_every_part_of_the_cluster_has_the_token_the_code_and_the_files() -> None:
    values = compose.filled_in()
    services = compose.services(values)
    for name in ("web", "worker", "ray-head", "ray-node"):
        service = services[name]
        environment = service["environment"]
        assert environment["RAY_AUTH_MODE"] == "token"
        assert environment["RAY_AUTH_TOKEN"] == values["RAY_AUTH_TOKEN"]
        assert environment["RESULTS_SHARED"] == "true"
        assert environment["DATABASE_URL"].startswith("postgres://queue:")
        assert service["volumes"] == ["results:/data"]
        assert service["image"] == services["migrate"]["image"]
        assert service["restart"] == "unless-stopped"
        assert "healthcheck" in service, "the image's own asks the web part"


def test_only_the_web_part_has_the_key_that_signs() -> None:
    services = compose.services(compose.filled_in())
    having = {name for name, one in services.items() if "SECRET_KEY" in one.get("environment", {})}
    assert having == {"web"}


def test_services_speak_to_ports_that_others_open() -> None:
    services = compose.services(compose.filled_in())
    assert services["worker"]["depends_on"]["ray-node"]["condition"] == "service_healthy"
    head = " ".join(services["ray-head"]["command"])
    address = services["worker"]["environment"]["RAY_ADDRESS"]
    assert re.fullmatch(r"ray://ray-head:(\d+)", address)
    assert f"--ray-client-server-port={address.rpartition(':')[2]}" in head
    [joined] = [one for one in services["ray-node"]["command"] if one.startswith("--address=")]
    assert f"--port={joined.rpartition(':')[2]}" in head
    [port] = steps("EXPOSE")
    assert services["web"]["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_ray_is_the_version_that_is_pinned() -> None:
    pinned = re.search(r"^ray==(.+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert pinned
    cluster = yaml.safe_load((ROOT / "deploy/kubernetes/ray-cluster.yaml").read_text())
    assert cluster["spec"]["rayVersion"] == pinned[1]


def test_units_and_guides_bring_new_code_by_a_restart() -> None:
    """A reload is gunicorn's HUP: processes of the code that was there at the start."""
    folder = ROOT / "deploy" / "systemd"
    service = (folder / "django-on-ray-web.service").read_text()
    assert "ExecReload" not in service
    assert "--bind" not in service, "gunicorn would take the socket, but say two addresses"
    assert "Requires=django-on-ray-web.socket" in service
    for guide in ("deploy", "serve"):
        text = (ROOT / "docs" / "howto" / f"{guide}.md").read_text()
        assert "systemctl restart django-on-ray-web" in text
        assert "systemctl reload" not in text


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_reads_the_units(tmp_path: Path) -> None:
    units = sorted((ROOT / "deploy" / "systemd").iterdir())
    assert [unit.suffix for unit in units] == [".service", ".socket", ".service"]
    for unit in units:
        # Where the guide puts it, which is not here.
        text = unit.read_text().replace("/srv/django-on-ray/.venv/bin/python", sys.executable)
        (tmp_path / unit.name).write_text(text)
    command = ["systemd-analyze", "verify", *tmp_path.iterdir()]
    verified = subprocess.run(command, capture_output=True, text=True)
    told = [line for line in verified.stderr.splitlines() if "django-on-ray" in line]
    assert verified.returncode == 0
    assert not told
