"""The plug-in door: finds the classes that a config names and checks their options.

Built-ins and strangers' plug-ins come in alike, by entry point or by `use = "package.module:Class"`:

=====================  ===========================================  ==============================
entry point group      how the class is constructed                 port (`monitor.ports`)
=====================  ===========================================  ==============================
monitor.sources        `Cls(options, *, secrets, clock)`            `Source`, perhaps `Refreshes`…
monitor.notifiers      `Cls(options, *, secrets, clock)`            `Notifier`
monitor.classifiers    `Cls(options)`                               `Classifier`
=====================  ===========================================  ==============================

The convention for all of them:

* `options` is an instance of the class's nested pydantic model `Options`, which forbids unknown
  keys (`model_config = ConfigDict(extra="forbid")`); what the config file says is checked by it.
* `secrets` is a `monitor.ports.Secrets`, `clock` a `monitor.ports.Clock`. A source that `Receives` calls
  from outside is also given `inbox`, a `monitor.ports.Inbox`.
* The constructor does no I/O: no file, no network, no secret read. A config can so be checked
  without touching the world; what is wrong out there shows at the first call, as the port's error.
* What a class needs beyond the base installation is an extra of the distribution, named on the
  entry point (`bluesky = "monitor.sources.bluesky:Bluesky [bluesky]"`) where the module imports it
  at its top, or by the class attribute `extra: ClassVar[str | None]` where the constructor does.
* A notifier that is to get each notice, however many come at once (a program reads them, not people),
  has `one_by_one: ClassVar[bool] = True`: nothing is gathered for it.
* A source says of itself what people want to know before they configure it: the class attribute
  `about: ClassVar[About]` (`monitor.ports.About`), which `complaint-monitor sources` shows.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from monitor.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SOURCES = "monitor.sources"
CLASSIFIERS = "monitor.classifiers"
NOTIFIERS = "monitor.notifiers"

_DISTRIBUTION = "complaint-monitor"


def names(group: str) -> list[str]:
    """The plug-ins that are installed in `group`, in order of name."""
    return sorted({entry.name for entry in _entries(group)})


def load(group: str, use: str) -> type:
    """The class that `use` names: an installed plug-in, or `package.module:Class`.

    Raises:
        ConfigError: nothing is called so, it can't be imported, or it has no `Options`.

    """
    entry = EntryPoint(use, use, group) if ":" in use else _installed(group, use)
    loaded = _imported(entry)
    if not isinstance(loaded, type):
        raise ConfigError(f'"{use}" ({entry.value}) is not a class')
    _options_model(loaded)
    return loaded


def programs(notifiers: Mapping[str, str]) -> list[str]:
    """Those of the notifiers, by name and `use`, behind which programs read, not people."""
    return [
        name
        for name, use in notifiers.items()
        if getattr(load(NOTIFIERS, use), "one_by_one", False)
    ]


def read_by_people(notifiers: Mapping[str, str]) -> set[str]:
    """Those of the notifiers, by name and `use`, behind which people read. What is none is left out."""
    found = set()
    for name, use in notifiers.items():
        with suppress(ConfigError):
            found |= {name} - set(programs({name: use}))
    return found


def extra_of(group: str, name: str) -> str | None:
    """The extra of our distribution that an installed plug-in needs; None: the base installation."""
    entry = _installed(group, name)
    return next(iter(entry.extras), None)


def options(cls: type, table: Mapping[str, object], where: str) -> BaseModel:
    """What the config says, as the class's `Options`. `where` is the table's place in the config.

    Raises:
        ConfigError: one line a mistake, each naming its key.

    """
    model = _options_model(cls)
    try:
        return model.model_validate(dict(table))
    except ValidationError as error:
        mistakes = [_mistake(where, one, model) for one in error.errors(include_input=False)]
        raise ConfigError("\n".join(mistakes)) from None


def build(cls: type, options: BaseModel, **ports: object) -> Any:  # any plug-in's class
    """Construct a plug-in by the convention; a module that it lacks says which extra has it.

    Raises:
        ConfigError: a third-party module is missing.

    """
    try:
        return cls(options, **ports)
    except ModuleNotFoundError as error:
        raise _missing(cls.__qualname__, error, getattr(cls, "extra", None)) from error


def _entries(group: str) -> tuple[EntryPoint, ...]:
    return _on_the_path(group, *_places())


def _places() -> Iterator[tuple[str, int]]:
    """Where distributions are sought, and when something was installed or removed there last."""
    for place in sys.path:
        with suppress(OSError):
            yield place, Path(place or ".").stat().st_mtime_ns


@lru_cache(maxsize=16)
def _on_the_path(group: str, *places: tuple[str, int]) -> tuple[EntryPoint, ...]:
    """Kept, as every installed distribution is read for it, and a config may name thousands of plug-ins."""
    del places  # what they say was found by `entry_points` itself
    return tuple(entry_points(group=group))


def _installed(group: str, name: str) -> EntryPoint:
    found = {entry.value: entry for entry in _entries(group) if entry.name == name}
    if len(found) == 1:
        return next(iter(found.values()))
    noun = group.rpartition(".")[2].removesuffix("s")
    if found:
        msg = f'{len(found)} plug-ins call themselves "{name}": {", ".join(sorted(found))}'
        raise ConfigError(f'{msg}; say which with use = "package.module:Class"')
    known = ", ".join(names(group)) or "none is installed"
    raise ConfigError(
        f'no {noun} is called "{name}"; known: {known} (or use = "package.module:Class")'
    )


def _imported(entry: EntryPoint) -> object:
    module_name, _, attributes = entry.value.partition("[")[0].strip().partition(":")
    try:
        found: object = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and f"{module_name}.".startswith(f"{error.name}."):
            raise ConfigError(f'"{entry.name}": there is no module {error.name}') from error
        raise _missing(entry.name, error, next(iter(entry.extras), None)) from error
    except (ImportError, ValueError) as error:
        raise ConfigError(f'"{entry.name}" can\'t be imported: {error}') from error
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            raise ConfigError(f'"{entry.name}": module {module_name} has no "{attributes}"')
        found = getattr(found, attribute)
    return found


def _missing(name: str, error: ModuleNotFoundError, extra: str | None) -> ConfigError:
    remedy = f'pip install "{_DISTRIBUTION}[{extra}]"' if extra else f"pip install {error.name}"
    return ConfigError(f'"{name}" needs the Python module {error.name}: {remedy}')


def _options_model(cls: type) -> type[BaseModel]:
    model = getattr(cls, "Options", None)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return model
    raise ConfigError(
        f"{cls.__module__}:{cls.__qualname__} is no plug-in: it has no pydantic class Options"
    )


def _mistake(where: str, error: Mapping[str, Any], model: type[BaseModel]) -> str:
    place = ".".join(str(part) for part in (where, *error["loc"]) if str(part))
    if error["type"] != "extra_forbidden":
        return f"{place}: {error['msg']}"
    known = sorted(model.model_fields)
    key = str(error["loc"][-1])
    near = difflib.get_close_matches(key, known, n=1) if len(error["loc"]) == 1 else []
    hint = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(known)}"
    return f"{place}: there is no such key; {hint}"
