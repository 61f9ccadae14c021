"""What may be asked: parameters as they stand in the contract."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path
from pydantic import Field, StringConstraints

from monitor.domain.access import Scope
from monitor.domain.search import Search, search
from monitor.web.access import Principal, Role, needs
from monitor.web.acts import ROLE

LARGEST = 2**63 - 1
"""Of the databases' numbers."""
_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
"""One line that is not blank."""
_TEXT = r"^[^\x00]*$"
"""What no database can keep is left out."""
MOST = 200
"""Lines of a page."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_LINE)]
"""A name, a number to call: a line."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=_TEXT)]
"""What somebody writes."""
Number = Annotated[int, Path(ge=1, le=LARGEST)]
"""Of a case, a post, an answer."""
CaseId = Annotated[int, Path(ge=1, le=LARGEST, description="The case's number.")]
Limit = Annotated[int, Field(ge=1, le=MOST, description="Lines at most.")]
Cursor = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")] | None,
    Field(description="`next` of the page before."),
]

Typed = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_TEXT)] | None,
    Field(
        description=(
            'Words, all of which must be said: `refund "still waiting" -voucher`. The last one may be'
            " the beginning of a word; what stands in quotation marks stands there in a row; what has"
            " a `-` before it must not be said. Case and accents make no difference."
        )
    ),
]
"""A search."""


def search_of(typed: str | None) -> Search | None:
    """The same for the store."""
    return None if typed is None else search(typed)


Reader = Annotated[Principal, Depends(needs(Role.VIEWER, Scope.READ))]
Agent = Annotated[Principal, Depends(needs(ROLE, Scope.ACT))]
Sender = Annotated[Principal, Depends(needs(ROLE, Scope.INTAKE))]
