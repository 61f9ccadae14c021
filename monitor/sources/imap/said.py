"""What a mail's writer says in it, without the mails that it quotes.

Else a "thank you" above somebody's complaint would be that complaint once more.
"""

from __future__ import annotations

import re

QUOTED = frozenset(
    {
        "blockquote[type=cite]",
        "gmail_attr",
        "gmail_quote",
        "moz-cite-prefix",
        "protonmail_quote",
        "yahoo_quoted",
    }
)
"""Elements of HTML in which mail programs put what they quote."""

_FORWARDED = re.compile(r"\s*(?:fwd?|wg|tr|i|doorst|rv|enc)\s*:", re.IGNORECASE)
_WROTE = re.compile(
    r"(?:wrote|schrieb|a [ée]crit|escribi[óo]|ha scritto|a scris|schreef|escreveu|napisał(?:\(a\))?)"
    r"[^\n]{0,200}:\s*$",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\s*(?:on|am|le|el|il|în|in|la|op|em|w dniu)\b", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"\s*-{2,}\s*(?:original message|mesaj(?:ul)? original|ursprüngliche nachricht"
    r"|message d.origine|messaggio originale|mensaje original)\s*-{2,}\s*$",
    re.IGNORECASE,
)
_FROM = re.compile(r"\s*\**(?:from|de la|von|de|da|van)\s*:\**\s*\S", re.IGNORECASE)
_SENT = re.compile(
    r"\s*\**(?:sent|date|trimis|data|gesendet|datum|envoyé|enviado|fecha|inviato|verzonden)\s*:",
    re.IGNORECASE,
)
_HEADERS = 4
"""Lines that Outlook writes above what it quotes."""


def is_forwarded(subject: str | None) -> bool:
    """Whether somebody passes on what another one wrote: then that is what is said."""
    return _FORWARDED.match(subject or "") is not None


def without_quotes(text: str) -> str:
    """The writer's own words; all of them, if there are no others."""
    kept: list[str] = []
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if _ORIGINAL.match(line) or _begins_a_copy(lines, at):
            break
        if _WROTE.search(line):
            _drop_its_beginning(kept, line)
            if not _is_quoted_below(lines, at):
                break
            continue
        if not line.startswith(">"):
            kept.append(line)
    own = "\n".join(kept).strip()
    while own.endswith(("_____", "-----")):
        own = own.rpartition("\n")[0].strip()
    return re.sub(r"\n{3,}", "\n\n", own) or text.strip()


def _begins_a_copy(lines: list[str], at: int) -> bool:
    """Whether the head of another mail begins here, as Outlook writes it."""
    if not _FROM.match(lines[at]):
        return False
    return any(_SENT.match(line) for line in lines[at + 1 : at + _HEADERS])


def _is_quoted_below(lines: list[str], at: int) -> bool:
    below = next((line for line in lines[at + 1 :] if line.strip()), "")
    return below.startswith(">")


def _drop_its_beginning(kept: list[str], line: str) -> None:
    """Somebody's "On Monday, Ana <…>" may be wrapped, its "wrote:" standing on a line of its own."""
    if kept and not _WHEN.match(line) and _WHEN.match(kept[-1]):
        kept.pop()
