"""Settings: options that environment variables and ``[tool.v4schema]`` of a ``pyproject.toml`` can set as well."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

from v4schema.errors import UnknownName

_SIZE = re.compile(r"([0-9]{1,15}(?:[.][0-9]{1,9})?) ?((?:[kmgt]i?)?b?)", re.IGNORECASE)
_UNITS = {"": 1, **{f"{each}{i}": (1024 if i else 1000) ** n for n, each in enumerate("kmgt", 1) for i in ("", "i")}}
#: The largest size: a tebibyte.
_LARGEST = 1 << 40
#: The longest settings file, in bytes.
_MAX_SIZE = 16 << 20


def option(*names: str, **attributes: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # noqa: ANN401  (click's own)
    """Declare an option that a variable ``V4SCHEMA_…`` and ``[tool.v4schema]`` can set as well."""
    return click.option(*names, envvar=f"V4SCHEMA_{setting_name(names).replace('-', '_').upper()}", **attributes)


#: The key in the ``meta`` of click's context for the path of the settings file.
FILE = "v4schema.cli.settings"


class NamedFile(click.types.StringParamType):
    """A file with a name, NAME=FILE; a variable separates several as PATH does."""

    setting_name = "named file"
    envvar_list_splitter = os.pathsep


class Size(click.types.StringParamType):
    """A number of bytes, as people write it: 64MB, 1.5 GiB, 1000000."""

    setting_name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401  (click's own)
        """Return the number of bytes."""
        found = _SIZE.fullmatch(str(value).strip())
        size = int(float(found[1]) * _UNITS[found[2].lower().rstrip("b")]) if found else 0
        if not 0 < size <= _LARGEST:
            self.fail(f"{value!r} is not a size: write a number of bytes, or a size such as 64MB or 2GiB.", param, ctx)
        return size


def load_settings(commands: Iterable[click.Command], folder: str) -> tuple[str, dict[str, dict[str, Any]]]:
    """Return the nearest settings file from `folder` upwards, and the defaults that it gives each command.

    The file is "" if there is none; the defaults are click's ``default_map``. A key is an option's long name. A path is
    relative to the folder of the file. Raises `OSError` or `ValueError`, with a message for people, where the file cannot be
    read or sets an unknown option.
    """
    commands = list(commands)
    path, table = _nearest(folder)
    known = {setting_name(param.opts) for command in commands for param in command.params if param.envvar}
    for key in table:
        if key not in known:
            raise ValueError(f"{path}: {UnknownName('setting', key, sorted(known))}")
    return path, {
        str(command.name): {
            str(param.name): _value(table[setting_name(param.opts)], param, path)
            for param in command.params
            if param.envvar and setting_name(param.opts) in table
        }
        for command in commands
    }


def setting_name(names: Iterable[str]) -> str:
    """Return the name of an option in settings: its long name, without the dashes."""
    return next((each.removeprefix("--").partition("/")[0] for each in names if each.startswith("--")), "")


def _nearest(folder: str) -> tuple[str, Mapping[str, Any]]:
    """Return the nearest ``pyproject.toml`` from `folder` upwards that has the table, and the table."""
    while True:
        path = os.path.join(folder, "pyproject.toml")
        table = _table(path) if os.path.isfile(path) else None
        if table is not None:
            return path, table
        parent = os.path.dirname(folder)
        if parent == folder:
            return "", {}
        folder = parent


def _table(path: str) -> Mapping[str, Any] | None:
    import tomllib

    try:
        with open(path, "rb") as file:
            text = file.read(_MAX_SIZE + 1)
        if len(text) > _MAX_SIZE:
            raise ValueError(f"it is longer than {_MAX_SIZE >> 20} MiB")  # noqa: TRY301  (reported like an error of TOML)
        tools = tomllib.loads(text.decode()).get("tool")
    except (OSError, ValueError) as error:
        raise ValueError(f"Cannot read {path}: {error}.") from None
    table = tools.get("v4schema") if isinstance(tools, Mapping) else None
    if not isinstance(table, Mapping | None):
        raise ValueError(f"{path}: tool.v4schema is not a table.")  # noqa: TRY004  (what the file holds, not what was given)
    return table


def _value(value: Any, param: click.Parameter, path: str) -> Any:  # noqa: ANN401  (what TOML holds, what click takes)
    """Return a setting as click takes it. Raises `ValueError` where the option cannot have the value."""
    folder = os.path.dirname(path)
    if param.multiple:
        if isinstance(value, list):
            value = {key: below for key, _, below in (str(each).partition("=") for each in value)}
        if isinstance(value, Mapping):
            return [f"{key}={os.path.join(folder, str(below))}" for key, below in value.items()]
        raise ValueError(f"{path}: {setting_name(param.opts)} must be a table of names and files.")
    flag = isinstance(param, click.Option) and param.is_flag
    if not isinstance(value, bool if flag else str | int) or isinstance(value, bool) != flag:
        raise ValueError(f"{path}: {setting_name(param.opts)} must be {'true or false' if flag else 'text'}.")
    if isinstance(param.type, click.Path) and value != "-":
        return os.path.join(folder, str(value))
    return value if flag else str(value)
