from __future__ import annotations

from pathlib import Path

import pytest

from ops_center.live.settings import LiveSettings, read_settings
from sim.kernel.errors import InputError


def test_an_empty_environment_gives_the_defaults():
    assert read_settings({}) == LiveSettings()
    assert read_settings({"CHENGMAI_BROKER": "", "PATH": "/bin"}) == LiveSettings()


def test_every_variable_is_read():
    settings = read_settings(
        {
            "CHENGMAI_BROKER": "mqtt://broker",
            "CHENGMAI_CLIENT_ID": "ops-2",
            "CHENGMAI_OUT": "/data",
            "CHENGMAI_PORT": "8080",
        }
    )
    assert settings.broker is not None
    assert (str(settings.broker), settings.client_id) == ("mqtt://broker:1883", "ops-2")
    assert (settings.directory, settings.port) == (Path("/data"), 8080)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHENGMAI_BROKER", "broker"),
        ("CHENGMAI_CLIENT_ID", "a b"),
        ("CHENGMAI_PORT", "http"),
        ("CHENGMAI_PORT", "65536"),
        ("CHENGMAI_PORT", "-1"),
        ("CHENGMAI_PORT", "²"),
    ],
)
def test_a_wrong_variable_is_named(name, value):
    with pytest.raises(InputError, match=f"^{name}:"):
        read_settings({name: value})
