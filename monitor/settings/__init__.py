"""One TOML file, read with every mistake named at its line.

lines | model (spans, calendars, policies, staff, rules) | mistakes | reading
where   what may be said                            what is wrong   the file
"""

from monitor.settings.model import (
    BrandTable,
    ClassifierTable,
    DigestTable,
    HeartbeatTable,
    LogTable,
    NotifierTable,
    Settings,
    SourceTable,
)
from monitor.settings.reading import read, read_text
from monitor.settings.staff import RotaTable

__all__ = [
    "BrandTable",
    "ClassifierTable",
    "DigestTable",
    "HeartbeatTable",
    "LogTable",
    "NotifierTable",
    "RotaTable",
    "Settings",
    "SourceTable",
    "read",
    "read_text",
]
