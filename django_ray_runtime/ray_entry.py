"""Getting into a Ray: its token, its addresses, its versions.

Ray itself tries for half a minute where it is refused, and tells why in its log only. Here its head
is asked first, in milliseconds, and what is refused is told in one line that says what to set.
"""

import json
import os
import re
import secrets
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from django_ray_runtime.exceptions import RayUnavailable

# Ray reads these once; `apply` has it read them again.
MODE, TOKEN, TOKEN_PATH = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"
# On Linux Ray rewrites a loopback address to the routable one unless this is 0.
REWRITES = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
VARIABLES = (MODE, TOKEN, TOKEN_PATH, REWRITES)

ANSWER_SECONDS = 10.0
_PROTOCOL = "ray.core.generated"

type Variables = Mapping[str, str | None]


def variables() -> Variables:
    """What is set now, for `apply`."""
    return {name: os.environ.get(name) for name in VARIABLES}


def apply(wanted: Variables) -> None:
    """Set or unset these in the environment, which Ray's processes inherit, and in its modules."""
    from ray._raylet import AuthenticationTokenLoader, Config  # type: ignore[attr-defined]

    for name, value in wanted.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    constants: Any = import_module("ray._private.ray_constants")
    constants.ENABLE_RAY_CLUSTER = constants.env_bool(REWRITES, sys.platform == "linux")
    Config.initialize("")
    AuthenticationTokenLoader.instance().reset_cache()


def secure_our_own() -> None:
    """A Ray of our own listens on loopback only, and asks for a token: the one that is configured,
    else one that only its processes have. Ray would keep one for all in the home directory."""
    wanted: dict[str, str | None] = {REWRITES: "0"}
    if os.environ.get(MODE, "").lower() != "disabled":
        wanted[MODE] = "token"
        if not (os.environ.get(TOKEN) or os.environ.get(TOKEN_PATH)):
            wanted[TOKEN] = secrets.token_hex(32)
    apply(wanted)


def demand_entry(address: str) -> None:
    """See to it that `HOST:PORT` or `ray://HOST:PORT` takes this process, with the token that is
    configured.

    Raises RayUnavailable, saying what is refused and what to set.
    """
    _use_token()
    try:
        grpc = import_module("grpc")
        utils = import_module("ray._private.grpc_utils")
    except ImportError:  # Ray without its extras: it has to find out by itself
        return
    channel = utils.init_grpc_channel(address.removeprefix("ray://"))
    try:
        if address.startswith("ray://"):
            _ask_client_server(channel)
        else:
            _ask_head(channel, address)
    except grpc.RpcError as error:
        code = error.code().name
        raise RayUnavailable(
            _refusal(address, code, error.details()), may_pass=code not in _REFUSED
        ) from None
    finally:
        channel.close()


def explained(address: str, error: BaseException) -> RayUnavailable:
    """In one line, what Ray raised when it was joined."""
    told = str(error).strip()
    # First what the cluster has, then what this process has.
    rays, pythons = re.findall(r"Ray: (\S+)", told), re.findall(r"Python: (\S+)", told)
    if len(rays) == len(pythons) == 2:
        return RayUnavailable(_mismatch(address, rays, pythons))
    first = (told.splitlines() or [type(error).__name__])[0]
    return RayUnavailable(
        f"Ray at {address} does not take us: {first} Check the address, and the head's log.",
        may_pass=True,
    )


def _use_token() -> None:
    """Ray uses a token that it finds only where the mode says so, if it is given an address."""
    from ray._raylet import AuthenticationTokenLoader  # type: ignore[attr-defined]

    if os.environ.get(MODE) is None and _has_token(AuthenticationTokenLoader.instance()):
        apply({MODE: "token"})
    elif os.environ.get(MODE, "").lower() == "token" and not _has_token(
        AuthenticationTokenLoader.instance()
    ):
        raise RayUnavailable(f"{MODE} is token, but there is none. {_REMEDY}")


def _has_token(loader: Any) -> bool:
    try:
        return bool(loader.has_token(ignore_auth_mode=True))
    except Exception:  # Ray's own AuthenticationError: the file cannot be read, or is empty
        path = os.environ.get(TOKEN_PATH, "~/.ray/auth_token")
        raise RayUnavailable(
            f"{TOKEN_PATH}: expected a file with the cluster's token that this user can read, "
            f"got {path!r}, which is missing, empty or closed to it. {_REMEDY}"
        ) from None


_REMEDY = (
    f"Set {TOKEN} to the cluster's token, or {TOKEN_PATH} to a file that holds it: the one that "
    "its nodes were started with."
)


def _ask_client_server(channel: Any) -> None:
    asked = import_module(f"{_PROTOCOL}.ray_client_pb2")
    server = import_module(f"{_PROTOCOL}.ray_client_pb2_grpc").RayletDriverStub(channel)
    ping = asked.ClusterInfoRequest(type=asked.ClusterInfoType.PING)
    server.ClusterInfo(ping, timeout=ANSWER_SECONDS)


def _ask_head(channel: Any, address: str) -> None:
    asked = import_module(f"{_PROTOCOL}.gcs_service_pb2")
    gcs = import_module(f"{_PROTOCOL}.gcs_service_pb2_grpc")
    key = asked.InternalKVGetRequest(namespace=b"cluster", key=b"CLUSTER_METADATA")
    values = gcs.InternalKVGcsServiceStub(channel)
    if versions := values.InternalKVGet(key, timeout=ANSWER_SECONDS).value:
        try:
            import_module("ray._private.utils").check_version_info(
                json.loads(versions), "this machine"
            )
        except RuntimeError as error:
            raise explained(address, error) from None
    nodes = gcs.NodeInfoGcsServiceStub(channel).GetAllNodeInfo(
        asked.GetAllNodeInfoRequest(), timeout=ANSWER_SECONDS
    )
    heads = {node.node_manager_address for node in nodes.node_info_list if node.is_head_node}
    if heads and all(head.startswith("127.") for head in heads):
        apply({REWRITES: "0"})


# What else goes wrong when a head is asked passes when it is up.
_REFUSED = {"UNAUTHENTICATED", "UNIMPLEMENTED"}


def _refusal(address: str, code: str, details: str | None) -> str:
    if code == "UNAUTHENTICATED":
        remedy = f"Set {MODE}=token and do as follows: {_REMEDY}" if _is_off() else _REMEDY
        return f"Ray at {address} takes nobody without its token, and {_ours()}. {remedy}"
    if code == "UNIMPLEMENTED" and address.startswith("ray://"):
        return (
            f"What listens at {address} is not Ray's server for clients (by default port 10001). "
            f"A head (port 6379) is joined as {address.removeprefix('ray://')}."
        )
    if code == "UNIMPLEMENTED":
        return (
            f"What listens at {address} is not a head of Ray (by default port 6379). Ray's server "
            f"for clients (port 10001) is joined as ray://{address}."
        )
    return (
        f"No Ray answers at {address}, though something listens there ({code}: {details}). "
        "Correct the address, see whether the head is well, or use --address local."
    )


def _is_off() -> bool:
    return os.environ.get(MODE, "").lower() == "disabled"


def _ours() -> str:
    if _is_off():
        return f"{MODE} is disabled here"
    for name in (TOKEN, TOKEN_PATH):
        if os.environ.get(name):
            return f"the one of {name} is another"
    if os.environ.get(MODE) == "token":
        return "the one in ~/.ray/auth_token is another"
    return "this process has none"


def _mismatch(address: str, rays: list[str], pythons: list[str]) -> str:
    (there, here), (python_there, python_here) = rays, pythons
    told = (
        f"The cluster at {address} runs Ray {there} on Python {python_there}, this process Ray "
        f"{here} on Python {python_here}: they must be alike."
    )
    if there != here:
        return f"{told} Install ray=={there} here, or ray=={here} on every node."
    return (
        f"{told} Run the same Python on both sides; where only the last number differs, "
        "RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL=minor lets it pass."
    )
