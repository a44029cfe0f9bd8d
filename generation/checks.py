"""System checks: what would only show when a user asks for a file that is not there."""

from django.conf import settings
from django.core import checks

from django_ray_runtime.checks import address_check, is_elsewhere
from generation import storing


@address_check
def results_are_shared(address: str) -> list[checks.CheckMessage]:
    """A job's file is written on the machine of the cluster that runs its task, and read here."""
    folder = storing.local_folder()
    if folder is None or settings.GENERATION_RESULTS_SHARED or not is_elsewhere(address):
        return []
    return [
        checks.Error(
            f"Ray at {address} is on other machines, whose tasks write jobs' files to {folder}: "
            "expected a folder that all machines share, or an object storage; this one is not "
            "declared as shared.",
            hint=(
                "Mount one folder on all machines, under the same path, and set RESULTS_DIR to it "
                "and RESULTS_SHARED=true; or give STORAGES a storage named "
                f"{storing.ALIAS!r} that is not in a file system."
            ),
            id="generation.E001",
        )
    ]
