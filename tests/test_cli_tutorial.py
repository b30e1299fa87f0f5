"""The command `tutorial`: what it prints and writes, and how its options and a mistake in it are said."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.command import command
from tinygrad_bp.cli import main
from tinygrad_bp.tutorial import comparison, derivation
from tinygrad_bp.tutorial.figures import FIGURES

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("empty_folder")]


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[bytes]]:
    folder = tmp_path_factory.mktemp("run")
    return folder, command("tutorial", cwd=folder)


def test_the_tutorial_prints_every_figure_in_80_columns(
    whole_run: tuple[Path, subprocess.CompletedProcess[bytes]],
) -> None:
    _, done = whole_run
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout
    text = done.stdout.decode()
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if line.endswith(" ")]
    place = 0
    for figure in FIGURES:
        place = text.index(f" {figure.quantity}{':' if figure.stage == 'training' else ' ='} {figure.formula}\n", place)
        assert text[place:].splitlines()[1].split()[0] == figure.printed
    assert text.count("✓ holds") == 28
    assert text.count("≠ erratum") == 3
    assert "0.741365070 * 0.186815602 * 0.593269992" in text
    assert "0.036350306" in text
    assert lines[-2].strip() == "28 of 31 figures hold; 3 are errata with a known cause; 1 formula has a slip."
    assert " net_h1 (its formula): the figure 0.3775 holds, one formula for it does not\n" in text
    assert "A · stands where there is no such number" in " ".join(text.split())
    told = "Open tutorial-out/report.md first: it is this report with its pictures; tutorial-out/6-computation-graph.svg for every"
    assert told in " ".join(text.split())


def test_the_tutorial_writes_the_files_it_names(whole_run: tuple[Path, subprocess.CompletedProcess[bytes]]) -> None:
    folder, done = whole_run
    files = json.loads((folder / "tutorial-out" / "report.json").read_text(encoding="utf-8"))["files"]
    assert sorted(map(Path, files)) == sorted(
        Path("tutorial-out") / path.name for path in (folder / "tutorial-out").iterdir()
    )
    names = ["1-structure", "2-initial-values", "3-chain-rule-w5", "4-fan-in-h1", "5-path-to-w1", "6-computation-graph"]
    assert {f"{name}{suffix}" for name in names for suffix in (".svg", ".png")} <= {Path(file).name for file in files}
    for file in files:
        assert str(Path(file)) in done.stdout.decode()
        content = (folder / file).read_bytes()
        start = {".svg": b"<", ".png": b"\x89PNG", ".csv": b"updates,E_total\n0,0.29837", ".md": b"# ", ".json": b"{"}[
            Path(file).suffix
        ]
        assert content.startswith(start)
    markdown = (folder / "tutorial-out" / "report.md").read_text(encoding="utf-8")
    for linked in re.findall(r"!\[.*?\]\((.*?)\)", markdown):
        assert (folder / "tutorial-out" / linked).is_file()


def test_json_alone_goes_to_standard_output(quick: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tutorial", "--steps", "2", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report)[:2] == ["figures", "training"]
    assert "files" in report
    assert [figure["quantity"] for figure in report["figures"]] == [figure.quantity for figure in FIGURES]
    assert report["not_judged"] == {"E_total after 10000 rounds": "takes 10,000 rounds, and this training has 2"}
    assert json.loads(Path("tutorial-out/report.json").read_text(encoding="utf-8")) == report


def test_markdown_goes_to_standard_output_as_to_the_report(quick: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tutorial", "--steps", "2", "--format", "markdown", "--out", "here/and/there"]) == 0
    assert capsys.readouterr().out == Path("here/and/there/report.md").read_text(encoding="utf-8")


def test_the_sequential_update_shows_the_printed_error_and_is_named_a_mistake(
    quick: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tutorial", "--update", "sequential", "--steps", "3"]) == 0
    text = capsys.readouterr().out
    row = text.splitlines()[
        next(k for k, line in enumerate(text.splitlines()) if line.startswith(" E_total after 1 update")) + 1
    ]
    assert row.split()[:2] == ["0.291027924", "0.291027923905"]
    assert "made the mistake" in text
    assert re.search(r"w1\+ +0\.149780716133 +0\.149817638561", text)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--train-biases", "--steps", "3"], "The biases were trained too"),
        (["--train-biases", "--steps", "3"], "Not judged: printed for biases that are not trained."),
        (["--learning-rate", "0.1", "--steps", "3"], "Not judged: printed for learning rate 0.5, and this one is 0.1."),
        (["--learning-rate", "1e308", "--steps", "3"], "and this one is 1E+308"),
        (["--steps", "0"], "The error, without training"),
        (["--steps", "0"], "out_o1 before training"),
        (
            ["--steps", "0", "--update", "sequential", "--train-biases"],
            "Nothing was trained, as there were to be 0 steps.",
        ),
        (["--steps", "0"], "takes 10,000 rounds, and this training has none."),
        (
            ["--steps", "0"],
            "28 of 31 figures hold; 1 is an erratum with a known cause; 2 cannot be judged with these options;",
        ),
        (["--steps", "1"], "after 1 update "),
    ],
)
def test_options_that_leave_the_text_are_said(
    quick: None, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert main(["tutorial", *options]) == 0
    assert said in " ".join(capsys.readouterr().out.split()) + " "


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_a_wrong_derivation_fails_and_its_first_factor_is_named(
    quick: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    monkeypatch.setattr(derivation, "logistic_derivative", lambda x, exp: derivation.logistic(x, exp))
    assert main(["tutorial", "--steps", "2", "--format", form]) == 1
    out, err = capsys.readouterr()
    named = "The first factor that differs is dout_o1/dnet_o1"
    assert named in " ".join(out.replace("\\_", "_").split())
    assert named in err or form == "text"
    assert "Traceback" not in err


def test_a_printed_figure_that_is_wrong_fails(
    quick: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = [figure._replace(printed="0.7513650695") if figure.quantity == "out_o1" else figure for figure in FIGURES]
    monkeypatch.setattr(comparison, "FIGURES", figures)
    assert main(["tutorial", "--steps", "2"]) == 1
    assert "The first figure that differs is out_o1" in " ".join(capsys.readouterr().out.split())


def test_without_a_renderer_the_tutorial_writes_dot_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tinygrad_bp.drawing import rendering

    monkeypatch.setattr(rendering, "_programs", lambda: iter(()))
    assert main(["tutorial", "--steps", "2"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "install Graphviz" in text
    assert Path("tutorial-out/1-structure.gv").is_file()
    assert not list(Path("tutorial-out").glob("*.png"))


def test_a_terminal_of_ascii_gets_ascii() -> None:
    done = command("tutorial", "--steps", "5", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode("ascii")
    assert "+ holds" in text
    assert "! erratum" in text
    assert "?" not in text
