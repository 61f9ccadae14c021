"""Posts from CSV and JSONL files: once (`import`) or as they grow (`follow`).

The way of a row, module by module: `layout` finds out how the file is written, `records` splits it
into rows with their places, `monitor.rows` gives a row its meaning, `cursor` remembers how far each
file was read, `source` is the plug-in.
"""

from monitor.sources.files.source import Files

__all__ = ["Files"]
