"""Files that are replaced together: whole or not at all, with their permissions, and completed by the next run."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from v4schema.output import staging as stagings
from v4schema.output.staging import Changed, StagedFile, Staging, digest, recover


def staged(staging: Staging, name: str, content: bytes = b"new", **options: Any) -> StagedFile:  # noqa: ANN401  (those of `Staging.file`)
    """Return a file that is written and finished, but has not replaced the old one."""
    file = staging.file(name, **options)
    file.file.write(content)
    file.finish()
    return file


def contents() -> dict[str, bytes]:
    """Return what is in the current folder, including hidden files and folders."""
    found = {str(path): path.read_bytes() if path.is_file() else b"" for path in sorted(Path().rglob("*"))}
    return found | {name: b"" for name in os.listdir() if name.startswith(".")}


def killed(script: str) -> None:
    """Run a script that stages files, in a process that is killed in the middle of it."""
    begin = "import os\nfrom v4schema.output.staging import *\n"
    staged = (
        "def staged(name, content=b'new', **words):\n f = s.file(name, **words); f.file.write(content); f.finish(); return f\n"
    )
    command = [sys.executable, "-c", f"{begin}{staged}s = Staging()\n{script}\nos._exit(9)"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 9, done.stderr


#: Replaces files, and is killed when the file with a name is about to be replaced.
KILLED_AT = """
replace, link = os.replace, os.link
def gone(call):
    return lambda new, name: os._exit(9) if name.endswith({name!r}) else call(new, name)
os.replace, os.link = gone(replace), gone(link)
"""


@pytest.mark.parametrize("function", ["open", "mkdir", "fsync", "fchmod", "rename", "replace"])
@pytest.mark.parametrize("error", [OSError("full"), SystemExit(143)])
def test_an_interruption_at_any_point_leaves_no_file(
    in_empty_folder: Path, monkeypatch: pytest.MonkeyPatch, function: str, error: BaseException
) -> None:
    """The disc is full or a signal comes, before, while and after the new files are written."""
    for name in ("a.json", "b.json"):
        (in_empty_folder / name).write_bytes(b"old")
    done = getattr(os, function)

    def fail(*args: Any, **options: Any) -> None:  # noqa: ANN401  (those of the function)
        if function == "open":
            os.close(done(*args, **options))
        raise error

    staging = Staging()
    try:
        with monkeypatch.context() as patched:
            patched.setattr(os, function, fail)
            failed = [file.name for file, _ in staging.place([staged(staging, "a.json"), staged(staging, "b.json")])]
    except type(error):
        failed = []
    finally:
        staging.close()
    assert failed == (["a.json", "b.json"] if function == "replace" and isinstance(error, OSError) else [])
    if function == "replace" and isinstance(error, SystemExit):
        # An interruption is impossible here: after one, the next run completes the files.
        recover(["."])
        assert contents() == {"a.json": b"new", "b.json": b"new"}
    else:
        assert contents() == {"a.json": b"old", "b.json": b"old"}


def test_files_are_replaced_together(in_empty_folder: Path) -> None:
    """They are in several folders, new and old, or links; a device is written to at once."""
    (in_empty_folder / "below").mkdir()
    Path("old.json").write_bytes(b"old")
    Path("link.json").symlink_to("old.json")
    staging = Staging()
    files = [staged(staging, name) for name in ("link.json", "below/new.json", os.devnull)]
    assert Path("old.json").read_bytes() == b"old"
    assert not Path("below", "new.json").exists()
    assert staging.place(files) == []
    staging.close()
    assert contents() == {"below": b"", "below/new.json": b"new", "link.json": b"new", "old.json": b"new"}
    assert Path("link.json").is_symlink()


def test_a_discarded_file_replaces_nothing(in_empty_folder: Path) -> None:
    """No temporary file is left."""
    staging = Staging()
    gone, kept, device = staged(staging, "gone.json"), staged(staging, "kept.json"), staged(staging, os.devnull)
    gone.discard()
    device.discard()
    assert staging.place([gone, kept]) == []
    staging.close()
    assert os.listdir(in_empty_folder) == ["kept.json"]


def test_only_the_owner_can_read_a_temporary_file(in_empty_folder: Path) -> None:
    """Ads contain addresses and plates; the folder of the file is private as well."""
    os.umask(before := os.umask(0o022))
    staging = Staging()
    file = staging.file("ad.json")
    (hidden,) = in_empty_folder.iterdir()
    assert hidden.stat().st_mode & 0o777 == 0o700
    assert next(hidden.iterdir()).stat().st_mode & 0o777 == 0o600
    file.finish()
    staging.place([file])
    staging.close()
    assert Path("ad.json").stat().st_mode & 0o777 == 0o666 & ~before


def test_permissions_are_set_on_the_open_file(in_empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its path may lead to another file by then; owner, group and mode are set in this order."""
    path = in_empty_folder / "ad.json"
    path.write_bytes(b"old")
    path.chmod(0o640)
    done: list[tuple[object, ...]] = []
    original = os.stat

    def stat(name: Any, **options: Any) -> Any:  # noqa: ANN401  (those of `os.stat`)
        found = original(name, **options)
        owner = {"st_uid": 4711, "st_gid": 4712, "st_mode": found.st_mode, "st_size": found.st_size}
        return SimpleNamespace(**owner) if str(name).endswith("ad.json") else found

    monkeypatch.setattr(os, "stat", stat)
    for call in ("fchown", "fchmod"):
        monkeypatch.setattr(os, call, lambda *options, call=call: done.append((call, *options)))
    for call in ("chown", "chmod", "lchown"):
        monkeypatch.delattr(os, call)
    staging = Staging()
    file = staging.file("ad.json")
    number = file.file.fileno()
    file.finish()
    staging.close()
    assert done == [("fchown", number, -1, 4712), ("fchown", number, 4711, -1), ("fchmod", number, 0o640)]


@pytest.mark.parametrize("kept", ["owner", "group"])
def test_a_group_that_cannot_be_kept_is_an_error(in_empty_folder: Path, monkeypatch: pytest.MonkeyPatch, kept: str) -> None:
    """Other users would gain or lose access; the owner may change, since the user who writes the file owns it."""
    path = in_empty_folder / "ad.json"
    path.write_bytes(b"old")
    original = os.fstat

    def fstat(number: int) -> os.stat_result:
        found = original(number)
        return os.stat_result((*found[:4], 4711, 4712 if kept == "owner" else found.st_gid, *found[6:]))

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    staging = Staging()
    file = staging.file("ad.json")
    monkeypatch.setattr(os, "fstat", fstat)
    monkeypatch.setattr(os, "fchown", refuse)
    if kept == "owner":
        with pytest.raises(PermissionError, match="its group cannot be kept"):
            file.finish()
    else:
        file.finish()
    staging.close()


class Attributes:
    """Simulated extended attributes, by inode, for file systems without them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.all: dict[int, dict[str, bytes]] = {}
        for name in ("listxattr", "getxattr", "setxattr", "removexattr"):
            monkeypatch.setattr(os, name, getattr(self, name), raising=False)

    def of(self, file: str | int | Path) -> dict[str, bytes]:
        """The attributes of a file, by its name or as an open one."""
        return self.all.setdefault(os.stat(file).st_ino, {})

    def listxattr(self, file: str | int) -> list[str]:
        """As in `os`."""
        return [*self.of(file)]

    def getxattr(self, file: str | int, name: str) -> bytes:
        """As in `os`."""
        return self.of(file)[name]

    def setxattr(self, file: str | int, name: str, value: bytes) -> None:
        """As in `os`, for those who may."""
        if name.startswith("trusted."):
            raise PermissionError(errno.EPERM, "Operation not permitted")
        self.of(file)[name] = value

    def removexattr(self, file: str | int, name: str) -> None:
        """As in `os`."""
        del self.of(file)[name]


def test_exactly_the_old_attributes_are_kept(in_empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They include access control lists; attributes that the new file has from its folder are removed."""
    attributes = Attributes(monkeypatch)
    path = in_empty_folder / "ad.json"
    path.write_bytes(b"old")
    attributes.of(path).update({"system.posix_acl_access": b"\2", "user.origin": b"export", "user.same": b"y"})
    staging = Staging()
    file = staging.file("ad.json")
    attributes.of(file.file.fileno()).update({"system.posix_acl_access": b"\1", "user.folder": b"x", "user.same": b"y"})
    file.finish()
    staging.place([file])
    staging.close()
    assert path.read_bytes() == b""
    assert attributes.of(path) == {"system.posix_acl_access": b"\2", "user.origin": b"export", "user.same": b"y"}


def test_an_attribute_that_cannot_be_kept_is_an_error(in_empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names it."""
    attributes = Attributes(monkeypatch)
    path = in_empty_folder / "ad.json"
    path.write_bytes(b"old")
    attributes.of(path)["trusted.seal"] = b"x"
    staging = Staging()
    with pytest.raises(PermissionError, match=r"its extended attribute trusted\.seal cannot be kept"):
        staged(staging, "ad.json")
    staging.close()
    assert contents() == {"ad.json": b"old"}


@pytest.mark.parametrize("code", [errno.ENOTSUP, errno.EIO])
def test_a_file_system_may_have_no_attributes(in_empty_folder: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """There are none to keep then; any other error is raised."""

    def listxattr(_: object) -> list[str]:
        raise OSError(code, os.strerror(code))

    (in_empty_folder / "ad.json").write_bytes(b"old")
    monkeypatch.setattr(os, "listxattr", listxattr, raising=False)
    staging = Staging()
    if code == errno.EIO:
        with pytest.raises(OSError, match="Input/output error"):
            staged(staging, "ad.json")
    else:
        staging.place([staged(staging, "ad.json")])
    staging.close()
    assert contents() == {"ad.json": b"old" if code == errno.EIO else b"new"}


@pytest.mark.parametrize("missing", [["fchown"], ["listxattr"], ["geteuid"]])
def test_a_system_may_have_no_owners_and_attributes(
    in_empty_folder: Path, monkeypatch: pytest.MonkeyPatch, missing: list[str]
) -> None:
    """Files are written all the same."""
    (in_empty_folder / "ad.json").write_bytes(b"old")
    for name in missing:
        monkeypatch.delattr(os, name)
    assert recover(["."]).cleared == []
    staging = Staging()
    staging.place([staged(staging, "ad.json")])
    staging.close()
    assert contents() == {"ad.json": b"new"}


def test_without_locks_files_are_written(in_empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of killed runs are not removed then, because those runs may still be at work."""
    killed("staged('ad.json')")
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert recover(["."]).cleared == []
    staging = Staging()
    staging.place([staged(staging, "ad.json"), staged(staging, "other.json")])
    staging.close()
    assert Path("ad.json").read_bytes() == b"new"
    assert len(os.listdir(in_empty_folder)) == 3


def test_of_two_runs_that_create_one_file_one_is_refused(in_empty_folder: Path) -> None:
    """The system decides at the very end; the other files of the refused run are not replaced."""
    one, other = Staging(), Staging()
    first, second = staged(one, "receipts", b"one", new=True), staged(other, "receipts", b"other", new=True)
    earlier, later = staged(other, "earlier", new=True), staged(other, "ads")
    assert one.place([first]) == []
    with pytest.raises(FileExistsError, match="receipts"):
        other.place([earlier, second, later])
    one.close()
    other.close()
    assert contents() == {"receipts": b"one"}
    with pytest.raises(FileExistsError):
        Staging().file("receipts", new=True)
    assert os.listdir(in_empty_folder) == ["receipts"]


@pytest.mark.parametrize("meanwhile", [b"", b"somebody's own"])
def test_a_new_file_may_replace_an_empty_one(in_empty_folder: Path, meanwhile: bytes) -> None:
    """`--receipts $(mktemp)` works, unless somebody has written to the file or replaced it meanwhile."""
    for again in (True, False):
        path = in_empty_folder / "receipts"
        path.write_bytes(b"")
        staging = Staging()
        file = staged(staging, "receipts", new=True)
        if again and meanwhile:
            path.unlink()
        path.write_bytes(meanwhile)
        if meanwhile:
            with pytest.raises(FileExistsError):
                staging.place([file])
        else:
            staging.place([file])
        staging.close()
        assert contents() == {"receipts": meanwhile or b"new"}
        path.unlink()


@pytest.mark.parametrize("aside", [b"", b"somebody's own"])
def test_a_file_that_was_moved_aside_overwrites_no_other(
    in_empty_folder: Path, monkeypatch: pytest.MonkeyPatch, aside: bytes
) -> None:
    """Another run may have put its file there, or somebody may have written to the empty one: nothing is lost."""
    path = in_empty_folder / "receipts"
    path.write_bytes(b"")
    staging = Staging()
    file = staged(staging, "receipts", new=True)
    rename = os.rename

    def meanwhile(old: str, new: str) -> None:
        rename(old, new)
        if new.endswith(".empty"):
            Path(new).write_bytes(aside)
            path.write_bytes(b"another run's")

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", meanwhile)
        with pytest.raises(FileExistsError):
            staging.place([file])
    staging.close()
    assert path.read_bytes() == b"another run's"
    others = [each.read_bytes() for each in in_empty_folder.iterdir() if each != path]
    assert others == ([aside] if aside else [])


@pytest.mark.parametrize("exists", [False, True])
def test_a_file_system_may_have_no_links(in_empty_folder: Path, monkeypatch: pytest.MonkeyPatch, exists: bool) -> None:
    """A new file is created exclusively by its name then."""

    def link(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    staging = Staging()
    file = staged(staging, "receipts", new=True)
    if exists:
        (in_empty_folder / "receipts").write_bytes(b"old")
        with pytest.raises(FileExistsError):
            staging.place([file])
    else:
        staging.place([file])
    staging.close()
    assert contents() == {"receipts": b"old" if exists else b"new"}


def test_an_edit_is_not_lost(in_empty_folder: Path) -> None:
    """It counts until the file is replaced; the other files are replaced."""
    for name in ("early", "late", "kept", "gone"):
        (in_empty_folder / name).write_bytes(b"old")
    staging = Staging()
    files = {name: staged(staging, name, before=digest(name)) for name in os.listdir() if not name.startswith(".")}
    Path("early").write_bytes(b"edited")
    with pytest.raises(Changed, match="has changed since it was read"):
        files["early"].verify()
    files["late"].verify()
    files["kept"].verify()
    Path("late").write_bytes(b"edited")
    Path("gone").unlink()
    os.utime("kept")
    failed = {file.name: type(error) for file, error in staging.place([*files.values()])}
    staging.close()
    assert failed == {"early": Changed, "late": Changed, "gone": FileNotFoundError}
    assert contents() == {"early": b"edited", "late": b"edited", "kept": b"new"}


def test_temporary_files_of_a_killed_run_are_removed(in_empty_folder: Path) -> None:
    """The run was killed before it replaced any file, so all files are the old ones."""
    Path("ad.json").write_bytes(b"old")
    Path("below").mkdir()
    killed("staged('ad.json'); staged('below/ad.json')")
    assert sum(path.name in {"0", "1"} for path in Path().rglob("*")) == 2
    done = recover([".", "below", "nowhere"])
    assert (done.placed, done.kept) == ([], [])
    assert done.cleared == [str(in_empty_folder), str(in_empty_folder / "below")]
    assert contents() == {"ad.json": b"old", "below": b""}


@pytest.mark.parametrize(
    ("name", "folders"), [("receipts", ["."]), ("a", ["below"]), ("below/b", [".", "below"]), ("", ["below"])]
)
def test_a_killed_run_is_completed(in_empty_folder: Path, name: str, folders: list[str]) -> None:
    """It was killed at any point while files were replaced; any of its folders is enough to find it."""
    Path("below").mkdir()
    Path("a").write_bytes(b"old")
    before = "before=digest('a')"
    kill = KILLED_AT.format(name=name) if name else ""
    killed(f"f = [staged('a', {before}), staged('receipts', new=True), staged('below/b')]\n{kill}\ns.place(f)")
    done = recover(folders)
    assert {*done.placed} == {str(in_empty_folder / each) for each in ("receipts", "a", "below/b")}
    assert done.kept == []
    assert contents() == {"a": b"new", "below": b"", "below/b": b"new", "receipts": b"new"}
    assert recover([".", "below"]).placed == []


def test_a_missing_file_with_a_missing_replacement_is_reported(in_empty_folder: Path) -> None:
    """Nobody can tell what has become of it."""
    killed(f"f = [staged('a'), staged('b')]\n{KILLED_AT.format(name='b')}\ns.place(f)")
    Path("a").unlink()
    done = recover(["."])
    assert ([*done.kept], [*done.placed]) == ([str(in_empty_folder / "a")], [str(in_empty_folder / "b")])


@pytest.mark.parametrize("edited", ["a", "receipts"])
def test_a_file_that_was_edited_after_the_kill_stays(in_empty_folder: Path, edited: str) -> None:
    """If it is one that must be new, all other files stay, too."""
    Path("a").write_bytes(b"old")
    Path("b").write_bytes(b"old")
    files = "[staged('receipts', new=True), staged('a', before=digest('a')), staged('b', before=digest('b'))]"
    killed(f"f = {files}\n{KILLED_AT.format(name='receipts')}\ns.place(f)")
    Path(edited).write_bytes(b"edited")
    done = recover(["."])
    left = ["a"] if edited == "a" else ["receipts", "a", "b"]
    assert done.kept == [str(in_empty_folder / each) for each in left]
    done_with = {"receipts": b"new", "a": b"edited", "b": b"new"}
    assert contents() == (done_with if edited == "a" else {"receipts": b"edited", "a": b"old", "b": b"old"})


def test_a_file_with_a_remaining_temporary_link_is_complete(in_empty_folder: Path) -> None:
    """The run was killed between linking and unlinking."""
    killed("f = [staged('receipts', new=True), staged('b')]\nos.unlink = lambda _: os._exit(9)\ns.place(f)")
    assert recover(["."]).placed == [str(in_empty_folder / name) for name in ("receipts", "b")]
    assert contents() == {"receipts": b"new", "b": b"new"}


def test_a_running_run_is_left_alone(in_empty_folder: Path) -> None:
    """So is a folder that others can write to, and one that only looks like ours."""
    (in_empty_folder / "below").mkdir()
    staging = Staging()
    files = [staged(staging, "ad.json"), staged(staging, "below/ad.json")]
    open_to_all = in_empty_folder / ".0123456789ab.v4schema"
    open_to_all.mkdir()
    open_to_all.chmod(0o755)
    (in_empty_folder / ".0123456789ac.v4schema").write_bytes(b"a file")
    misled = in_empty_folder / ".0123456789ad.v4schema"
    misled.mkdir(0o700)
    (misled / "home").write_text(str(open_to_all), "utf-8")
    assert recover([".", "below"]).cleared == []
    assert staging.place(files) == []
    staging.close()
    left = [f".0123456789{each}.v4schema" for each in ("ab", "ac", "ad")]
    assert sorted(os.listdir()) == [*left, "ad.json", "below"]


def test_a_run_that_cannot_be_completed_is_kept(in_empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disc does not make the next run forget it."""
    Path("a").write_bytes(b"old")
    killed(f"f = [staged('a'), staged('b')]\n{KILLED_AT.format(name='a')}\ns.place(f)")

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", refuse)
        with pytest.raises(PermissionError):
            recover(["."])
    assert recover(["."]).placed == [str(in_empty_folder / name) for name in "ab"]
    assert contents() == {"a": b"new", "b": b"new"}


def test_paths_on_another_drive_stay_absolute(in_empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They cannot be relative to a folder on this one."""

    def relpath(*_: object) -> str:
        raise ValueError("another drive")

    monkeypatch.setattr(os.path, "relpath", relpath)
    staging = Staging()
    assert staging.place([staged(staging, "a"), staged(staging, "b")]) == []
    staging.close()
    assert sorted(os.listdir(in_empty_folder)) == ["a", "b"]


@pytest.mark.parametrize("lock", [errno.ENOLCK, None])
def test_a_file_system_may_have_no_locks(in_empty_folder: Path, monkeypatch: pytest.MonkeyPatch, lock: int | None) -> None:
    """Its folders may also be impossible to open."""

    def refuse(*_: object) -> int:
        raise OSError(lock or errno.EACCES, "refused")

    import fcntl

    monkeypatch.setattr(*((fcntl, "flock", refuse) if lock else (stagings, "_open_no_follow", refuse)))
    staging = Staging()
    staging.place([staged(staging, "a"), staged(staging, "b")])
    staging.close()
    assert contents() == {"a": b"new", "b": b"new"}
    assert os.listdir(in_empty_folder)
