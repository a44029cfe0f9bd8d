"""The engines over a real Ray and a real Dask give the games of one process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.ray, pytest.mark.slow]

PROGRAM = """
import django, os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()
from generation.constraints import GameConstraints
from generation.engines import GenerationEngine, GenerationEngineDask, GenerationEngineRay

if __name__ == "__main__":
    wanted = GameConstraints(min_odd=2, max_odd=4, seed=7)
    near = GameConstraints(max_repetition=3, seed=7)
    here = GenerationEngine()
    with {engine} as engine:
        for constraints, quantity in ((wanted, 30_000), (near, 2_000)):
            expected = here.generate_games(quantity, constraints)
            assert engine.generate_games(quantity, constraints) == expected
            stream = engine.generate_games_streaming(quantity, constraints, chunk_size=1_000)
            assert [game for part in stream for game in part] == expected
        assert engine._cluster is not None, "nothing was started"
    print("the same games")
"""


@pytest.mark.parametrize(
    ("engine", "module"),
    [
        ("GenerationEngineRay(num_workers=2)", "ray"),
        ("GenerationEngineDask(num_workers=2)", "distributed"),
    ],
)
def test_an_engine_gives_the_games_of_one_process(tmp_path: Path, engine: str, module: str) -> None:
    pytest.importorskip(module)
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.replace("{engine}", engine))
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, program],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "RAY_ADDRESS": "local"},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    assert "the same games" in done.stdout
