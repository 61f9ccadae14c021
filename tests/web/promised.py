"""Calls made from the API's own contract, right ones and wrong ones, to the real server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from monitor.domain.access import Role
from tests.web.shop import Shop

CHECKS = {
    # the contract cannot say which days there are
    "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "422"]},
}


def operations(shop: Shop) -> Iterator[Any]:
    """What may be called."""
    schema: Any = schemathesis.openapi.from_url(
        f"{shop.served.url}/api/v1/openapi.json",
        config=SchemathesisConfig.from_dict({"checks": CHECKS}),
    )
    for one in schema.get_all_operations():
        yield one.ok()


def _is_about(case: Any, there: dict[str, object]) -> None:
    """Let it be about what the shop has: else nearly all right calls would be for what is not there."""
    case.path_parameters = {name: there[name] for name in case.path_parameters}
    if "/numbers" in case.operation.path:
        case.query["brand"] = "Shop"
    if case.operation.path.endswith("/cases") and isinstance(case.body, dict):
        case.body["brand"] = "Shop"


def keeps_its_promise(
    shop: Shop, mode: GenerationMode, operation: Any, examples: int
) -> Counter[int]:
    """Call it so often, rightly or wrongly, and hold the answers to the contract. Gives their statuses.

    Raises what schemathesis finds: an error of the server, another status, header or shape than promised,
    a wrong call that is accepted, a right one that is not, one that needs no token.
    """
    found: Counter[int] = Counter()
    there = {"case_id": shop.front.complains(), "post_id": 1, "number": 1, "name": "hook"}
    # as schemathesis writes it: it takes the header away to see whether it is needed
    headers = {"Authorization": shop.tokens[Role.ADMIN]["authorization"]}

    @seed(7)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def tried(case: Any) -> None:
        own = {}
        if mode is GenerationMode.POSITIVE:
            own = {"Idempotency-Key": f"{operation.label} {found.total()}".replace(" ", "-")}
            _is_about(case, there)
        answer = case.call_and_validate(headers=headers | own)
        found[answer.status_code] += 1

    tried()
    return found
