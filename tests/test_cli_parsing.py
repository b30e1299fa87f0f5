"""How the command reads what was typed: what was probably meant, in any order, nothing dropped; its help, its completion, its answers."""

import argparse
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.command import command
from tinygrad_bp.cli import main, parser, whole_parser

pytestmark = pytest.mark.usefixtures("empty_folder")

COMMANDS = [
    "tutorial",
    "explore",
    "train",
    "predict",
    "draw",
    "explain",
    "check",
    "diagnose",
    "lesson",
    "exercise",
    "mark",
    "completion",
]


@pytest.mark.parametrize(
    ("arguments", "usage", "hint"),
    [
        (["trian", "xor"], "", "train"),
        (["TRAIN", "xor"], "", "train"),
        (["fit", "xor"], "", "train"),
        (["plot", "x.py:y"], "", "draw"),
        (["explian", "x.py:y"], "", "explain"),
        (["--verison"], "", "--version"),
        (["-v"], "", "--version"),
        (["train", "xor", "--lr", "0.1"], "train", "--learning-rate"),
        (["train", "--lr=0.1", "xor"], "train", "--learning-rate"),
        (["train", "xor", "--learning_rate", "0.1"], "train", "--learning-rate"),
        (["train", "xor", "--learn", "0.1"], "train", "--learning-rate"),
        (["train", "xor", "--epoch", "3"], "train", "--epochs"),
        (["train", "xor", "--hidden", "5"], "train", "--layers"),
        (["train", "xor", "--optimizer", "adma"], "train", "adam"),
        (["train", "xor", "--validation-split", "0.1"], "train", "--held-out"),
        (["tutorial", "--epochs", "3"], "tutorial", "--steps"),
        (["predict", "m.json", "x.csv", "--out", "y"], "predict", "--output"),
        (["draw", "x.py:y", "-o", "y.svg", "--higlight", "x"], "draw", "--highlight"),
        (["explain", "x.py:y", "--by", "x"], "explain", "--wrt"),
        (["check", "x.py:y", "--fromat", "json"], "check", "--format"),
        (["explore", "xor", "--lang", "ja"], "explore", "--language"),
        (["derive", "tutorial"], "", "lesson"),
        (["lesson", "tutorial", "--eta", "0.5"], "lesson", "--learning-rate"),
        (["lesson", "tutorial", "--solver", "adam"], "lesson", "--optimizer"),
        (["worksheet", "xor"], "", "exercise"),
        (["grade", "x.py:y", "a.csv"], "", "mark"),
        (["check", "x.py:y", "--answers", "a.csv"], "check", "--against"),
        (["exercise", "xor", "--students", "30"], "exercise", "--sheets"),
    ],
)
def test_what_was_probably_meant_is_said_under_the_usage_of_its_command(
    capsys: pytest.CaptureFixture[str], arguments: list[str], usage: str, hint: str
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"usage: tinygrad-bp {usage}".rstrip() + " [-h]")
    assert err.endswith(f"; did you mean '{hint}'?\n")


def test_every_command_recognizes_each_of_its_options_with_a_letter_too_few(capsys: pytest.CaptureFixture[str]) -> None:
    count = 0
    for each in whole_parser().parsers:
        for option in [name for name in each.options if len(name) > 5]:
            assert main([*each.prog.split()[1:], option[:3] + option[4:]]) == 2
            assert f"did you mean '{option}'?" in capsys.readouterr().err
            count += 1
    assert count > 50


def test_other_names_of_options_are_names_of_none_and_mean_some() -> None:
    parsers = list(whole_parser().parsers)
    options = {name for each in parsers for name in each.options}
    assert set(parser.OTHER_OPTIONS) <= options
    assert set(parser.OTHER_COMMANDS) == set(COMMANDS)
    for each in parsers:
        for name in each.options:
            assert main([*each.prog.split()[1:], "--help"]) == 0
            assert parser.meant(name, each.options, {}) == f"; did you mean '{name}'?"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "xor", "--features", "a"], "--features; did you mean '--inputs'?"),
        (["train", "xor", "--cpu"], "--cpu; did you mean '--engine'?"),
        (["train", "xor", "--device", "cuda"], "did you mean '--engine'?"),
        (["train", "xor", "--quiet"], "--quiet; 2> /dev/null leaves out what is said of progress"),
        (["tutorial", "-q"], "-q; 2> /dev/null leaves out what is said of progress"),
        (["explain", "x.py:y", "--verbose"], "--verbose; all that there is to say is said"),
    ],
)
def test_options_that_others_have_are_told_what_stands_for_them(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.endswith(f"{says}\n")


def test_options_before_the_command_are_said_to_stand_behind_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--format", "json", "check", "x.py:y"]) == 2
    assert capsys.readouterr().err.endswith("--format; options of a command stand after its name\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["xor", "--layers", "2", "5", "1"],
        ["--layers", "2", "5", "1", "xor"],
        ["--layers", "2", "5", "1", "--", "xor"],
        ["--epochs", "1", "--layers", "2", "5", "1", "xor", "--seed", "3"],
        ["--seed=-3", "--layers", "2", "5", "1", "xor"],
    ],
)
def test_layers_stand_before_the_table_or_after_it(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    if "--epochs" not in arguments:
        arguments = ["--epochs", "1", *arguments]
    assert main(["train", *arguments]) == 0
    assert "MLP(2-5-1" in capsys.readouterr().out


def test_a_standard_input_stands_after_layers_too(capsys: pytest.CaptureFixture[str]) -> None:
    done = command("train", "--epochs", "1", "--layers", "1", "1", "-", input=b"x,y\n1,2\n2,3\n")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--layers", "2", "5", "1"], "train takes DATA: a file, or one of xor"),
        (["xor", "--layers", "2", "five", "1"], "argument --layers: 'five' is not a whole number"),
        (["xor", "--layers", "2", "5", "and"], "argument --layers: 'and' is not a whole number"),
        (["--layers", "xor"], "argument --layers: 'xor' is not a whole number"),
        (["xor", "and"], "unrecognized arguments: and"),
        (["xor", "--seed", "1", "--seed", "2"], "argument --seed: it is given twice, as '1' and as '2'; it takes one"),
        (["xor", "--layers", "2", "1", "--layers", "2", "5", "1"], "given twice, as '2 1' and as '2 5 1'"),
        (["xor", "--out", "a", "--out=b"], "given twice, as 'a' and as 'b'"),
    ],
)
def test_nothing_that_was_typed_is_dropped(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *arguments]) == 2
    assert says in capsys.readouterr().err
    assert not list(Path().iterdir())


def test_every_option_of_one_value_is_refused_with_two_and_taken_twice_with_one() -> None:
    count = 0
    for each in whole_parser().parsers:
        for action in each.arguments:
            if action.option_strings and isinstance(action, parser.Once):
                values = [str(value) for value in action.choices or ["1", "2"]]
                read: list[object] = []
                for value in (values[0], values[0], values[1]):
                    read.append(action.type(value) if callable(action.type) else value)
                found = argparse.Namespace()
                action(each, found, read[0], action.option_strings[0])
                action(each, found, read[1], action.option_strings[-1])
                with pytest.raises(argparse.ArgumentError, match="it is given twice"):
                    action(each, found, read[2], action.option_strings[0])
                count += 1
    assert count > 25


@pytest.mark.parametrize("columns", ["80", "40"])
@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_the_terminal(
    columns: str, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert main([*([name] if name else []), "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if len(line) > int(columns) and " " in line.strip()] == []


@pytest.mark.parametrize("columns", ["80", "40"])
def test_help_is_shown_without_arguments_and_by_its_name(columns: str) -> None:
    environment = {"COLUMNS": columns}
    shown = command(env=environment)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert shown.stdout == command("--help", env=environment).stdout == command("help", env=environment).stdout
    assert all(name in shown.stdout.decode().split() for name in COMMANDS)
    assert command("help", "check", env=environment).stdout == command("check", "-h", env=environment).stdout


def test_v_is_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-V"]) == main(["--version"]) == 0
    one, other = capsys.readouterr().out.splitlines()
    assert one == other


# Completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_has_every_command_and_option(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert set(COMMANDS) <= set(re.findall(r"[\w-]+", script))
    for each in whole_parser().parsers:
        assert {name.lstrip("-") for name in each.options} <= set(re.findall(r"\w[\w-]*", script))
    if found := shutil.which(shell):
        subprocess.run([found, "-n"], input=script.encode(), check=True)


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@pytest.mark.parametrize(
    ("typed", "completed"),
    [(["tra"], "train"), (["train", "--lea"], "--learning-rate"), (["train", "--engine", "ea"], "eager")],
)
def test_bash_completes(typed: list[str], completed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    name = re.findall(r"-F (\S+) tinygrad-bp|complete .*-F (\S+)", script)[-1]
    previous = ["tinygrad-bp", *typed][-2]
    asking = (
        f"COMP_WORDS=(tinygrad-bp {' '.join(typed)}); COMP_CWORD={len(typed)}\n"
        f"{name[0] or name[1]} tinygrad-bp {typed[-1]} {previous}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "-c", f"{script}\n{asking}"], capture_output=True, text=True, env=dict(os.environ))
    assert [line.strip() for line in done.stdout.splitlines()] == [completed], done.stderr


# Answers

NOISY = """
import atexit, os, subprocess, sys
from tinygrad_bp import MLP, Value
print("noise")
os.system("echo noise")
subprocess.run([sys.executable, "-c", "print('noise')"])
os.write(1, b"noise\\n")
sys.__stdout__.write("noise\\n")
atexit.register(print, "noise")
net = MLP(2, [2, 1], seed=1)
x = Value(0.5, "x")
[y] = net([x, 2.0]) if isinstance(net([x, 2.0]), list) else [net([x, 2.0])]
"""


@pytest.mark.parametrize("arguments", [["check"], ["explain", "--wrt", "x"]])
def test_json_is_pure_whatever_the_program_starts(arguments: list[str]) -> None:
    Path("noisy.py").write_text(NOISY)
    done = command(*arguments, "noisy.py:y", "--format", "json")
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)
    assert done.stderr.split() == [b"noise"] * 6


def test_a_check_for_programs(neuron: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "neuron.py:out", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["faults"]) == (True, [])
    assert {row["label"] for row in found["inputs"]} == {"x", "w", "b"}
    assert {row["verdict"] for row in found["inputs"]} == {"agrees"}


def test_a_check_that_fails_is_json_that_every_reader_takes(capsys: pytest.CaptureFixture[str]) -> None:
    Path("wrong.py").write_text(
        "from tinygrad_bp import Operation, Value\n"
        "rule = (lambda y, x: 5.0 + 0.0 * x,)\n"
        "odd = Operation('odd', lambda x: 2.0 * x, rule, source='odd({})', latex='odd({})', symbol='odd')\n"
        "x = Value(1.5, 'x')\ny = odd(x)\n"
    )
    assert main(["check", "wrong.py:y", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name))
    assert found["ok"] is False
    assert found["faults"][0]["operation"] == "odd"


def test_networks_are_drawn(quick: None, capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.py").write_text(
        "from tinygrad_bp import MLP, save\nnet = MLP(2, [3, 1], seed=1)\nlayer, neuron = net.layers[0], net.layers[0].neurons[0]\n"
        "save(net, 'model.json')\n"
    )
    for place, name in enumerate(("net.py:net", "net.py:layer", "net.py:neuron", "model.json")):
        assert main(["draw", name, "-o", f"{place}.gv", "--title", "Mine", "--digits", "3"]) == 0
        assert "Mine" in Path(f"{place}.gv").read_text()
    assert Path("0.gv").read_text() == Path("3.gv").read_text()
    capsys.readouterr()
    assert main(["draw", "net.py:net", "-o", "x.gv", "--depth", "2"]) == 2
    assert (
        capsys.readouterr().err == "tinygrad-bp: error: --depth is of graphs of Values, and net.py:net is a network\n"
    )
