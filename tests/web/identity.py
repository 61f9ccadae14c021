"""A service that vouches for people, as it speaks OpenID Connect over the wire."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from monitor.simulator.plain_http import PlainServer
from monitor.simulator.serving import Answer, Asked

CLIENT, SECRET = "our-page", "its-secret"
KEY, STRANGE_KEY = (RSAKey.generate_key(2048, {"kid": "1"}) for _ in range(2))


class Identity:
    """Its accounts; `lies` are facts that it tells wrongly."""

    def __init__(self) -> None:
        self.url = ""
        self.lies: dict[str, Any] = {}
        self.key = KEY
        self.is_down = False
        self.says: Answer | None = None
        """To whoever asks for a token, whatever that was."""
        self.described = 0
        """How often it was asked for its own description."""
        self._codes: dict[str, dict[str, str]] = {}

    def agrees(self, address: str, **facts: Any) -> dict[str, str]:
        """Somebody signs in there: what the browser brings back to us."""
        asked = {name: one[0] for name, one in parse_qs(urlsplit(address).query).items()}
        assert (asked["client_id"], asked["code_challenge_method"]) == (CLIENT, "S256")
        code = f"code{len(self._codes)}"
        self._codes[code] = {**asked, "facts": json.dumps(facts)}
        return {"code": code, "state": asked["state"]}

    def answer(self, asked: Asked, /) -> tuple[int, Any]:
        is_description = asked.path == "/.well-known/openid-configuration"
        self.described += is_description
        if self.is_down:
            return 503, {}
        if is_description:
            said = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
            said |= {f"{one}_endpoint": f"{self.url}/{one}" for one in ("authorization", "token")}
            return 200, said
        if asked.path == "/keys":
            return 200, {"keys": [KEY.as_dict(private=False)]}
        return (200, self.says) if self.says else self._token(asked)

    def _token(self, asked: Asked) -> tuple[int, Any]:
        known = f"Basic {base64.b64encode(f'{CLIENT}:{SECRET}'.encode()).decode()}"
        given = self._codes.pop(asked.body["code"], None)
        digest = hashlib.sha256(asked.body.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if given is None or asked.headers["authorization"] != known:
            return 400, {"error": "invalid_grant"}
        if (given["code_challenge"], given["redirect_uri"]) != (
            challenge,
            asked.body["redirect_uri"],
        ):
            return 400, {"error": "invalid_grant"}
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "1",
            "exp": int(time.time()) + 300,  # noqa: TID251 - a token's lifetime is the machine's own
            "nonce": given["nonce"],
            **json.loads(given["facts"]),
            **self.lies,
        }
        token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.key)
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": token}


class IdentityServer(PlainServer):
    """It, on a local port."""

    network: Identity

    def __enter__(self) -> Self:
        super().__enter__()
        self.network.url = self.url
        return self
