"""What every test shares: real data, programs of the system, hypothesis profiles."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

settings.register_profile(
    "dev", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "ci",
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that lies beside the project, where there is one."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("the shared real data is not beside this checkout")
    return path


@pytest.fixture(scope="session", autouse=True)
def own_city_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep built cities of commands and their processes away from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHENGMAI_CACHE", str(tmp_path_factory.mktemp("cities")))
        yield


def find_program(name: str) -> str | None:
    """Return the path of a system program, /usr/sbin included, or None."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn a skip into a failure where nothing may be skipped."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CHENGMAI_NO_SKIPS") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"
