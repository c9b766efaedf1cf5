from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from scenarios.plots import Curve, Panel, write_plot
from scenarios.plots import main as plot
from sim.world.background.calendar import hours
from sim.world.background.fit.__main__ import as_text, fit_all, main
from sim.world.background.fit.compare import main as compare
from sim.world.background.fit.hermite import coefficients, of_scores
from sim.world.background.fitted import WEATHER, document, skies


def covariance(parts):
    return sum(np.array(part["loading"]) @ np.array(part["loading"]).T for part in parts)


def alike(found, shipped, where=""):
    """Hold two documents against each other, number by number."""
    if isinstance(shipped, dict):
        assert found.keys() == shipped.keys(), where
        for key in shipped:
            if key in ("city", "local"):
                # Roots of a covariance may be turned; the covariance is what was fitted.
                assert covariance(found[key]) == pytest.approx(covariance(shipped[key]), abs=2e-3)
            else:
                alike(found[key], shipped[key], f"{where}.{key}")
    elif isinstance(shipped, list):
        assert len(found) == len(shipped), where
        for k, (one, other) in enumerate(zip(found, shipped, strict=True)):
            alike(one, other, f"{where}[{k}]")
    elif isinstance(shipped, float):
        assert found == pytest.approx(shipped, rel=1e-3, abs=2e-3), where
    else:
        assert found == shipped, where


@pytest.mark.data
def test_shipped_figures_are_what_the_script_makes_of_the_data(shared_data):
    found = fit_all(shared_data / "signals")
    alike(json.loads(as_text(found)), document())


def test_the_file_says_where_its_figures_come_from():
    assert set(document()) - {"sources", "measured", "fires_by_hour"} == {
        "skies",
        "noise",
        "footfall",
        "clinics",
    }
    assert all("CC BY" in s or "MIT" in s or "Apache" in s or "OGL" in s for s in sources())


def sources():
    return document()["sources"].values()


def test_every_score_has_variance_one():
    figures = skies()
    city = sum(part.loading @ part.loading.T for part in figures.city)
    local = sum(part.loading @ part.loading.T for part in figures.local)
    total = np.diag(city).copy()
    total[len(WEATHER) :] += np.diag(local)
    assert total == pytest.approx(np.ones(12), abs=2e-3)


def test_missing_data_are_named(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert "PRSA_Data_Aotizhongxin" in capsys.readouterr().err
    assert plot([str(tmp_path / "plots"), str(tmp_path)]) == 2
    assert "PRSA_Data_Aotizhongxin" in capsys.readouterr().err


def test_hermite_series_turns_value_correlation_into_score_correlation():
    marginal = skies().air["pm25"]
    coefficient = [coefficients(marginal)] * 2
    rng = np.random.default_rng(8)
    when = hours(400_000, 24 * 365)
    rho = 0.7
    one = rng.standard_normal((60, len(when.hour)))
    other = rho * one + np.sqrt(1 - rho**2) * rng.standard_normal(one.shape)
    rest = [
        (marginal.values(z, when) - when.of_day(coefficient[0][0])).ravel() for z in (one, other)
    ]
    found = of_scores(coefficient, (0,), np.corrcoef(rest)[None])
    assert found[0, 0, 1] == pytest.approx(rho, abs=0.03)
    assert found[0, 0, 0] == pytest.approx(1.0, abs=0.01)


def test_comparison_is_a_table_with_real_and_simulated(capsys):
    assert compare(["--years", "1"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "| air | figure | real | simulated |"
    assert sum(row.startswith("| pm25 |") for row in rows) == 3
    assert all(row.count("|") == 5 for row in rows if row)


def test_a_plot_is_one_picture_that_stands_by_itself(tmp_path):
    curve = Curve(name="real & true", x=np.arange(5.0), y=np.arange(5.0) - 2, style="real")
    panel = Panel(title="a < b", x_label="hour", curves=(curve, curve), x_step=1)
    file = tmp_path / "plot.svg"
    write_plot(file, "two panels", [panel, panel])
    root = ET.parse(file).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    paths = root.iter("{http://www.w3.org/2000/svg}path")
    assert len(list(paths)) == 4
    assert "real & true" in "".join(root.itertext())
