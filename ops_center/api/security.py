"""What keeps other web pages out of a centre that listens on this machine.

Cross-origin requests are never allowed (no CORS headers are sent), only known host names
are answered, and the page may load nothing that we do not serve.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ops_center.api.problems import problem_response

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        # MapLibre starts its worker from a blob of its own script.
        "worker-src 'self' blob:",
        "child-src blob:",
        "style-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Doorkeeper:
    """Middleware: refuse unknown hosts, put the security headers on every answer.

    Parameters
    ----------
    app
        What lies behind the door.
    hosts
        Host names answered, without port; ``"*"`` answers all.
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        host = host_name(Headers(scope=scope).get("host", ""))
        if "*" in self._hosts or host in self._hosts:
            await self._app(scope, receive, guarded)
        else:
            refusal = problem_response(421, detail=f"this centre does not answer for {host!r}")
            await refusal(scope, receive, guarded)


def host_name(header: str) -> str:
    """Return the name in a ``Host`` header, without its port."""
    if header.startswith("["):
        return header.partition("]")[0] + "]"
    return header.partition(":")[0].lower()
