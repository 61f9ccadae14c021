"""Prints the n-th `sh` block under README.md's "Quick start": what a newcomer types, for machines to run."""

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def blocks(text: str) -> list[str]:
    """The commands of the section, one line each."""
    section = re.split(r"^## ", text.partition("## Quick start\n")[2], flags=re.MULTILINE)[0]
    return [
        found.strip()
        for found in re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    ]


if __name__ == "__main__":
    sys.stdout.write(blocks(README.read_text())[int(sys.argv[1]) - 1] + "\n")
