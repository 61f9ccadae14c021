"""Addresses of mail and of servers, as a config writes them."""

from __future__ import annotations

import ipaddress
import re
from email.errors import MessageError
from email.headerregistry import Address
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

_OF_THE_WEB = re.compile(r"https?://[^/@\s?#]+([/?][^\s#]*)?")


def mail_address(text: str) -> str:
    """The address. Raises ValueError."""
    try:
        address = str(Address(addr_spec=text.strip()))
    except (ValueError, IndexError, MessageError) as error:
        raise ValueError(f'"{text}" is no e-mail address') from error
    if not address.isascii():
        raise ValueError(f'"{text}": write the domain in its ASCII form (xn--…)')
    return address


MailAddress = Annotated[str, AfterValidator(mail_address)]
Host = Annotated[str, StringConstraints(pattern=r"^[^/:@\s]+$|^[0-9a-fA-F:]+$")]


def web_address(text: str) -> str:
    """The address, without a log-in in it. Raises ValueError."""
    if not _OF_THE_WEB.fullmatch(text):
        # it is not repeated: the log-in would be, too
        raise ValueError("this is no address of the web: https://…, without a log-in in it")
    return text


WebAddress = Annotated[str, AfterValidator(web_address)]


def is_loopback(host: str) -> bool:
    """Whether a server is this machine itself: what goes there travels nowhere."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost"
