"""Serves X's face over HTTP on this machine."""

from __future__ import annotations

from monitor.simulator.serving import Answer, Asked, Server, as_json
from monitor.simulator.x import ProblemError, XFace

RETRY_AFTER, RESET = 120, 900
"""Seconds that a 429 names, as "429 retry-after" and as "429 reset", unless the server is told others."""


class XServer(Server):
    """X on a port of this machine.

    `token` is the bearer token that it takes (None: any). `retry_after`: seconds that a 429 names.
    """

    def __init__(self, face: XFace, token: str | None = None) -> None:
        super().__init__(lambda: face.now)
        self.face = face
        self.token = token
        self.retry_after = RETRY_AFTER

    def serve(self, asked: Asked) -> Answer:
        """What X says to a call."""
        said = asked.headers.get("authorization", "")
        as_user = said.startswith("OAuth ")
        if not as_user and said != f"Bearer {self.token}" and self.token is not None:
            return as_json(401, ProblemError(401).body)
        headers, is_over = self.face.count(asked.path)
        if is_over:
            return as_json(429, ProblemError(429).body, headers)
        try:
            found = self.face.answer(
                asked.method, asked.path, asked.query, asked.body, as_user=as_user
            )
        except ProblemError as problem:
            return as_json(problem.status, problem.body, headers)
        return as_json(201 if asked.method == "POST" else 200, found, headers)

    def refusal(self, status: int, manner: str) -> Answer:
        now = int(self.face.now.timestamp())
        headers = {
            "": {},
            "retry-after": {"Retry-After": str(self.retry_after)},
            "reset": {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(now + RESET)},
        }[manner]
        return as_json(status, ProblemError(status).body, headers)
