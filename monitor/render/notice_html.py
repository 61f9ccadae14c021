"""A notice as one page, for mails: the same words as in plain text, and the digest as its own page."""

from __future__ import annotations

from datetime import tzinfo

from monitor.domain.notice import Digest, Document, Notice
from monitor.render.digest_html import digest_html
from monitor.render.pages import page, web
from monitor.render.words import say

PICTURE = "picture@complaint-monitor"
"""By what name the page shows a document's picture, which lies in the same mail."""


def notice_html(notice: Notice, zone: tzinfo) -> str:
    """The page; times are those of `zone`. It loads nothing, and links to the web alone."""
    if isinstance(notice.content, Digest):
        return digest_html(notice.content, zone)
    spoken = say(notice, zone)
    document = notice.content if isinstance(notice.content, Document) else None
    lines = spoken.lines if document is None else document.summary
    return page(
        "notice.html.j2",
        headline=spoken.headline,
        lines=[(line, web(line)) for line in lines],
        columns="\n".join(document.lines) if document else None,
        picture=document.picture if document else None,
        cid=PICTURE,
    )
