"""Staged files: written in hidden folders next to their targets, and moved to their targets together.

A run that stops before `Staging.place` leaves every target as it was. A run that is killed while it moves files leaves a journal.
The next run that writes to the folder of the journal completes the killed run by `recover`; nothing is done twice.
"""

import errno
import json
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any

#: The name of a hidden folder of staged files, or of the journal next to one.
_HIDDEN = re.compile(r"\.[0-9a-f]{12}\.v4schema(\.journal)?")
#: The end of the name of a journal; and the file, in each further folder of a run, with the name of the first one, its home.
_JOURNAL, _HOME = ".journal", "home"
#: The errors of file systems without hard links.
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
#: Files are hashed in blocks of this many bytes.
_BLOCK = 1 << 20

#: Identifies one state of a file: device, inode, size, and the times of its last changes.
Signature = tuple[int, ...]


class Changed(OSError):
    """A file has changed since it was read, so it is not replaced."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.ESTALE, "it has changed since it was read", path)


@dataclass(slots=True, kw_only=True, eq=False)
class StagedFile:
    """A file that is written next to its target, which it creates or replaces.

    `name` is the caller's name for the target, and `path` its path with links resolved. `staged` is the path that the file is
    written to; None for a device or a pipe, which is written directly. `before` is the digest of the only content that it may
    replace; None allows any. With `new`, it may replace nothing except an empty file: the one that was `found` at the beginning,
    by device and inode. `aside` is the path that this empty file was moved to. `signature` is that of the verified target.
    """

    name: str
    path: str
    file: IO[bytes]
    staged: str | None
    before: str | None = None
    new: bool = False
    found: tuple[int, int] | None = None
    finished: bool = False
    aside: str | None = None
    signature: Signature | None = None

    def finish(self) -> None:
        """Give the file the permissions of the one that it replaces, and write everything to the disk.

        Raises `OSError` if that is impossible.
        """
        self.file.flush()
        if self.staged is not None:
            _inherit(self.file.fileno(), self.path)
            os.fsync(self.file.fileno())
        self.file.close()
        self.finished = True

    def verify(self) -> None:
        """Raise `Changed` if the content of the target is no longer what the file may replace."""
        if self.before is not None:
            current, signature = _digest_and_signature(self.path)
            if current != self.before:
                raise Changed(self.path)
            self.signature = signature

    def discard(self) -> None:
        """Delete the file; its target stays as it is."""
        self.finished = False
        with suppress(OSError):
            self.file.close()
        if self.staged is not None:
            with suppress(FileNotFoundError):
                os.unlink(self.staged)


@dataclass(slots=True, kw_only=True)
class Recovery:
    """What was done about killed runs.

    `placed` are the targets that now have the content that a killed run wrote. `kept` are those that have changed since, and were
    left as they are. `cleared` are the folders that leftovers were removed from. `waiting` are the targets whose run must be
    repeated first.
    """

    placed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


class Staging:
    """Files that are moved to their targets together: open each with `file`, `finish` it, then `place` all; always `close`."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}
        self._files: list[StagedFile] = []
        self._lock = -1
        self._journal: IO[str] | None = None
        self._placed = False

    def file(self, path: str, *, before: str | None = None, new: bool = False) -> StagedFile:
        """Open a staged file for the target `path`; for `before` and `new` see `StagedFile`.

        Raises `OSError` if the target or its folder cannot be written to, and `FileExistsError` if the target must be new but
        exists.
        """
        target = os.path.realpath(path)
        found = None
        if os.path.exists(path):
            if not os.path.isfile(path):
                device = open(path, "wb")  # noqa: SIM115  (closed by `finish` or `discard`)
                self._files.append(StagedFile(name=path, path=target, file=device, staged=None))
                return self._files[-1]
            if not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
            if new:
                found = _identify_empty(target)
        staged = os.path.join(self._folder(os.path.dirname(target)), str(len(self._files)))
        opened = open(staged, "xb", opener=_open_private)  # noqa: SIM115  (closed by `finish` or `discard`)
        self._files.append(StagedFile(name=path, path=target, file=opened, staged=staged, before=before, new=new, found=found))
        return self._files[-1]

    def place(self, order: Sequence[StagedFile], *, once: bool = False) -> list[tuple[StagedFile, OSError]]:
        """Move finished files to their targets in this order, but new ones first; return the files that could not be moved.

        With `once`, the run must not be done twice: if it is killed, only a run that repeats it completes it. If a file that must
        be new cannot be moved, no file is moved, and `OSError` is raised. The caller defers signals meanwhile; moving takes no
        longer than renaming.
        """
        files = [file for file in order if file.finished and file.staged is not None]
        if len(files) > 1 or any(file.before is not None for file in files):
            self._commit(files, once=once)
        self._place_new([file for file in files if file.new])
        failed: list[tuple[StagedFile, OSError]] = []
        for file in files:
            if not file.new:
                try:
                    _replace(file)
                except OSError as error:
                    failed.append((file, error))
        for folder in dict.fromkeys(os.path.dirname(file.path) for file in files):
            _sync(folder)
        self._placed = True
        return failed

    def clear(self) -> None:
        """Remove all staged files that were not moved, but not the journal."""
        for file in self._files:
            with suppress(OSError):
                file.file.close()
        if self._placed or self._journal is None:
            for folder in reversed(self._folders.values()):
                _remove(folder)

    def close(self) -> None:
        """Remove everything, the journal last.

        Without its journal, a run counts as done: call this when the process is about to end.
        """
        self.clear()
        if self._journal is not None:
            if self._placed:
                os.unlink(next(iter(self._folders.values())) + _JOURNAL)
            self._journal.close()
            self._journal = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _folder(self, folder: str) -> str:
        """Return the hidden folder of the staged files for a folder. The first one is the home, with the lock and the journal."""
        if folder not in self._folders:
            name = os.path.join(folder, f".{os.urandom(6).hex()}.v4schema")
            with _folder_locked(folder):
                home = next(iter(self._folders.values()), None)
                self._folders[folder] = name  # before it is made, so that `close` knows it whatever fails here
                os.mkdir(name, 0o700)
                if home is None:
                    self._lock = _open_locked(name)
                else:
                    _write(os.path.join(name, _HOME), _relative(home, folder))
        return self._folders[folder]

    def _commit(self, files: Sequence[StagedFile], *, once: bool) -> None:
        """Write the journal. If this run is killed after that, the next run completes it."""
        home = next(iter(self._folders.values()))
        base = os.path.dirname(home)  # paths are relative to it, so that the whole folder can be moved
        entries = [
            {
                "path": _relative(file.path, base),
                "staged": _relative(str(file.staged), base),
                "before": file.before,
                "new": file.new,
            }
            for file in files
        ]
        draft = os.path.join(home, _JOURNAL)
        folders = [_relative(folder, base) for folder in self._folders.values()]
        _write(draft, json.dumps({"once": once, "folders": folders, "files": entries}))
        journal = open(draft, encoding="utf-8")  # noqa: SIM115  (held open for its lock until `close`)
        _lock(journal.fileno())
        os.rename(draft, home + _JOURNAL)
        self._journal = journal
        _sync(os.path.dirname(home))

    def _withdraw(self) -> None:
        """Remove the journal of a run that has moved no file and will move none."""
        if self._journal is not None:
            os.unlink(next(iter(self._folders.values())) + _JOURNAL)
            self._journal.close()
            self._journal = None

    def _place_new(self, files: Sequence[StagedFile]) -> None:
        """Move files to targets that must not exist; if one cannot be moved, undo all."""
        placed: list[StagedFile] = []
        try:
            for file in files:
                self._set_empty_aside(file)
                _move_to_new(str(file.staged), file.path)
                placed.append(file)
        except OSError as error:
            for other in placed:
                os.unlink(other.path)
            for other in files:
                if other.aside is not None:
                    _put_back(other.aside, other.path)
            self._withdraw()
            raise OSError(error.errno, error.strerror, file.name) from None

    def _set_empty_aside(self, file: StagedFile) -> None:
        """Move the empty file at the target aside. Raises `FileExistsError` if another file is there by now."""
        if file.found is not None:
            aside = f"{file.staged}.empty"
            os.rename(file.path, aside)
            file.aside = aside
            status = os.stat(aside)
            if (status.st_dev, status.st_ino) != file.found or status.st_size:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), file.path)


def recover(folders: Iterable[str], *, repeated: Collection[str] = (), touched: Collection[str] = ()) -> Recovery:
    """Complete the killed runs that have left journals in folders, and remove the leftovers of other killed runs.

    `repeated` are the files, links resolved, that this run processes again, and `touched` those that it reads or writes. A run
    that must not be done twice is completed only if this run repeats it; otherwise it stays, and those of its files that this run
    touches are `waiting`. A run that is still active holds a lock and is left alone, and so is everything that belongs to another
    user. Raises `OSError` if a run cannot be completed; it can be completed later.
    """
    recovery = Recovery()
    if not hasattr(os, "geteuid"):  # without owners and locks, nobody knows whose a folder is
        return recovery
    for folder in dict.fromkeys(map(os.path.realpath, folders)):
        try:
            names = sorted(name for name in os.listdir(folder) if _HIDDEN.fullmatch(name))
        except OSError:  # a folder that cannot be listed is reported when a file in it is read or written
            continue
        for name in names:
            with _folder_locked(folder):
                _recover(os.path.join(folder, name), recovery, {*repeated}, {*touched})
    return recovery


def digest(path: str) -> str:
    """Return the SHA-256 of the content of a file, in hex."""
    return _digest_and_signature(path)[0]


def _recover(path: str, recovery: Recovery, repeated: AbstractSet[str], touched: AbstractSet[str]) -> None:
    """Complete the run that has left a journal or a hidden folder at a path, and remove its leftovers."""
    if path.endswith(_JOURNAL):
        _complete_run(path, recovery, repeated, touched)
        return
    try:
        if not _is_own(os.lstat(path)):
            return
        with open(os.path.join(path, _HOME), encoding="utf-8", errors="surrogateescape") as file:
            home = os.path.normpath(os.path.join(os.path.dirname(path), file.read()))
    except FileNotFoundError:  # it is the home itself, or has been removed meanwhile
        home = path
    if os.path.lexists(home + _JOURNAL):
        _complete_run(home + _JOURNAL, recovery, repeated, touched)
        return
    with _own_locked(home) as lock:
        if lock is not None or (home != path and not os.path.lexists(home)):
            recovery.cleared.append(os.path.dirname(path))
            _remove(path)


def _complete_run(path: str, recovery: Recovery, repeated: AbstractSet[str], touched: AbstractSet[str]) -> None:
    """Do what the journal at a path says is left to do, and remove the journal and the folders of its run."""
    with _own_locked(path) as descriptor:
        if descriptor is not None:
            with open(descriptor, encoding="utf-8", closefd=False) as file:
                journal = json.load(file)
            base = os.path.dirname(path)
            targets = {os.path.normpath(os.path.join(base, entry["path"])) for entry in journal["files"]}
            if journal["once"] and repeated.isdisjoint(targets):
                recovery.waiting.extend(sorted(touched & targets))
                return
            _place_entries(journal["files"], base, recovery)
            for folder in reversed(journal["folders"]):
                _remove(os.path.normpath(os.path.join(base, folder)))
            os.unlink(path)


@contextmanager
def _own_locked(path: str) -> Iterator[int | None]:
    """Open and lock a folder or a journal; None if an active run holds its lock, if it is gone, or if it is not our own."""
    descriptor = _open_locked(path)
    try:
        yield descriptor if descriptor >= 0 and os.path.lexists(path) and _is_own(os.fstat(descriptor)) else None
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _place_entries(entries: Iterable[dict[str, Any]], base: str, recovery: Recovery) -> None:
    """Move the files of a journal to their targets, unless a target has changed since; paths are relative to `base`.

    If another file is at a target that must be new, the killed run had moved no file yet, and none is moved.
    """
    entries = sorted(entries, key=lambda entry: not entry["new"])
    targets = [os.path.normpath(os.path.join(base, entry["path"])) for entry in entries]
    for entry, target in zip(entries, targets, strict=True):
        staged = os.path.join(base, entry["staged"])
        is_staged = os.path.exists(staged)
        if os.path.exists(target) and (not is_staged or (entry["new"] and os.path.samefile(staged, target))):
            recovery.placed.append(target)
        elif not is_staged:
            recovery.kept.append(target)
        elif entry["new"] and os.path.exists(target) and os.path.getsize(target):
            recovery.kept.extend(targets)
            return
        elif entry["before"] is not None and (not os.path.exists(target) or digest(target) != entry["before"]):
            recovery.kept.append(target)
        else:
            os.replace(staged, target)
            recovery.placed.append(target)


def _relative(path: str, base: str) -> str:
    """Return a path relative to a folder; a path on another drive is returned as it is."""
    try:
        return os.path.relpath(path, base)
    except ValueError:
        return path


def _identify_empty(path: str) -> tuple[int, int]:
    """Return the device and the inode of an empty file. Raises `FileExistsError` if the file is not empty."""
    status = os.stat(path)
    if status.st_size:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    return status.st_dev, status.st_ino


def _replace(file: StagedFile) -> None:
    """Move a file to its target. Raises `Changed` if the target has changed since it was read."""
    if file.before is not None and (file.signature is None or _signature(os.stat(file.path)) != file.signature):
        file.verify()
    os.replace(str(file.staged), file.path)


def _move_to_new(staged: str, path: str) -> None:
    """Move a file to a path that must not exist: the system refuses if it does."""
    try:
        os.link(staged, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        os.replace(staged, path)
    else:
        os.unlink(staged)


def _put_back(aside: str, path: str) -> None:
    """Move a file that was set aside back to its path; if another file is there by now, both are kept."""
    try:
        _move_to_new(aside, path)
    except FileExistsError:
        if os.path.getsize(aside):
            os.rename(aside, f"{path}.{os.urandom(3).hex()}")


def _inherit(descriptor: int, path: str) -> None:
    """Give a new file the owner, permissions and extended attributes of the file at `path`, or those of any new file.

    It changes the open file, whatever is under its name by now. Raises `OSError` if the group or an attribute cannot be kept,
    because that would change who can read the file. An owner that cannot be kept does no harm.
    """
    if not hasattr(os, "fchown"):
        return
    try:
        old = os.stat(path)
    except FileNotFoundError:
        os.umask(umask := os.umask(0))
        os.fchmod(descriptor, 0o666 & ~umask)
        return
    new = os.fstat(descriptor)
    if old.st_gid != new.st_gid:
        try:
            os.fchown(descriptor, -1, old.st_gid)
        except PermissionError:
            raise PermissionError(errno.EPERM, "its group cannot be kept", path) from None
    if old.st_uid != new.st_uid:
        with suppress(PermissionError):
            os.fchown(descriptor, old.st_uid, -1)
    _inherit_attributes(descriptor, path)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _inherit_attributes(descriptor: int, path: str) -> None:
    """Give a new file exactly the extended attributes of the file at `path`, such as access control lists."""
    old, new = _attributes(path), _attributes(descriptor)
    for name in sorted(old.keys() | new.keys()):
        try:
            if name not in old:
                os.removexattr(descriptor, name)
            elif old[name] != new.get(name):
                os.setxattr(descriptor, name, old[name])
        except OSError as error:
            raise OSError(error.errno, f"its extended attribute {name} cannot be kept", path) from None


def _attributes(file: str | int) -> dict[str, bytes]:
    """Return the extended attributes of a file; none if the system does not support them."""
    try:
        return {name: os.getxattr(file, name) for name in os.listxattr(file)} if hasattr(os, "listxattr") else {}
    except OSError as error:
        if error.errno in {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}:
            return {}
        raise


def _digest_and_signature(path: str) -> tuple[str, Signature]:
    from hashlib import sha256

    content_hash = sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            content_hash.update(block)
        return content_hash.hexdigest(), _signature(os.fstat(file.fileno()))


def _signature(status: os.stat_result) -> Signature:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _open_private(name: str, flags: int) -> int:
    """Open a new file that only its owner may read, until it gets its final permissions."""
    return os.open(name, flags, 0o600)


def _write(path: str, text: str) -> None:
    """Write a small file of our own to the disk."""
    with open(path, "x", encoding="utf-8", errors="surrogateescape", opener=_open_private) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: str) -> None:
    """Write the renames in a folder to the disk, if the system can."""
    with suppress(OSError):
        descriptor = _open_no_follow(folder)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(folder: str) -> None:
    """Remove a folder of staged files."""
    with suppress(FileNotFoundError, NotADirectoryError):
        for name in os.listdir(folder):
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(folder, name))
        os.rmdir(folder)


def _is_own(status: os.stat_result) -> bool:
    """Return whether a folder or a file belongs to this user, and nobody else has access to it."""
    is_folder_or_file = stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)
    return is_folder_or_file and status.st_uid == os.geteuid() and not status.st_mode & 0o077


@contextmanager
def _folder_locked(folder: str) -> Iterator[None]:
    """Keep other runs from making or removing hidden folders in a folder, if the system can."""
    with ExitStack() as stack:
        lock = _open_locked(folder, wait=True)
        if lock >= 0:
            stack.callback(os.close, lock)
        yield


def _open_locked(path: str, *, wait: bool = False) -> int:
    """Open and lock a folder or a file; return -1 if another process holds the lock, or if it cannot be opened or locked."""
    try:
        descriptor = _open_no_follow(path)
    except OSError:
        return -1
    if _lock(descriptor, wait=wait):
        return descriptor
    os.close(descriptor)
    return -1


def _lock(descriptor: int, *, wait: bool = False) -> bool:
    """Lock an open file until it is closed; return whether that was possible."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _open_no_follow(path: str) -> int:
    """Open a file or a folder for reading, but not through a symbolic link."""
    return os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
