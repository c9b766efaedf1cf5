"""The dashboard's files, and MapLibre out of its own package: nothing comes from elsewhere."""

from __future__ import annotations

from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

from ops_center.api.problems import Problem
from sim.kernel.errors import InputError

WEB = Path(__file__).parent.parent / "web"
VENDOR_FILES = ("maplibre-gl.js", "maplibre-gl.css")

_REVALIDATE = {"Cache-Control": "no-cache"}


class _Revalidated(StaticFiles):
    """Static files that a browser asks about each time, so that an update shows at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_REVALIDATE)
        return response


def find_vendor() -> Path:
    """Return the folder of MapLibre's files.

    Raises
    ------
    InputError
        When the ``maplibre`` package is not installed, or lacks them.
    """
    # Found, not imported: importing the package would load its notebook bindings.
    spec = find_spec("maplibre")
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location) / "srcjs"
        if all((folder / name).is_file() for name in VENDOR_FILES):
            return folder
    raise InputError("package maplibre", expected=f"srcjs/ with {', '.join(VENDOR_FILES)}")


def install(app: FastAPI) -> None:
    """Serve the dashboard at ``/``."""
    vendor = find_vendor()
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def index() -> FileResponse:
        return FileResponse(WEB / "index.html", headers=_REVALIDATE)

    @router.get("/favicon.ico")
    async def favicon() -> FileResponse:
        return FileResponse(WEB / "icon.svg", media_type="image/svg+xml", headers=_REVALIDATE)

    @router.get("/vendor/{name}")
    async def vendor_file(name: str) -> FileResponse:
        if name not in VENDOR_FILES:
            raise Problem(HTTPStatus.NOT_FOUND, f"there is no file {name!r}")
        return FileResponse(vendor / name, headers=_REVALIDATE)

    app.include_router(router)
    app.mount("/static", _Revalidated(directory=WEB), name="static")
