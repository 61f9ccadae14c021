"""Which web addresses are the same page: people copy them with what apps hang on when one shares."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

_TRACKING = re.compile(
    r"utm_.*|fbclid|gclid|igsh|igshid|mibextid|si|share_id|ref|ref_src|ref_url|__tn__|__cft__.*"
)
"""Parameters that say how somebody came to a page, and nothing of which page it is."""
_SHARED = {"x.com": {"s", "t"}, "twitter.com": {"s", "t"}}
"""The same, on one site alone: elsewhere `t` is a forum's topic."""
_TRACKING_FRAGMENT = re.compile(r":~:.*|utm_.*|xtor=.*")


def page_of(url: str) -> str:
    """The address as it is compared: no scheme, no `www.`, no tracking, no slash at the end.

    What is no address is returned as it is.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url
    if not parts.hostname:
        return url
    host = parts.hostname.removeprefix("www.")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([one for one in pairs if not _is_tracking(host, one[0])])
    fragment = "" if _TRACKING_FRAGMENT.fullmatch(parts.fragment) else parts.fragment
    end = f"?{query}" if query else ""
    where = host if port in (None, 80, 443) else f"{host}:{port}"
    return f"{where}{path_of(url)}{end}{f'#{fragment}' if fragment else ''}"


def path_of(url: str) -> str:
    """The part of an address that is written alike wherever it is copied to; may be empty."""
    try:
        return urlsplit(url.strip()).path.rstrip("/")
    except ValueError:
        return url


def _is_tracking(host: str, name: str) -> bool:
    return bool(_TRACKING.fullmatch(name)) or name in _SHARED.get(host, ())
