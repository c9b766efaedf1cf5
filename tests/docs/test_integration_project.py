"""The sample integration project's own test-suite, run as its owner would."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from conftest import ROOT
from support.long import long_run

PROJECT = ROOT / "docs" / "integration-project"


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in `folder`, with the plugin as installed, or by name where it is not."""
    installed = any(e.name == "chengmai" for e in entry_points(group="pytest11"))
    plugin = () if installed else ("-p", "scenarios.pytest_plugin")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugin, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_sample_project_passes_its_own_tests():
    ran = run_pytest(PROJECT, "-q")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "6 passed" in ran.stdout


@long_run
def test_its_tests_fail_when_the_sign_does_nothing(tmp_path):
    """A suite that passes whatever the controller does would show nothing."""
    for path in PROJECT.rglob("*.*"):
        if path.suffix in (".py", ".ini"):
            copy = tmp_path / path.relative_to(PROJECT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    controller = tmp_path / "flood_sign" / "controller.py"
    text = controller.read_text(encoding="utf-8").replace('"show" if warn', '"clear" if warn')
    controller.write_text(text, encoding="utf-8")
    ran = run_pytest(tmp_path, "-q", "-k", "own_sign")
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "1 failed" in ran.stdout


@long_run
@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("speed=5000", ["speed", "5000.0", "0.1 to 1000"]),
        ("sped=50", ["'sped'", "speed"]),
        ("until='2 kg'", ["until", "2 kg"]),
        ("seed='x'", ["seed", "'x'", "a number"]),
        ("'storm'", ["names only"]),
    ],
)
def test_a_wrong_marker_is_told_in_one_line(tmp_path, mark, words):
    (tmp_path / "test_mine.py").write_text(
        f"import pytest\n@pytest.mark.chengmai({mark})\ndef test_it(chengmai):\n    pass\n"
    )
    ran = run_pytest(tmp_path, "-q")
    assert ran.returncode != 0
    lines = [line for line in ran.stdout.splitlines() if "UsageError" in line]
    assert any(all(word in line for word in words) for line in lines), ran.stdout


@long_run
def test_settings_and_markers_say_which_city(tmp_path):
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nchengmai_seed = 3\nchengmai_speed = 500\nchengmai_until = 5 min\n"
    )
    (tmp_path / "test_mine.py").write_text(
        "import pytest\n"
        "def test_settings(chengmai):\n"
        "    assert (chengmai.plan.seed, chengmai.plan.speed) == (3, 500.0)\n"
        "    assert chengmai.wait_for_truth('run_end')['t_s'] == 300.0\n"
        "@pytest.mark.chengmai(seed=4, until=None)\n"
        "def test_marker(chengmai, chengmai_city):\n"
        "    assert (chengmai.plan.seed, chengmai.plan.until_s) == (4, None)\n"
        "    assert chengmai_city(seed=5, speed=2).plan.speed == 2.0\n"
    )
    ran = run_pytest(tmp_path, "-q")
    assert ran.returncode == 0, ran.stdout
    assert "2 passed" in ran.stdout
