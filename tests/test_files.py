"""Files are whole or not there, and keep what they were besides."""

import os
import stat

import pytest

from tinygrad_bp.files import write_whole


def test_text_and_bytes(tmp_path):
    assert write_whole(tmp_path / "a.txt", "é\n").read_bytes() == b"\xc3\xa9\n"
    assert write_whole(str(tmp_path / "b.bin"), b"\x00").read_bytes() == b"\x00"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b.bin"]


def test_a_link_stays_a_link_and_permissions_stay(tmp_path):
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
def test_what_cannot_be_written_is_named_and_leaves_nothing(tmp_path, name, says):
    (tmp_path / "file.txt").write_text("kept")
    with pytest.raises(OSError, match=rf"cannot write .*{says}"):
        write_whole(os.path.join(tmp_path, name), "text")
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]
