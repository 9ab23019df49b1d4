"""Files that are written in hidden folders beside their places, and take their places together.

A run that stops before `Staging.place` leaves every file as it was. One that is killed while files take their places leaves a
journal: the next run that writes to the folder in which it stands completes it by `recover`, and does nothing twice.
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

#: The name of a hidden folder of staged files, or of the journal that stands beside one.
_HIDDEN = re.compile(r"\.[0-9a-f]{12}\.v4schema(\.journal)?")
#: What the name of a journal ends with; and, in the other folders of a run, what holds the name of the first: its home.
_JOURNAL, _HOME = ".journal", "home"
#: The errors by which a file system says that it has no hard links.
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_BLOCK = 1 << 20

#: What tells one state of a file from others: device, inode, size, and the times of its last changes.
Signature = tuple[int, ...]


class Changed(OSError):
    """A file has changed since it was read, so it is not replaced."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.ESTALE, "it has changed since it was read", path)


@dataclass(slots=True, kw_only=True, eq=False)
class StagedFile:
    """A file that is written beside the one it replaces.

    `name` is what the caller calls it, `path` where it goes, links resolved; `staged` is where it is written, None for a device
    or a pipe, which is written directly. `before` is the digest of the only content that it may replace; None stands for any.
    With `new`, it replaces nothing at all, except an empty file: the one that was `found` at the beginning, by device and inode.
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
        """Give the file the rights of the one that it replaces, and let all that is written reach the disk.

        Raises `OSError` where that cannot be.
        """
        self.file.flush()
        if self.staged is not None:
            _inherit(self.file.fileno(), self.path)
            os.fsync(self.file.fileno())
        self.file.close()
        self.finished = True

    def verify(self) -> None:
        """Raise `Changed` if what stands at its place is no longer what it may replace."""
        if self.before is not None:
            found, signature = _digest_and_signature(self.path)
            if found != self.before:
                raise Changed(self.path)
            self.signature = signature

    def discard(self) -> None:
        """Do not let it take its place."""
        self.finished = False
        with suppress(OSError):
            self.file.close()
        if self.staged is not None:
            with suppress(FileNotFoundError):
                os.unlink(self.staged)


@dataclass(slots=True, kw_only=True)
class Recovery:
    """What became of runs that were killed.

    `placed` are the files that are now as such a run wrote them, `kept` those that have changed since and were left alone,
    `cleared` the folders from which leftovers were removed, `waiting` those whose run has to be repeated first.
    """

    placed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


class Staging:
    """Files that take their places together: open them by `file`, `finish` each, then `place` all; always `close` at the end."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}
        self._files: list[StagedFile] = []
        self._lock = -1
        self._journal: IO[str] | None = None
        self._placed = False

    def file(self, path: str, *, before: str | None = None, new: bool = False) -> StagedFile:
        """Open a file to be written to `path`; for `before` and `new` see `StagedFile`.

        Raises `OSError` where the file or its folder cannot be written to, and `FileExistsError` where it would have to be new.
        """
        real = os.path.realpath(path)
        found = None
        if os.path.exists(path):
            if not os.path.isfile(path):
                device = open(path, "wb")  # noqa: SIM115  (closed by `finish` or `discard`)
                self._files.append(StagedFile(name=path, path=real, file=device, staged=None))
                return self._files[-1]
            if not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
            if new:
                found = _vacant(real)
        staged = os.path.join(self._folder(os.path.dirname(real)), str(len(self._files)))
        opened = open(staged, "xb", opener=_for_nobody_else)  # noqa: SIM115  (closed by `finish` or `discard`)
        self._files.append(StagedFile(name=path, path=real, file=opened, staged=staged, before=before, new=new, found=found))
        return self._files[-1]

    def place(self, order: Sequence[StagedFile], *, once: bool = False) -> list[tuple[StagedFile, OSError]]:
        """Let finished files take their places in an order, those that must be new first; return those that could not.

        With `once`, the run must not be done twice: if it is killed, only one that repeats it completes it.
        Where one that must be new cannot, nothing takes its place, and `OSError` is raised. The caller keeps signals off
        meanwhile: it takes as long as renaming takes.
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
        """Leave nothing behind that has not taken its place, but the journal."""
        for file in self._files:
            with suppress(OSError):
                file.file.close()
        if self._placed or self._journal is None:
            for folder in reversed(self._folders.values()):
                _remove(folder)

    def close(self) -> None:
        """Leave nothing behind. The journal goes last, best when the process is about to end: only it tells that all is done."""
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
        """Return the hidden folder in which files for a folder are staged; the first is the home of the lock and the journal."""
        if folder not in self._folders:
            name = os.path.join(folder, f".{os.urandom(6).hex()}.v4schema")
            with _held(folder):
                home = next(iter(self._folders.values()), None)
                self._folders[folder] = name  # before it is made: whatever breaks off here, `close` knows of it
                os.mkdir(name, 0o700)
                if home is None:
                    self._lock = _locked(name)
                else:
                    _write(os.path.join(name, _HOME), _relative(home, folder))
        return self._folders[folder]

    def _commit(self, files: Sequence[StagedFile], *, once: bool) -> None:
        """Write the journal. From here on, what is left to do is done by the next run, should this one be killed."""
        home = next(iter(self._folders.values()))
        base = os.path.dirname(home)  # names count from here, so that all of it may be moved elsewhere meanwhile
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
        """Take the journal back: nothing has taken its place, and nothing will."""
        if self._journal is not None:
            os.unlink(next(iter(self._folders.values())) + _JOURNAL)
            self._journal.close()
            self._journal = None

    def _place_new(self, files: Sequence[StagedFile]) -> None:
        """Let files take their places where nothing may stand; if one cannot, undo all."""
        done: list[StagedFile] = []
        try:
            for file in files:
                self._make_room(file)
                _link(str(file.staged), file.path)
                done.append(file)
        except OSError as error:
            for other in done:
                os.unlink(other.path)
            for other in files:
                if other.aside is not None:
                    _put_back(other.aside, other.path)
            self._withdraw()
            raise OSError(error.errno, error.strerror, file.name) from None

    def _make_room(self, file: StagedFile) -> None:
        """Take an empty file out of the way; whoever has put something else there keeps it."""
        if file.found is not None:
            aside = f"{file.staged}.empty"
            os.rename(file.path, aside)
            file.aside = aside
            told = os.stat(aside)
            if (told.st_dev, told.st_ino) != file.found or told.st_size:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), file.path)


def recover(folders: Iterable[str], *, repeated: Collection[str] = (), touched: Collection[str] = ()) -> Recovery:
    """Complete what killed runs have left to do in folders, and clear what they have left behind.

    `repeated` are the files, links resolved, that this run does over again, `touched` those that it reads or writes. A run that
    must not be done twice is completed only if this one repeats it; else it is left to be, and told where this one touches it.
    One that is still at work is left alone: it holds a lock. So is what belongs to another user. Raises `OSError` where a run
    cannot be completed; it stays to be completed then.
    """
    done = Recovery()
    if not hasattr(os, "geteuid"):  # without owners and locks, nobody can tell whose a folder is
        return done
    for folder in dict.fromkeys(map(os.path.realpath, folders)):
        try:
            names = sorted(name for name in os.listdir(folder) if _HIDDEN.fullmatch(name))
        except OSError:  # what cannot be looked into is told when something is to be read from or written to it
            continue
        for name in names:
            with _held(folder):
                _recover(os.path.join(folder, name), done, {*repeated}, {*touched})
    return done


def digest(path: str) -> str:
    """Return what tells the content of a file from any other: its SHA-256."""
    return _digest_and_signature(path)[0]


def _recover(path: str, done: Recovery, repeated: AbstractSet[str], touched: AbstractSet[str]) -> None:
    """Complete the run that has left a journal or a folder of staged files, and remove these."""
    if path.endswith(_JOURNAL):
        _complete_run(path, done, repeated, touched)
        return
    try:
        if not _is_own(os.lstat(path)):
            return
        with open(os.path.join(path, _HOME), encoding="utf-8", errors="surrogateescape") as file:
            home = os.path.normpath(os.path.join(os.path.dirname(path), file.read()))
    except FileNotFoundError:  # it is the home itself, or gone meanwhile
        home = path
    if os.path.lexists(home + _JOURNAL):
        _complete_run(home + _JOURNAL, done, repeated, touched)
        return
    with _taken(home) as lock:
        if lock is not None or (home != path and not os.path.lexists(home)):
            done.cleared.append(os.path.dirname(path))
            _remove(path)


def _complete_run(journal: str, done: Recovery, repeated: AbstractSet[str], touched: AbstractSet[str]) -> None:
    """Do what a journal says is left to do, and remove it with all that belongs to it."""
    with _taken(journal) as opened:
        if opened is not None:
            with open(opened, encoding="utf-8", closefd=False) as file:
                told = json.load(file)
            base = os.path.dirname(journal)
            paths = {os.path.normpath(os.path.join(base, entry["path"])) for entry in told["files"]}
            if told["once"] and repeated.isdisjoint(paths):
                done.waiting.extend(sorted(touched & paths))
                return
            _complete(told["files"], base, done)
            for folder in reversed(told["folders"]):
                _remove(os.path.normpath(os.path.join(base, folder)))
            os.unlink(journal)


@contextmanager
def _taken(path: str) -> Iterator[int | None]:
    """Open and lock a folder or a journal; None if a run that is at work holds it, if it is gone, or not ours."""
    opened = _locked(path)
    try:
        yield opened if opened >= 0 and os.path.lexists(path) and _is_own(os.fstat(opened)) else None
    finally:
        if opened >= 0:
            os.close(opened)


def _complete(entries: Iterable[dict[str, Any]], base: str, done: Recovery) -> None:
    """Let the files of a journal take their places, unless these have changed since; their names count from a folder.

    Where another file stands where one must be new, none has taken its place yet, and none does.
    """
    entries = sorted(entries, key=lambda entry: not entry["new"])
    paths = [os.path.normpath(os.path.join(base, entry["path"])) for entry in entries]
    for entry, path in zip(entries, paths, strict=True):
        staged = os.path.join(base, entry["staged"])
        there = os.path.exists(staged)
        if os.path.exists(path) and (not there or (entry["new"] and os.path.samefile(staged, path))):
            done.placed.append(path)
        elif not there:
            done.kept.append(path)
        elif entry["new"] and os.path.exists(path) and os.path.getsize(path):
            done.kept.extend(paths)
            return
        elif entry["before"] is not None and (not os.path.exists(path) or digest(path) != entry["before"]):
            done.kept.append(path)
        else:
            os.replace(staged, path)
            done.placed.append(path)


def _relative(path: str, base: str) -> str:
    """Return a name as it counts from a folder; on another drive, none does."""
    try:
        return os.path.relpath(path, base)
    except ValueError:
        return path


def _vacant(path: str) -> tuple[int, int]:
    """Return what tells an empty file from others. Raises `FileExistsError` for one that is not empty."""
    told = os.stat(path)
    if told.st_size:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    return told.st_dev, told.st_ino


def _replace(file: StagedFile) -> None:
    """Let a file take its place, unless what stands there has changed since it was read."""
    if file.before is not None and (file.signature is None or _signature(os.stat(file.path)) != file.signature):
        file.verify()
    os.replace(str(file.staged), file.path)


def _link(staged: str, path: str) -> None:
    """Let a file take its place where nothing stands: the system itself refuses if something does."""
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
    """Let a file that was moved aside stand where it stood; if another does so already, both are kept."""
    try:
        _link(aside, path)
    except FileExistsError:
        if os.path.getsize(aside):
            os.rename(aside, f"{path}.{os.urandom(3).hex()}")


def _inherit(opened: int, path: str) -> None:
    """Give a new file the owner, the rights and the extended attributes of the one that it replaces, or those of any new file.

    It is done to the open file, whatever may stand under its name meanwhile. Raises `OSError` where group or attributes cannot
    be kept: somebody else could read it then, or no longer; an owner that cannot be kept is no harm.
    """
    if not hasattr(os, "fchown"):
        return
    try:
        old = os.stat(path)
    except FileNotFoundError:
        os.umask(umask := os.umask(0))
        os.fchmod(opened, 0o666 & ~umask)
        return
    new = os.fstat(opened)
    if old.st_gid != new.st_gid:
        try:
            os.fchown(opened, -1, old.st_gid)
        except PermissionError:
            raise PermissionError(errno.EPERM, "its group cannot be kept", path) from None
    if old.st_uid != new.st_uid:
        with suppress(PermissionError):
            os.fchown(opened, old.st_uid, -1)
    _inherit_attributes(opened, path)
    os.fchmod(opened, stat.S_IMODE(old.st_mode))


def _inherit_attributes(opened: int, path: str) -> None:
    """Give a new file the extended attributes of another, access control lists among them, and no others."""
    old, new = _attributes(path), _attributes(opened)
    for name in sorted(old.keys() | new.keys()):
        try:
            if name not in old:
                os.removexattr(opened, name)
            elif old[name] != new.get(name):
                os.setxattr(opened, name, old[name])
        except OSError as error:
            raise OSError(error.errno, f"its extended attribute {name} cannot be kept", path) from None


def _attributes(file: str | int) -> dict[str, bytes]:
    """Return the extended attributes of a file; none where the system does not know them."""
    try:
        return {name: os.getxattr(file, name) for name in os.listxattr(file)} if hasattr(os, "listxattr") else {}
    except OSError as error:
        if error.errno in {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}:
            return {}
        raise


def _digest_and_signature(path: str) -> tuple[str, Signature]:
    from hashlib import sha256

    summed = sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            summed.update(block)
        return summed.hexdigest(), _signature(os.fstat(file.fileno()))


def _signature(told: os.stat_result) -> Signature:
    return told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns


def _for_nobody_else(name: str, flags: int) -> int:
    """Open a new file that nobody else may read before it has the rights that it is to have."""
    return os.open(name, flags, 0o600)


def _write(path: str, text: str) -> None:
    """Write a small file of our own to the disk."""
    with open(path, "x", encoding="utf-8", errors="surrogateescape", opener=_for_nobody_else) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: str) -> None:
    """Let what has been renamed in a folder reach the disk, where the system can."""
    with suppress(OSError):
        opened = _opened(folder)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _remove(folder: str) -> None:
    """Remove a folder of staged files."""
    with suppress(FileNotFoundError, NotADirectoryError):
        for name in os.listdir(folder):
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(folder, name))
        os.rmdir(folder)


def _is_own(told: os.stat_result) -> bool:
    """Tell whether a folder or a file is one of ours: nobody else can have put anything into it."""
    kinds = stat.S_ISDIR(told.st_mode) or stat.S_ISREG(told.st_mode)
    return kinds and told.st_uid == os.geteuid() and not told.st_mode & 0o077


@contextmanager
def _held(folder: str) -> Iterator[None]:
    """Keep other runs from making or clearing hidden folders in a folder, where the system can."""
    with ExitStack() as opened:
        lock = _locked(folder, wait=True)
        if lock >= 0:
            opened.callback(os.close, lock)
        yield


def _locked(path: str, *, wait: bool = False) -> int:
    """Open a folder or a file, and lock it; -1 where another process holds it, or where that cannot be told."""
    try:
        opened = _opened(path)
    except OSError:
        return -1
    if _lock(opened, wait=wait):
        return opened
    os.close(opened)
    return -1


def _lock(opened: int, *, wait: bool = False) -> bool:
    """Lock what is open, until it is closed; tell whether that could be."""
    try:
        import fcntl

        fcntl.flock(opened, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _opened(path: str) -> int:
    return os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
