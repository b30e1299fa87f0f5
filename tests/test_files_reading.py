"""What is read: files, pipes and open streams, packed or not, with byte order marks; within a limit, said in words."""

import bz2
import gzip
import io
import json
import lzma
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tinygrad_bp import MLP, load, save
from tinygrad_bp.files import read_bytes, read_text, reading
from tinygrad_bp.networks import saving
from tinygrad_bp.networks.data import read
from tinygrad_bp.networks.data import reading as tables
from tinygrad_bp.networks.data.table import Table
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.networks.scaling import Scaling

pytestmark = pytest.mark.usefixtures("empty_folder")
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")

TEXT = "a,b\n1,2\n3,4\n"
TABLE = Table(["a"], ["b"], [[1.0], [3.0]], [[2.0], [4.0]])


@pytest.fixture
def net() -> MLP:
    return MLP(2, [2, 1], seed=1)


def same(one: MLP, other: MLP) -> bool:
    return [p.data for p in one.parameters()] == [p.data for p in other.parameters()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_what_it_says(net: MLP, encoding: str) -> None:
    Path("t.csv").write_bytes(TEXT.encode(encoding))
    assert read("t.csv") == TABLE
    Path("net.json").write_bytes(save(net, "plain.json").read_text().encode(encoding))
    assert same(load("net.json"), net)


@pytest.mark.parametrize(("suffix", "module"), [(".gz", gzip), (".bz2", bz2), (".xz", lzma)])
def test_packed_files_are_read(net: MLP, suffix: str, module: Any) -> None:
    Path(f"t.csv{suffix}").write_bytes(module.compress(TEXT.encode()))
    assert read(f"t.csv{suffix}") == TABLE
    Path("renamed.csv").write_bytes(module.compress(TEXT.encode()))  # what a file is, it says itself
    assert read("renamed.csv") == TABLE
    assert same(load(save(net, f"net.json{suffix}")), net)


@pytest.mark.parametrize("module", [gzip, bz2, lzma])
def test_damaged_packed_files_are_refused(module: Any) -> None:
    whole = module.compress(TEXT.encode())
    for damaged in (whole[:-3], whole[:8] + b"\x00\xff" * 8, whole[:12] + bytes([whole[12] ^ 255]) + whole[13:]):
        Path("t.csv").write_bytes(damaged)
        with pytest.raises(ValueError, match=r"^t\.csv: this is no (whole packed file|text)"):
            read("t.csv")


def test_formats_are_those_of_the_name_those_asked_for_or_what_the_text_looks_like() -> None:
    rows = json.dumps([{"a": 1, "b": 2}, {"a": 3, "b": 4}])
    for name, text, format in [
        ("t.data", TEXT, None),
        ("t", TEXT.replace(",", "\t"), None),
        ("t.txt", "\n " + rows, None),
        ("odd.csv", rows, "json"),
        ("odd.json", TEXT, "csv"),
        ("odd.json", TEXT.replace(",", "\t"), "tsv"),
    ]:
        Path(name).write_text(text)
        assert read(name, format=format) == TABLE
    with pytest.raises(ValueError, match="the format of a table is csv, tsv or json, not 'jsn'; did you mean 'json'"):
        read("t.data", format="jsn")


@pytest.mark.parametrize(
    "stream", [io.StringIO(TEXT), io.BytesIO(TEXT.encode()), io.BytesIO(gzip.compress(b"\xef\xbb\xbf" + TEXT.encode()))]
)
def test_open_files_are_read(stream: io.IOBase) -> None:
    assert read(stream) == TABLE


def test_open_files_are_named_in_messages(monkeypatch: pytest.MonkeyPatch, net: MLP) -> None:
    with pytest.raises(ValueError, match=r"^this StringIO: the file is empty"):
        read(io.StringIO(""))
    Path("t.csv").write_text("a,b\n1,2\nx,2\n")
    with open("t.csv") as file, pytest.raises(ValueError, match=r"^t\.csv: line 3, column 'a'"):
        read(file)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"{}")))
    with pytest.raises(ValueError, match=r"^standard input: this is no saved network"):
        load(sys.stdin)
    with pytest.raises(TypeError, match="the name of a file or an open one, not int 5"):
        load(5)
    with open(save(net, "net.json"), "rb") as file:
        assert same(load(file), net)


@posix
def test_pipes_are_read(net: MLP) -> None:
    here, there = os.pipe()
    os.write(there, TEXT.encode())
    os.close(there)
    assert read(f"/dev/fd/{here}") == TABLE
    os.close(here)
    os.mkfifo("t.csv")
    writer = threading.Thread(target=lambda: Path("t.csv").write_text(TEXT))
    writer.start()
    assert read("t.csv") == TABLE
    writer.join(timeout=30)


@posix
def test_who_writes_into_a_pipe_takes_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it is: here the time for which one waits for somebody is over when the second half comes."""
    monkeypatch.setattr(reading, "SECONDS", 0.0)
    os.mkfifo("t.csv")
    both = os.open("t.csv", os.O_RDWR)
    asked = threading.Event()
    opened = reading._pipe

    def noticed(path: Any) -> Any:
        found = opened(path)
        asked.set()
        return found

    monkeypatch.setattr(reading, "_pipe", noticed)

    def write() -> None:
        asked.wait(timeout=30)
        os.write(both, TEXT.encode())
        os.close(both)

    writer = threading.Thread(target=write)
    writer.start()
    assert read("t.csv") == TABLE
    writer.join(timeout=30)


# What does not end, and what is not possible


@posix
def test_a_pipe_into_which_nobody_writes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0.0)
    os.mkfifo("p.json")
    for reads in (read, load):
        with pytest.raises(OSError, match=r"cannot read 'p\.json': nobody writes into this pipe"):
            reads("p.json")


@posix
@pytest.mark.parametrize("name", ["/dev/zero", "/dev/urandom"])
def test_devices_without_an_end_are_refused_at_their_beginning(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_TooLarge", AssertionError)
    os.symlink(name, "endless.json")
    for reads in (read, load):
        with pytest.raises(ValueError, match=r"^endless\.json: this is no .*text"):
            reads("endless.json")


def test_files_beyond_the_limit_are_refused_and_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("hole.json", "wb") as file:
        file.truncate(1 << 40)
    monkeypatch.setattr(reading, "open", None, raising=False)
    with pytest.raises(ValueError, match=r"^hole\.json: this is larger than 256 MB, more than is read"):
        read("hole.json")
    with pytest.raises(ValueError, match=r"^hole\.json: this is no saved network: it is larger than 500 MB"):
        load("hole.json")


def test_streams_beyond_the_limit_are_refused_when_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size: int = -1, /) -> bytes:
            Endless.asked += size
            return b"y\n" * (size // 2)

    monkeypatch.setattr(tables, "MOST_BYTES", 5_000_000)
    monkeypatch.setattr(saving, "MOST_BYTES", 5_000_000)
    for reads in (read, load):
        Endless.asked = 0
        with pytest.raises(ValueError, match="larger than 5 MB, more than is read"):
            reads(Endless())
        assert Endless.asked < 8_000_000
    Path("bomb.csv").write_bytes(gzip.compress(b"y\n" * 10_000_000))
    with pytest.raises(ValueError, match=r"^bomb\.csv: this is larger than 5 MB"):
        read("bomb.csv")


def test_what_a_network_of_the_largest_size_needs_is_read() -> None:
    label, number = "w" + str(saving.LARGEST), -0.12345678901234567
    assert len(f'    ["{label}", {number!r}],\n') < saving.MOST_BYTES / saving.LARGEST


def test_bytes_are_read_up_to_the_limit() -> None:
    Path("f").write_bytes(b"\x00" * 100)
    assert read_bytes("f", 100) == b"\x00" * 100
    with pytest.raises(ValueError, match="larger than"):
        read_bytes("f", 99)
    with pytest.raises(ValueError, match="zero bytes"):
        read_text("f", 100)
    Path("f").write_bytes(b"a\r\nb\rc\xc3")
    with pytest.raises(ValueError, match="no text in UTF-8"):
        read_text("f", 100)
    Path("f").write_bytes(b"a\r\nb\rc\n")
    assert read_text("f", 100) == "a\nb\nc\n"


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 400, "1" * 5000])
def test_numbers_beyond_the_range_are_refused_with_their_place(net: MLP, number: str) -> None:
    net.notes = Notes(scaling=Scaling([0.0, 0.25], [1.0, 2.0]), more={"rates": {"first": [1.0, 0.125]}})
    text = save(net, "net.json").read_text()
    for before, where in [(repr(net.weights[0].data), "w1"), ("0.25", r"scaling.*means\[1\]")]:
        Path("odd.json").write_text(text.replace(before, number))
        with pytest.raises(ValueError, match=rf"^odd\.json: .*{where}.* beyond the range of floats") as caught:
            load("odd.json")
        assert len(str(caught.value)) < 200
    Path("odd.json").write_text(text.replace("0.125", number))
    if len(number) == 400:  # a whole number is one, also where it is no float
        assert load("odd.json").notes.more["rates"]["first"][1] == int(number)
        assert save(load("odd.json"), "again.json").read_text() == Path("odd.json").read_text()
    else:
        with pytest.raises(ValueError, match=r"^odd\.json: notes\.rates\.first\[1\] is beyond the range of floats"):
            load("odd.json")


def test_messages_about_long_names_are_short(net: MLP) -> None:
    long = "x" * 1_000_000
    for reads in (read, load):
        with pytest.raises((OSError, ValueError)) as caught:
            reads(long + ".json")
        assert len(str(caught.value)) < 400
    content = json.loads(save(net, "net.json").read_text())
    places = [
        ("format", long), ("version", long), ("shape", [long]), ("shape", long), ("activations", [long, long]),
        ("activations", [[long], [long]]),
        ("names", [[long], [long]]), ("weights", [[long, long]] * 6), ("weights", [[long, "x"]]), ("biases", [[long, None]] * 3),
        ("shared_bias", long), ("notes", long), ("notes", {"columns": long}), ("notes", {"loss": {long: long}}),
        ("notes", {long: [[{long: float("inf")}]]}), ("notes", {"scaling": {long: long}}), ("notes", {"classes": {long: 1}}),
    ]  # fmt: skip
    for key, x in places:
        Path("long.json").write_text(json.dumps({**content, key: x}).replace("Infinity", "1e400"))
        with pytest.raises(ValueError, match=r"^long\.json: ") as caught:
            load("long.json")
        assert len(str(caught.value)) < 400, key
    Path("twice.json").write_text(f'{{"{long}": 1, "{long}": 2}}')
    for name, text in [
        ("t.csv", f"{long},b\n1,{long}\n2,3\n"),
        ("t.csv", f"{long},{long}\n1,2\n"),
        ("t.csv", f"a,b\n{long},2\n"),
        ("t.json", f'[{{"a": 1, "b": 2}}, {{"a": 1, "{long}": 2}}]'),
        ("t.json", f'[{{"a": "{long}", "b": 2}}]'),
    ]:
        Path(name).write_text(text)
        for target in (None, "z"):
            with pytest.raises(ValueError, match=rf"^{name}: ") as caught:
                read(name, target)
            assert len(str(caught.value)) < 400
    with pytest.raises(ValueError, match=r"^twice\.json: ") as caught:
        load("twice.json")
    assert len(str(caught.value)) < 400
