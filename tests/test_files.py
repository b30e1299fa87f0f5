"""Files are whole or not there, and keep what they were besides; what is no regular file is written as what it is."""

import bz2
import errno
import gzip
import lzma
import os
import pickle
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tinygrad_bp import MLP, Value, draw, save
from tinygrad_bp.files import beside, check_folder, write_whole, writing, written_together

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


def test_text_and_bytes(tmp_path: Path) -> None:
    assert write_whole(tmp_path / "a.txt", "é\n").read_bytes() == b"\xc3\xa9\n"
    assert write_whole(str(tmp_path / "b.bin"), b"\x00").read_bytes() == b"\x00"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b.bin"]


def test_a_link_stays_a_link_and_permissions_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    real.chmod(0o600)
    link.symlink_to(real)
    write_whole(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("none/x.svg", "there is no folder"),
        ("file.txt/x.svg", "there is no folder"),
        (".", "that is a folder"),
        ("x" * 300, "too long"),
    ],
)
def test_what_cannot_be_written_is_named_and_leaves_nothing(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "file.txt").write_text("kept")
    with pytest.raises(OSError, match=rf"cannot write .*{says}") as caught:
        write_whole(os.path.join(tmp_path, name), "text")
    assert caught.value.errno in (errno.ENOENT, errno.EISDIR, errno.ENAMETOOLONG)
    assert caught.value.filename == os.path.join(tmp_path, name)
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]


def test_an_error_keeps_what_programs_ask_it_and_says_it_in_words(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(tmp_path / "none" / "x.txt", "text")
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert isinstance(error, FileNotFoundError)
        assert error.errno == errno.ENOENT
        assert error.filename == str(tmp_path / "none" / "x.txt")
        assert "there is no folder" in error.strerror
        assert str(error).startswith("cannot write '")
    with pytest.raises(OSError, match="too long") as caught:
        write_whole("x" * 1_000_000, "text")
    assert len(str(caught.value)) < 300
    with pytest.raises(ValueError, match=r"cannot write 'a\\x00b': no name that a file can have: it has a NUL"):
        write_whole("a\0b", "text")
    with pytest.raises(ValueError, match=r"cannot make 'a\\x00b': no name that a file can have: it has a NUL"):
        check_folder(Path("a\0b"))
    with (
        pytest.raises(ValueError, match=r"cannot make 'a\\x00b': no name that a file can have: it has a NUL"),
        written_together(Path("a\0b")),
    ):
        pass


@pytest.mark.parametrize(("suffix", "module"), [(".gz", gzip), (".bz2", bz2), (".XZ", lzma)])
def test_packed_files_are_packed_and_the_same_each_time(tmp_path: Path, suffix: str, module: Any) -> None:
    packed = [write_whole(tmp_path / f"{k}.csv{suffix}", "é\n").read_bytes() for k in range(2)]
    assert packed[0] == packed[1]
    assert module.decompress(packed[0]) == "é\n".encode()


# What is no regular file


@posix
def test_a_device_stays_one(tmp_path: Path) -> None:
    assert write_whole("/dev/null", "text") == Path("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    link = tmp_path / "link.csv"
    link.symlink_to("/dev/null")
    write_whole(link, "text")
    assert link.is_symlink()
    with pytest.raises(OSError, match="cannot write '/dev/full': No space left") as caught:
        write_whole("/dev/full", "text")
    assert caught.value.errno == errno.ENOSPC


@posix
def test_a_named_pipe_is_written_to_whoever_reads_it(tmp_path: Path) -> None:
    pipe, found = tmp_path / "pipe.svg", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()))
    reader.start()
    drawing = draw(Value(1.0, "x"))
    assert drawing.save(pipe, format="gv") == pipe
    reader.join(timeout=30)
    assert found == [drawing.source.encode()]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@posix
def test_a_named_pipe_that_nobody_reads_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "SECONDS", 0.0)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="nobody reads from this pipe"):
        write_whole(tmp_path / "pipe", "text")


@posix
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_is_written_after_what_was_printed_and_appended_to(tmp_path: Path, name: str) -> None:
    if not os.path.exists(os.path.dirname(name)):
        pytest.skip("this system calls it otherwise")
    code = f"from tinygrad_bp.files import write_whole; print('one'); write_whole({name!r}, 'two\\n'); print('three')"
    (tmp_path / "log").write_text("zero\n")
    with (tmp_path / "log").open("ab") as log:
        subprocess.run([sys.executable, "-c", code], stdout=log, check=True)
    assert (tmp_path / "log").read_text() == "zero\none\ntwo\nthree\n"
    piped = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert piped.stdout.split() == [b"one", b"two", b"three"]


# What is there already


def test_what_is_read_only_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "model.json"
    target.write_text("kept")
    target.chmod(0o444)
    with pytest.raises(PermissionError, match=r"cannot write .*model\.json': the file is read-only"):
        save(MLP(1, [1]), target)
    assert target.read_text() == "kept"
    assert os.listdir(tmp_path) == ["model.json"]


@posix
def test_all_names_of_a_file_have_the_new_content(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("a longer text before")
    os.link(one, other)
    write_whole(other, "new")
    assert one.read_text() == other.read_text() == "new"
    assert one.samefile(other)


@posix
def test_what_is_written_over_is_put_back_if_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("before")
    os.link(one, other)
    put = writing._put

    def full(file: Any, data: Any) -> None:
        put(file, data[:3])
        if data == b"new content":
            raise OSError(errno.ENOSPC, "No space left on device")
        put(file, data)

    monkeypatch.setattr(writing, "_put", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(one, "new content")
    assert other.read_text() == "before"


@posix
def test_a_file_that_cannot_be_replaced_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that is mounted by itself, or belongs to another in a folder for all."""
    target = tmp_path / "file"
    target.write_text("before")
    inode = target.stat().st_ino

    def busy(source: Any, target: Any) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(os, "replace", busy)
    write_whole(target, "new")
    assert (target.read_text(), target.stat().st_ino, os.listdir(tmp_path)) == ("new", inode, ["file"])


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_an_owner_stays_one(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("before")
    target.chmod(0o640)
    os.chown(target, 12345, 23456)
    write_whole(target, "new")
    there = target.stat()
    assert (there.st_uid, there.st_gid, stat.S_IMODE(there.st_mode)) == (12345, 23456, 0o640)


# Processes that are killed

WRITER = """
import os, sys
from tinygrad_bp.files import write_whole, writing
if sys.argv[2] == "named":
    writing._nameless = lambda folder: None
sync = os.fsync
def slow(file):
    sync(file)
    print("there", flush=True)
    sys.stdin.read()
os.fsync = slow
write_whole(sys.argv[1], "new " * 100_000)
"""


def litter(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if name.startswith(".")]


@posix
@pytest.mark.parametrize("way", ["nameless", "named"])
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("before", ["old", None])
def test_a_killed_process_leaves_the_old_file_and_no_litter_that_stays(
    tmp_path: Path, way: str, end: signal.Signals, before: str | None
) -> None:
    target = tmp_path / "model.json"
    if before is not None:
        target.write_text(before)
    command = [sys.executable, "-c", WRITER, str(target), way]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        try:
            assert running.stdout.readline() == b"there\n"  # written, and not moved yet
            running.send_signal(end)
            waits = way == "named" and end == signal.SIGTERM  # until it is moved
            if waits:
                running.stdin.close()
            assert running.wait(timeout=30) == -end
        finally:
            running.kill()
    text = target.read_text() if target.exists() else None
    assert text == ("new " * 100_000 if waits else before)
    if end == signal.SIGTERM or way == "nameless":
        assert litter(tmp_path) == []
    write_whole(target, "newer")
    assert target.read_text() == "newer"
    assert litter(tmp_path) == []


@posix
def test_what_another_process_is_writing_is_not_taken_for_litter(tmp_path: Path) -> None:
    target = tmp_path / "model.json"
    place, file = beside.new_file(target)
    os.write(file, b"of the other")
    target.write_text("old")
    write_whole(target, "new")
    assert place.read_bytes() == b"of the other"
    os.close(file)
    write_whole(target, "newer")
    assert not place.exists()


def test_it_is_on_the_disk_before_it_is_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, sync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: (seen.append("sync"), sync(file)))
    monkeypatch.setattr(os, "replace", lambda *places: (seen.append("move"), replace(*places)))
    (tmp_path / "file").write_text("old")
    write_whole(tmp_path / "file", "new")
    assert seen == ["sync", "move"]


def test_systems_without_files_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_nameless", lambda folder: None)
    for text in ("new", "newer"):
        write_whole(tmp_path / "file", text)
        assert ((tmp_path / "file").read_text(), os.listdir(tmp_path)) == (text, ["file"])


@posix
def test_systems_that_give_names_at_the_beginning_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*places: Any, **options: Any) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    for text in ("new", "newer"):
        write_whole(tmp_path / "file", text)
        assert ((tmp_path / "file").read_text(), os.listdir(tmp_path)) == (text, ["file"])


def test_many_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    texts = [str(k) * 10_000 for k in range(8)]
    threads = [
        threading.Thread(target=lambda text=text: [write_whole(target, text) for _ in range(10)]) for text in texts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert target.read_text() in texts
    assert os.listdir(tmp_path) == ["file"]


def test_a_name_that_is_anothers_by_now_is_not_taken_for_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at what has the name and its lock, that may have been moved into place and the name be taken anew."""
    place, file = beside.new_file(tmp_path / "file")
    lock = beside._lock

    def moved_in_the_meantime(left: int, wait: bool = True) -> bool:
        os.replace(place, tmp_path / "file")
        os.close(file)
        place.write_text("another's")
        return lock(left, wait)

    monkeypatch.setattr(beside, "_lock", moved_in_the_meantime)
    beside._remove_if_left(place)
    assert place.read_text() == "another's"
