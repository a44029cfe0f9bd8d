"""Manifests fit their schemas, and what does not fit is refused; what they say of each other."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import ROOT

FOLDER = ROOT / "deploy"
IMAGE = "registry.example.org/django-on-ray:1"


def check(folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "scripts/check_manifests.py", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def documents() -> list[dict[str, Any]]:
    paths = sorted((FOLDER / "kubernetes").glob("*.yaml"))
    return [one for path in paths for one in yaml.safe_load_all(path.read_text())]


def pods() -> list[dict[str, Any]]:
    """The specification of every pod that the manifests make."""
    found = []
    for document in documents():
        spec = document.get("spec", {})
        groups = [spec, spec.get("headGroupSpec", {}), *spec.get("workerGroupSpecs", [])]
        found += [group["template"]["spec"] for group in groups if "template" in group]
    return found


@pytest.mark.slow
def test_what_fits_no_schema_is_refused_by_place(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "deploy")

    def spoil(path: str, right: str, wrong: str) -> None:
        file = tmp_path / "deploy" / path
        assert right in file.read_text()
        file.write_text(file.read_text().replace(right, wrong, 1))

    spoil("kubernetes/web.yaml", "containerPort: 8000", "containerPort: eight")
    spoil("kubernetes/worker.yaml", "replicas: 2", "replica: 2")
    spoil("kubernetes/ray-cluster.yaml", "enableInTreeAutoscaling", "enableAutoscaling")
    spoil("kubernetes/migrate.yaml", "batch/v1", "batch/v9")
    spoil("vm/cluster.yaml", "idle_timeout_minutes", "idle_minutes")
    checked = check(tmp_path / "deploy")
    assert checked.returncode == 1, checked.stderr
    lines = {line.split(":")[0]: line for line in checked.stdout.splitlines()}
    assert "is not of type 'integer'" in lines["kubernetes/web.yaml"]
    assert "spec.template.spec.containers.0.ports.0.containerPort" in lines["kubernetes/web.yaml"]
    assert "'replica' was unexpected" in lines["kubernetes/worker.yaml"]
    assert "'enableAutoscaling' was unexpected" in lines["kubernetes/ray-cluster.yaml"]
    assert "kind Job with api version batch/v9" in lines["kubernetes/migrate.yaml"]
    assert "'idle_minutes' was unexpected" in lines["vm/cluster.yaml"]
    assert len(lines) == 5


@pytest.mark.slow
def test_a_wrong_pod_of_ray_is_refused_too(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "deploy")
    file = tmp_path / "deploy" / "kubernetes" / "ray-cluster.yaml"
    file.write_text(file.read_text().replace("fsGroup: 10001", "fsgroup: 10001"))
    [line] = check(tmp_path / "deploy").stdout.splitlines()
    assert line.startswith("kubernetes/ray-cluster.yaml: spec.headGroupSpec.template.spec")
    assert "'fsgroup' was unexpected" in line


@pytest.mark.slow
def test_the_autoscaler_reads_what_we_mean() -> None:
    from ray.autoscaler._private.kuberay import autoscaling_config

    [cluster] = [one for one in documents() if one["kind"] == "RayCluster"]
    named = cluster | {"metadata": {"namespace": "default"} | cluster["metadata"]}
    config = autoscaling_config._derive_autoscaling_config_from_ray_cr(named)
    node, head = config["available_node_types"]["cpu"], config["available_node_types"]["headgroup"]
    assert (node["min_workers"], node["max_workers"]) == (1, 20)
    assert (node["resources"]["CPU"], head["resources"]["CPU"]) == (4, 0)
    assert config["idle_timeout_minutes"] == 2


def test_workers_hand_out_as_much_as_the_largest_cluster_computes() -> None:
    """Or it would never grow so large: nothing would wait for a node."""
    kinds = {one["kind"] + one["metadata"]["name"]: one.get("spec") for one in documents()}
    workers, [group] = kinds["Deploymentqueue-worker"], kinds["RayClusterray"]["workerGroupSpecs"]
    *_, option, each = workers["template"]["spec"]["containers"][0]["args"]
    [node] = group["template"]["spec"]["containers"]
    assert option == "--concurrency"
    cpus = group["maxReplicas"] * int(node["resources"]["limits"]["cpu"])
    assert workers["replicas"] * int(each) == cpus


def test_pods_run_the_one_image_as_its_user_without_privileges() -> None:
    assert len(pods()) == 5
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["runAsUser"] == 10001
        [container] = pod["containers"]
        assert container["image"] == IMAGE
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["envFrom"][0] == {"configMapRef": {"name": "queue"}}
        assert container["resources"]["limits"]["memory"]


def test_what_is_mounted_claimed_and_asked_is_there() -> None:
    kinds = {(one["kind"], one["metadata"]["name"]): one for one in documents()}
    for pod in pods():
        for volume in pod.get("volumes", []):
            claim = volume["persistentVolumeClaim"]["claimName"]
            assert ("PersistentVolumeClaim", claim) in kinds
    cluster = next(name for kind, name in kinds if kind == "RayCluster")
    config = kinds["ConfigMap", "queue"]["data"]
    assert config["RAY_ADDRESS"] == f"ray://{cluster}-head-svc:10001"
    assert config["RAY_AUTOSCALES"] == "true"
    scaler = kinds["HorizontalPodAutoscaler", "queue-web"]["spec"]["scaleTargetRef"]
    assert (scaler["kind"], scaler["name"]) in kinds


def test_every_variable_that_they_set_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    [config] = [one for one in documents() if one["kind"] == "ConfigMap"]
    others = {"RAY_USAGE_STATS_ENABLED", "GRPC_ENABLE_FORK_SUPPORT"}  # of Ray and gRPC
    for name in set(config["data"]) - others:
        assert f"`{name}`" in page, name


def test_what_grows_stays_within_the_connections_that_the_guide_asks_for() -> None:
    named = {(one["kind"], one["metadata"]["name"]): one for one in documents()}
    settings = named["ConfigMap", "queue"]["data"]
    threads, processes = int(settings["WEB_THREADS"]), int(settings["WEB_CONCURRENCY"])
    pods = named["HorizontalPodAutoscaler", "queue-web"]["spec"]["maxReplicas"]
    worker = named["Deployment", "queue-worker"]["spec"]
    [container] = worker["template"]["spec"]["containers"]
    tasks = worker["replicas"] * int(container["args"][-1])
    most = pods * processes * (threads + 1) + worker["replicas"] * 3 + tasks + 10
    guide = (ROOT / "docs/howto/autoscaling.md").read_text()
    assert f"{most} connections, so" in guide
    assert most <= int(guide.partition("`max_connections = ")[2].partition("`")[0])


def test_only_the_web_part_has_the_key_that_signs() -> None:
    guide = (ROOT / "docs/howto/autoscaling.md").read_text()
    _, _, common = guide.partition("create secret generic queue \\\n")
    assert "SECRET_KEY" not in common.partition("$ kubectl")[0]
    assert "create secret generic queue-web \\\n       --from-literal=SECRET_KEY=" in guide
    having = {
        container["name"]
        for pod in pods() for container in pod["containers"]
        if {"secretRef": {"name": "queue-web"}} in container["envFrom"]
    }  # fmt: skip
    assert having == {"web"}
