"""What web processes hold in common stays in common."""

from pathlib import Path

import psutil
import pytest

from tests.web.served import serving

pytestmark = [pytest.mark.slow, pytest.mark.any_database]


def huge_areas(pid: int) -> list[str]:
    """The areas of a process's memory for which huge pages were asked (madvise)."""
    lines = Path(f"/proc/{pid}/smaps").read_text().splitlines()
    return [line for line in lines if line.startswith("VmFlags:") and " hg" in line]


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells")
def test_nothing_that_processes_share_is_asked_for_in_huge_pages(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NUMPY_MADVISE_HUGEPAGE", "ARROW_DEFAULT_MEMORY_POOL"):
        monkeypatch.delenv(name, raising=False)
    with serving(tmp_path / "log", WEB_WARM_UP="true") as (_, master):
        family = [master.pid, *(child.pid for child in psutil.Process(master.pid).children())]
        assert len(family) == 2
        assert [huge_areas(pid) for pid in family] == [[], []]
