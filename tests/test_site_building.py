"""The command that builds the site: what it leaves alone, what it says of what is wrong, and where links of the pages lead on the site."""

from __future__ import annotations

import importlib
import importlib.util
import re
import socket
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.extras  # the reference is written with docutils, which comes with the extra `docs`

SITE = Path(__file__).parent.parent / "docs" / "site"
OWN = ("addresses", "api", "exercising", "places", "play", "policy", "programs", "serving", "staging")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The command's module, of which a site is one file: pages take their time, and have tests of their own."""
    monkeypatch.setattr(sys, "path", [str(SITE), *sys.path])
    known = {name: sys.modules.pop(name) for name in OWN if name in sys.modules}
    spec = importlib.util.spec_from_file_location("site_command", SITE / "__main__.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def write(site: Path) -> None:
        site.mkdir(parents=True)
        (site / "index.html").write_text("built", encoding="utf-8")

    monkeypatch.setattr(module, "LANGUAGES", ())
    monkeypatch.setattr(module.staging, "write_explorer_pages", write)
    yield module
    for name in OWN:
        sys.modules.pop(name, None)
    sys.modules.update(known)


def module_of(command: Any, name: str) -> ModuleType:
    """A module that the command uses."""
    found = getattr(command, name)
    assert isinstance(found, ModuleType)
    return found


@pytest.mark.parametrize("name", ["site", "work"])
def test_a_site_is_replaced_and_what_lies_beside_it_stays(command: Any, tmp_path: Path, name: str) -> None:
    beside = {tmp_path / folder / "kept.txt" for folder in ("site", "work", "play-work")} - {
        tmp_path / name / "kept.txt"
    }
    for file in beside:
        file.parent.mkdir()
        file.touch()
    out = tmp_path / name
    for _ in range(2):
        assert command.main(["--no-play", "-o", str(out)]) == 0
        assert (out / "index.html").read_text(encoding="utf-8") == "built"
        (out / "index.html").write_text("old", encoding="utf-8")
    assert {*tmp_path.iterdir()} == {out, *(file.parent for file in beside)}
    assert all(file.exists() for file in beside)


def test_an_empty_folder_becomes_the_site(command: Any, tmp_path: Path) -> None:
    assert command.main(["--no-play", "-o", str(tmp_path / "deep" / "er")]) == 0
    (tmp_path / "empty").mkdir()
    assert command.main(["--no-play", "-o", str(tmp_path / "empty")]) == 0
    assert (tmp_path / "empty" / "index.html").exists()


@pytest.mark.parametrize("out", [".", "mine", "mine/notes.txt"])
def test_what_is_no_site_is_refused_and_left_as_it_is(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    assert command.main(["--no-play", "-o", out]) == 1
    assert f"{(tmp_path / out).resolve()} is there, and is no site" in capsys.readouterr().err
    assert [file.read_text(encoding="utf-8") for file in tmp_path.rglob("*") if file.is_file()] == ["mine"]


def test_what_is_missing_is_said_in_a_line_and_nothing_is_left_half_built(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "site"
    assert command.main(["--no-play", "-o", str(out)]) == 0

    def missing(site: Path) -> None:
        raise FileNotFoundError("a.md: there is no b.md")

    monkeypatch.setattr(command.staging, "write_explorer_pages", missing)
    assert command.main(["--no-play", "-o", str(out)]) == 1
    assert capsys.readouterr().err == "the site is not built: a.md: there is no b.md\n"
    assert [*tmp_path.iterdir()] == [out]
    assert (out / "index.html").exists()


def test_what_the_playground_may_do_is_written_in_one_place(command: Any) -> None:
    policy: Any = module_of(command.play, "policy")
    play = SITE.parent / "play"
    sources = {
        path.name: path.read_text(encoding="utf-8") for path in play.iterdir() if path.suffix in (".js", ".html")
    }
    assert not any(re.search(r"\b(?:default|script|worker|connect)-src\b", text) for text in sources.values())
    places = {name: text for name, text in sources.items() if "_POLICY}}" in text}
    assert set(places) == {"index.html", "policy.js", "service.js"}
    for text in places.values():
        made = policy.filled(text)
        assert "_POLICY}}" not in made
        [said] = [each for each in map(policy.written, policy.POLICIES.values()) if each in made]
        assert "'self'" in said
        assert "*" not in said
        assert "http" not in said


def test_a_playground_without_npm_says_so(command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command.play.shutil, "which", lambda name: None)
    with pytest.raises(FileNotFoundError, match="npm"):
        command.play.build(tmp_path / "play")


def test_a_site_that_is_built_is_served_and_opened(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serving: Any = module_of(command, "serving")
    opened: list[str] = []

    def read(address: str) -> bool:
        """The browser: the page comes, and then somebody presses Ctrl-C."""
        opened.append(address)
        reader.start()
        return True

    class Ended(serving.http.server.ThreadingHTTPServer):  # type: ignore[misc, name-defined]
        def serve_forever(self, poll_interval: float = 0.5) -> None:
            self.handle_request()
            raise KeyboardInterrupt

    answers: list[bytes] = []
    reader = threading.Thread(target=lambda: answers.append(urllib.request.urlopen(opened[0]).read()))
    monkeypatch.setattr(serving.webbrowser, "open", read)
    monkeypatch.setattr(serving.http.server, "ThreadingHTTPServer", Ended)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(serving, "PORT", taken.getsockname()[1])
        assert command.main(["--no-play", "--open", "-o", str(tmp_path / "site")]) == 0
    [address] = opened
    reader.join(60)
    assert answers == [b"built"]
    assert f"{address} is open in the browser" in capsys.readouterr().out
    assert f":{serving.PORT}/" not in address  # which was not free


def written(command: Any, site: Path, path: str) -> str:
    """A page of a site of two languages with a link to a path, when it is settled."""
    addresses = module_of(command, "addresses")
    (site / "ja").mkdir()
    for page in ("index.html", "ja/index.html"):
        (site / page).write_text(
            f'<div class="sidebar-drawer"><a href="{addresses.SITE}{path}">x</a></div>', encoding="utf-8"
        )
    addresses.settle(site)
    return (site / "index.html").read_text(encoding="utf-8")


def test_a_link_to_what_is_only_in_english_leads_to_the_first_page_and_one_to_nothing_is_an_error(
    command: Any, tmp_path: Path
) -> None:
    there, dead = tmp_path / "there", tmp_path / "dead"
    there.mkdir()
    dead.mkdir()
    assert 'href="ja/index.html"' in written(command, there, "ja/gone.html")
    with pytest.raises(FileNotFoundError, match=r"index\.html: there is no gone\.html"):
        written(command, dead, "gone.html")


@pytest.mark.parametrize(
    ("language", "link"),
    [
        ("en", "[the playground](https://site.invalid/play/)"),
        ("ja", "[プレイグラウンド](https://site.invalid/play/?lang=ja)"),
    ],
)
def test_the_playground_is_led_to_where_there_is_one(command: Any, tmp_path: Path, language: str, link: str) -> None:
    for with_play in (True, False):
        command.staging.stage(tmp_path / str(with_play), language, with_play)
        lesson = (tmp_path / str(with_play) / "learn" / "0-turn-a-knob.md").read_text(encoding="utf-8")
        assert (link in lesson) == with_play
        assert "site.invalid/play/" not in lesson or with_play
