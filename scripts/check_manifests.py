"""Hold deploy/ to its schemas, offline: python scripts/check_manifests.py [FOLDER]

- deploy/kubernetes: each document to Kubernetes' own schema for its kind, strictly (from the pinned
  package kubernetes-validate). A RayCluster to deploy/schemas/ray-cluster.json, whose pods are held
  to Kubernetes' schema too, and to what Ray's own autoscaler makes of it.
- deploy/vm: to Ray's own schema of clusters, by Ray's own check.
"""

import importlib.resources
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml
from referencing import Registry, Resource

ROOT = Path(__file__).resolve().parent.parent
KUBERNETES = "1.34"
DEFINITIONS = f"kubernetes-json-schema/v{KUBERNETES}.0-local-strict/_definitions.json"


def problems(folder: Path) -> Iterator[str]:
    """One line for each document that is refused."""
    for path in sorted(folder.glob("*/*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            try:
                check(path, document)
            except jsonschema.ValidationError as error:
                place = ".".join(str(step) for step in error.path)
                yield f"{path.relative_to(folder)}: {place}: {error.message}"
            except (kubernetes_validate.SchemaNotFoundError, ValueError, KeyError) as error:
                yield f"{path.relative_to(folder)}: {getattr(error, 'message', error)}"


def check(path: Path, document: dict[str, Any]) -> None:
    if path.parent.name == "vm":
        check_machines(document)
    elif document["kind"] == "RayCluster":
        check_cluster(document)
    else:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


def check_cluster(document: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "deploy" / "schemas" / "ray-cluster.json").read_text())
    package = importlib.resources.files(kubernetes_validate)
    definitions = json.loads((package / DEFINITIONS).read_text())
    del definitions["$id"]  # here it goes by the name that our schema gives it
    registry: Registry[Any] = Registry().with_resource(
        "kubernetes", Resource.from_contents(definitions)
    )
    jsonschema.Draft202012Validator(schema, registry=registry).validate(document)
    # The same function by which the autoscaler beside Ray's head reads the object.
    from ray.autoscaler._private.kuberay import autoscaling_config as ray
    from ray.autoscaler._private.util import validate_config

    named = document | {"metadata": {"namespace": "default"} | document["metadata"]}
    validate_config(ray._derive_autoscaling_config_from_ray_cr(named))


def check_machines(document: dict[str, Any]) -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    # With what Ray fills in; unknown fields are kept, and refused.
    validate_config(prepare_config(document))


if __name__ == "__main__":
    found = list(problems(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "deploy"))
    print("\n".join(found) or "deploy/: all documents fit their schemas")
    sys.exit(1 if found else 0)
