"""The running city's own small door: let things happen in it, from this machine only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Body, FastAPI

from ops_center.api import problems
from ops_center.api.problems import Problem
from ops_center.api.security import Doorkeeper
from ops_center.api.serve import LOOPBACK, ApiServer
from scenarios.injection import Injector
from sim.kernel.errors import InputError, TransportError

HOSTS = (LOOPBACK, "localhost")


def create_control(injector: Injector, clock: Callable[[], dict[str, Any]]) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    injector
        Takes what is to happen.
    clock
        Tells the city's time and speed as JSON values.
    """
    # A web page cannot send JSON to another origin unasked, and is never answered when it asks;
    # Doorkeeper refuses names that were made to point here.
    app = FastAPI(title="Chengmai: control of a running city", docs_url=None, redoc_url=None)
    app.add_middleware(Doorkeeper, hosts=HOSTS)
    problems.install(app)

    @app.get("/")
    def about() -> dict[str, Any]:
        """Return the city's clock."""
        return clock()

    @app.get("/injected")
    def injected() -> list[dict[str, Any]]:
        """Return what was let happen so far."""
        return [entry.document() for entry in injector.done]

    @app.post("/inject", responses=problems.documented(422, 503))
    def inject(hazard: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        """Let a hazard happen now: ``type`` and keys as in a scenario file."""
        try:
            return injector.inject(hazard).document()
        except InputError as error:
            raise Problem(422, str(error)) from error
        except TransportError as error:
            raise Problem(503, str(error)) from error

    return app


def control_server(app: FastAPI, port: int) -> ApiServer:
    """Return the server of `app` on loopback; port 0 takes a free one."""
    return ApiServer(app, None, port=port)
