"""Who comes to a Ray, in a process of its own: `python -m tests.visitors REQUEST`.

REQUEST is JSON: `visits` are pairs of an address and the environment in which it is joined; with
`claims` the head tells these versions as its own from then on; with `told` the answer also has all
that the head keeps of its jobs, actors and tasks. `token` is what the latter two are done with.
"""

import json
import sys
from typing import Any


def main(text: str) -> None:
    import django

    django.setup()
    from django_ray_runtime import ray_cluster, ray_entry
    from django_ray_runtime.exceptions import RayUnavailable

    ray_cluster.ray_version()
    request = json.loads(text)
    answer: dict[str, Any] = {"visits": []}
    before = ray_entry.variables()
    if request.get("claims") or request.get("told"):
        ray_entry.apply({ray_entry.MODE: "token", ray_entry.TOKEN: request["token"]})
        answer["told"] = _ask(request["head"], request.get("claims"))
    for address, env in request["visits"]:
        ray_entry.apply(dict.fromkeys(ray_entry.VARIABLES) | env)
        try:
            ray_cluster.join_or_start(address).close()
        except RayUnavailable as error:
            answer["visits"].append(str(error))
        else:
            answer["visits"].append("joined")
    ray_entry.apply(before)
    sys.stdout.write(json.dumps(answer) + "\n")


def _ask(head: str, claims: dict[str, str] | None) -> str:
    """All that the head keeps and its dashboard shows, as text."""
    from ray._private.grpc_utils import init_grpc_channel
    from ray.core.generated import gcs_service_pb2 as asked
    from ray.core.generated import gcs_service_pb2_grpc as gcs

    channel = init_grpc_channel(head)
    if claims:
        gcs.InternalKVGcsServiceStub(channel).InternalKVPut(
            asked.InternalKVPutRequest(
                namespace=b"cluster", key=b"CLUSTER_METADATA", overwrite=True,
                value=json.dumps(claims).encode(),
            )
        )  # fmt: skip
    answers = [
        gcs.JobInfoGcsServiceStub(channel).GetAllJobInfo(asked.GetAllJobInfoRequest()),
        gcs.ActorInfoGcsServiceStub(channel).GetAllActorInfo(asked.GetAllActorInfoRequest()),
        gcs.TaskInfoGcsServiceStub(channel).GetTaskEvents(asked.GetTaskEventsRequest()),
    ]
    channel.close()
    return "\n".join(map(str, answers))


if __name__ == "__main__":
    main(sys.argv[1])
