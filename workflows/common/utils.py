"""A Ray for a flow: the platform's, a running one, or one of our own."""

import logging
import os
import threading

from django_ray_runtime import ray_cluster
from django_ray_runtime.exceptions import RayUnavailable
from workflows.common.knobs import knobs

logger = logging.getLogger(__name__)

_lock = threading.Lock()
_ours: ray_cluster.Cluster | None = None


def is_kodosumi_environment() -> bool:
    """Whether KODOSUMI_ENVIRONMENT says that the platform runs this process."""
    return os.environ.get("KODOSUMI_ENVIRONMENT", "").strip().lower() in {"1", "true"}


def initialize_ray(is_kodosumi: bool | None = None) -> bool:
    """Connect this process to Ray; whether it is usable.

    Under Kodosumi the platform has connected it already, and nothing is started. Otherwise it
    joins the Ray at RAY_ADDRESS, or one that runs here, or starts one of RAY_INIT_NUM_CPUS CPUs;
    where none of that can be done, the flow goes on without, in this process. May be called again.
    """
    global _ours
    if is_kodosumi is None:
        is_kodosumi = is_kodosumi_environment()
    with _lock:
        if is_kodosumi or ray_cluster.is_ray_available():
            return ray_cluster.is_ray_available()
        wanted = knobs()
        try:
            cluster = ray_cluster.join_or_start(
                os.environ.get("RAY_ADDRESS") or None,
                ray_num_cpus=wanted.init_num_cpus,
                ray_dashboard=wanted.dashboard_port is not None,
                ray_dashboard_port=wanted.dashboard_port or 8265,
            )
        except RayUnavailable as error:
            logger.warning("%s Going on without Ray.", error)
            return False
        _ours = cluster
        if cluster.dashboard_url:
            logger.info("Ray's dashboard: %s", cluster.dashboard_url)
        return True


def shutdown_ray(is_kodosumi: bool | None = None) -> None:
    """Undo what initialize_ray did: end the Ray that it started, leave the one that it joined,
    and touch nothing that others connected. May be called again."""
    global _ours
    if is_kodosumi is None:
        is_kodosumi = is_kodosumi_environment()
    with _lock:
        if _ours is not None and not is_kodosumi:
            _ours.close()
            _ours = None


def dashboard_url() -> str:
    """Where the dashboard of a Ray joined or started here is; empty where there is none."""
    return _ours.dashboard_url if _ours is not None else ""
