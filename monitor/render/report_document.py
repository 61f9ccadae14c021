"""The manager's report as it is sent: three sentences, a picture, the page, and the files beside it."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from monitor.domain.notice import Attachment, Document
from monitor.domain.numbers import Numbers
from monitor.render.charts import picture
from monitor.render.report_csv import report_csv
from monitor.render.report_html import report_html
from monitor.render.report_json import numbers_data
from monitor.render.report_pdf import report_pdf
from monitor.render.report_text import report_text
from monitor.render.summary import headline, sentences
from monitor.render.tongue import Tongue

_FORMATS: Mapping[str, tuple[str, Callable[[Numbers, Tongue], bytes]]] = {
    "pdf": ("application/pdf", report_pdf),
    "csv": ("text/csv", lambda numbers, _: report_csv(numbers.report, numbers).encode()),
    "json": ("application/json", lambda numbers, _: as_json(numbers).encode()),
}


def document(numbers: Numbers, say_in: Tongue, attached: Sequence[str] = ()) -> Document:
    """The report with its page and picture; `attached`: pdf, csv, json.

    Raises:
        ConfigError: pdf is wanted, and the extra is not installed.

    """
    report, zone = numbers.report, numbers.zone
    name = file_name(numbers)
    return Document(
        headline=headline(report, numbers, say_in),
        lines=tuple(report_text(report, zone, say_in, numbers).splitlines()),
        name=f"{name}.html",
        html=report_html(report, zone, say_in, numbers),
        picture=picture(report, zone, say_in),
        summary=sentences(numbers, say_in),
        attached=tuple(_attachment(one, name, numbers, say_in) for one in attached),
    )


def as_json(numbers: Numbers) -> str:
    """All figures, for programs."""
    return json.dumps(numbers_data(numbers), ensure_ascii=False, indent=2)


def file_name(numbers: Numbers) -> str:
    """`acme-2026-05-04-2026-05-10`: the brand, and the first and the last day."""
    period = numbers.report.period
    first = period.since.astimezone(numbers.zone).date()
    last = (period.until - timedelta(microseconds=1)).astimezone(numbers.zone).date()
    return f"{_plainly(numbers.report.brand)}-{first.isoformat()}-{last.isoformat()}"


def _plainly(brand: str) -> str:
    """A name that any file system takes. Brands that differ in case or signs alone are still told apart."""
    letters = unicodedata.normalize("NFKD", brand).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")
    if name == brand:
        return name
    return f"{name or 'brand'}-{hashlib.sha256(brand.encode()).hexdigest()[:6]}"


def _attachment(format_: str, name: str, numbers: Numbers, say_in: Tongue) -> Attachment:
    media_type, make = _FORMATS[format_]
    return Attachment(f"{name}.{format_}", media_type, make(numbers, say_in))
