"""What the API promises, as OpenAPI 3.1: made from the routes, with the errors as they leave."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

from monitor import __version__

router = APIRouter()

PATH = "/openapi.json"
_ABOUT = "What people see and do in complaint-monitor, for programs. docs/api.md has examples."
_PROBLEM = {
    "type": "object",
    "description": "What is wrong, in words (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "wrong": {
            "type": "array",
            "description": "Which parts of the call.",
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
            },
        },
    },
}
_ALWAYS = {
    HTTPStatus.BAD_REQUEST: "It cannot be read, or is called by a name that is not ours.",
    HTTPStatus.UNAUTHORIZED: "No token, or none that holds.",
    HTTPStatus.FORBIDDEN: "The token is not for that.",
    HTTPStatus.NOT_FOUND: "There is no such thing.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "It is not as it should be; `wrong` says where.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database cannot be used now: try again.",
}
_OF_A_CHANGE = {
    HTTPStatus.REQUEST_TIMEOUT: "The body did not come in time.",
    HTTPStatus.CONFLICT: "Not as things stand; or another call was made under this key.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Longer than `[web] most_bytes`.",
}


@router.get(PATH, include_in_schema=False)
def openapi(request: Request) -> JSONResponse:
    """The contract. Anybody may read it: it is the same everywhere."""
    prefix = request.url.path.removesuffix(PATH)
    return JSONResponse(contract(request.app.routes, prefix))


def contract(routes: list[Any], prefix: str) -> dict[str, Any]:
    """The contract of the routes under `prefix`."""
    made = get_openapi(
        title="complaint-monitor", version=__version__, description=_ABOUT, routes=routes
    )
    made["paths"] = {at: said for at, said in made["paths"].items() if at.startswith(prefix)}
    schemas = made["components"]["schemas"]
    schemas["Problem"] = _PROBLEM
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for method, operation in _operations(made):
        for parameter in operation.get("parameters", ()):
            _without_null(parameter)
        errors = _ALWAYS | (_OF_A_CHANGE if method == "post" else {})
        operation["responses"] |= {
            str(status.value): _problem(said) for status, said in errors.items()
        }
    return made


def _operations(made: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in made["paths"].values():
        yield from path.items()


def _without_null(parameter: dict[str, Any]) -> None:
    """A parameter is there, or is not: none is null."""
    schema = parameter["schema"]
    kinds = [one for one in schema.pop("anyOf", ()) if one != {"type": "null"}]
    if len(kinds) == 1:
        schema |= kinds[0]
    elif kinds:
        schema["anyOf"] = kinds


def _problem(said: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": said, "content": {"application/problem+json": {"schema": schema}}}
