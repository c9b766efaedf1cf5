"""Where a broker is and who we are to it, read from one URL; keeps secrets out of sight."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from sim.kernel.errors import InputError

PORTS = {"mqtt": 1883, "mqtts": 8883}
"""Ports registered with IANA for MQTT and MQTT over TLS."""

EXPECTED = "mqtt[s]://[user[:password]@]host[:port][?ca=FILE][&version=3|5]"

_SECRET = re.compile(r"(//[^/?#]*?:)[^/?#]*(@)")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerUrl:
    """A broker's address.

    Attributes
    ----------
    tls
        Whether the connection is encrypted and the broker's certificate checked.
    user, password
        Credentials, or None. The password is in no representation.
    ca_file
        Certificates to trust instead of the system's, or None.
    version
        MQTT protocol: 3 for 3.1.1, 5 for 5.0.
    """

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    version: Literal[3, 5] = 3

    def __str__(self) -> str:
        """Return the address without credentials, as messages and logs show it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


def parse_broker_url(text: str, *, thing: str = "--broker") -> BrokerUrl:
    """Return the broker that `text` names.

    Parameters
    ----------
    text
        ``mqtt[s]://[user[:password]@]host[:port]``, with ``?ca=FILE`` for certificates of
        one's own and ``?version=5`` for MQTT 5. Special characters are percent-encoded.
    thing
        The option or field it came from, for the error.

    Raises
    ------
    InputError
        When it is not of that form, or the certificate file does not exist.
    """

    def wrong(expected: str = EXPECTED) -> InputError:
        return InputError(thing, value=_SECRET.sub(r"\1***\2", text), expected=expected)

    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise wrong() from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if (
        parts.scheme not in PORTS
        or not parts.hostname
        or re.search(r"\s", text)
        or parts.path not in {"", "/"}
        or parts.fragment
        or port == 0
        or not options.keys() <= {"ca", "version"}
    ):
        raise wrong()
    if parts.password is not None and not parts.username:
        raise wrong("a user name before the password")
    version = options.get("version", "3")
    if version not in {"3", "5"}:
        raise wrong("version=3 or version=5")
    ca_file = Path(options["ca"]) if "ca" in options else None
    if ca_file is not None and parts.scheme != "mqtts":
        raise wrong("mqtts:// where a certificate file is given")
    if ca_file is not None and not ca_file.is_file():
        raise wrong(f"an existing certificate file, not {str(ca_file)!r}")
    return BrokerUrl(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        tls=parts.scheme == "mqtts",
        user=None if not parts.username else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        ca_file=ca_file,
        version=5 if version == "5" else 3,
    )
