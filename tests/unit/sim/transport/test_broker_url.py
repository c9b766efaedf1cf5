from __future__ import annotations

from pathlib import Path

import pytest

from sim.kernel.errors import InputError
from sim.transport.broker_url import BrokerUrl, parse_broker_url


@pytest.mark.parametrize(
    ("text", "host", "port", "tls"),
    [
        ("mqtt://broker", "broker", 1883, False),
        ("mqtts://broker", "broker", 8883, True),
        ("mqtt://127.0.0.1:2883/", "127.0.0.1", 2883, False),
        ("mqtt://[::1]:2883", "::1", 2883, False),
    ],
)
def test_a_url_names_host_port_and_encryption(text, host, port, tls):
    url = parse_broker_url(text)
    assert (url.host, url.port, url.tls, url.version) == (host, port, tls, 3)


def test_credentials_are_decoded():
    url = parse_broker_url("mqtt://an%40na:p%2Fss%3Aword@h")
    assert (url.user, url.password) == ("an@na", "p/ss:word")


def test_options_choose_certificates_and_protocol(tmp_path: Path):
    ca = tmp_path / "ca.pem"
    ca.write_text("")
    url = parse_broker_url(f"mqtts://h?ca={ca}&version=5")
    assert (url.ca_file, url.version) == (ca, 5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "broker",
        "broker:1883",
        "http://broker",
        "mqtt://",
        "mqtt://:1883",
        "mqtt://h:port",
        "mqtt://h:0",
        "mqtt://h:99999",
        "mqtt://h/path",
        "mqtt://h#x",
        "mqtt://h?user=x",
        "mqtt://h?version=4",
        "mqtt://h?ca=/nowhere",
        "mqtts://h?ca=/nowhere",
        "mqtt://:secret@h",
        "mqtt://h h",
        "mqtt://[::1",
    ],
)
def test_a_url_of_another_form_is_refused_in_one_line(text):
    with pytest.raises(InputError) as error:
        parse_broker_url(text)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("--broker")


@pytest.mark.parametrize(
    "text", ["mqtt://anna:secret@h:bad", "http://anna:secret@h", "mqtt://anna:secret@h/?x=1"]
)
def test_a_refused_url_does_not_show_its_password(text):
    with pytest.raises(InputError) as error:
        parse_broker_url(text)
    assert "secret" not in str(error.value)
    assert "secret" not in repr(error.value.value)


def test_no_representation_shows_a_password():
    url = parse_broker_url("mqtts://anna:secret@h")
    assert "secret" not in repr(url)
    assert str(url) == "mqtts://h:8883"
    assert str(BrokerUrl(host="::1", port=1)) == "mqtt://[::1]:1"
