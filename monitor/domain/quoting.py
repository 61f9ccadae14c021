"""Others' words in what the program says of its work, marked as theirs.

A network may say anything in its refusals, the customer's words as well: a log, which nobody can erase,
leaves out what is between the marks. The database may keep it, for staff to look up.
"""

from __future__ import annotations

import re

OPENING = "“"
LEFT_OUT = "“…”"
"""What stands in place of words that are left out."""
_MARKED = re.compile("“[^”]*(?:”|$)")
_WITHIN = str.maketrans("“”", '""')


def quoted(words: object) -> str:
    """“words”: those of a network, of a person, of a library that may repeat them."""
    return f"“{str(words).translate(_WITHIN)}”"


def unquoted(said: str) -> str:
    """What was said, without the words that are others': also where it was cut off within them."""
    return _MARKED.sub(LEFT_OUT, said)
