"""Tables that are read from files, or refused, saying where."""

import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

from tinygrad_bp.networks.data import Table, read


@pytest.fixture
def read_text(empty_folder: Path) -> Any:
    def reads(content: Any, target: Any = None, name: str = "t.csv") -> Any:
        content = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        (empty_folder / name).write_bytes(content)
        return read(name, target)

    return reads


SMALL = Table(["a", "b"], ["y"], [[1.5, 2.0], [-3.0, 4e3]], [[5.0], [6.0]])


@pytest.mark.parametrize(
    "text",
    [
        "a,b,y\n1.5,2,5\n-3,4e3,6\n",
        "a,b,y\n1.5,2,5\n-3,4e3,6",
        "a;b;y\n1.5;2;5\n-3;4e3;6\n",
        "a\tb\ty\n1.5\t2\t5\n-3\t4e3\t6\n",
        "\ufeffa,b,y\n1.5,2,5\n-3,4e3,6\n",
        "a,b,y\r\n1.5,2,5\r\n-3,4e3,6\r\n",
        "a,b,y\r1.5,2,5\r-3,4e3,6\r",
        '"a","b","y"\n"1.5",2,"5"\n-3,"4e3",6\n',
        "\n  \na,b,y\n\n1.5,2,5\n   \n,,\n-3,4e3,6\n\n",
        "a , b ,y  \n 1.5, 2,5 \n-3 ,4e3 , 6\t\n",
        "a,b,y\n+1.5,2.,05\n-3.0e0,4E+3,6\n",
    ],
)
def test_csv_files(read_text: Any, text: str) -> None:
    assert read_text(text) == SMALL


@pytest.mark.parametrize(
    "content",
    [
        [{"a": 1.5, "b": 2, "y": 5}, {"a": -3, "b": 4000, "y": 6.0}],
        [{"a": 1.5, "b": 2, "y": 5}, {"y": 6, "b": 4e3, "a": -3}],
        [{"a": "1.5", "b": 2, "y": "5"}, {"a": -3, "b": "4e3", "y": 6}],
        {"columns": ["a", "b", "y"], "rows": [[1.5, 2, 5], [-3, 4000, 6]]},
        {"source": "a book", "columns": ["a", "b", "y"], "rows": [[1.5, 2, 5], [-3, 4000, 6]]},
    ],
)
def test_json_files(read_text: Any, content: Any) -> None:
    assert read_text(json.dumps(content), name="t.json") == SMALL
    assert read_text("\ufeff" + json.dumps(content, indent=1), name="t.json") == SMALL


@pytest.mark.parametrize("name", ["T.CSV", "t.tsv", "with spaces.csv", "é.Csv"])
def test_names_of_files(read_text: Any, name: str) -> None:
    assert read_text("a\tb\ty\n1.5\t2\t5\n-3\t4e3\t6\n", name=name) == SMALL


def test_paths_are_taken(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,y\n1,2\n")
    assert read(tmp_path / "t.csv") == read(str(tmp_path / "t.csv"))


def test_separators_in_quoted_names_do_not_part_columns(read_text: Any) -> None:
    assert read_text('"a, in mm; wet",y\n1,2\n').columns == ["a, in mm; wet"]
    assert read_text('"a, b, c";y\n1;2\n').columns == ["a, b, c"]
    assert read_text('"a ""x""",y\n1,2\n').columns == ['a "x"']


def test_targets_are_the_last_column_or_those_named(read_text: Any) -> None:
    text = "a,b,c\n1,2,3\n4,5,6\n"
    assert read_text(text) == Table(["a", "b"], ["c"], [[1.0, 2.0], [4.0, 5.0]], [[3.0], [6.0]])
    assert read_text(text, "a") == Table(["b", "c"], ["a"], [[2.0, 3.0], [5.0, 6.0]], [[1.0], [4.0]])
    assert read_text(text, ["c", "a"]) == Table(["b"], ["c", "a"], [[2.0], [5.0]], [[3.0, 1.0], [6.0, 4.0]])
    assert read_text(text, ("b",)).targets == ["b"]


def test_texts_are_classes_in_the_order_of_the_alphabet(read_text: Any) -> None:
    table = read_text("kind,x\npear,1\napple,2\npear,3\n", "kind")
    assert (table.classes, table.outputs, table.labels) == (["apple", "pear"], [[1.0], [0.0], [1.0]], [1, 0, 1])
    table = read_text('x,kind\n1,b\n2,"a, or\nso"\n3,é\n')
    assert (table.classes, table.outputs[2]) == (["a, or\nso", "b", "é"], [0.0, 0.0, 1.0])


def test_a_thousand_classes_are_read(read_text: Any) -> None:
    table = read_text("x,kind\n" + "".join(f"{k},c{k:04}\n" for k in range(1000)))
    assert table.labels == list(range(1000))


def test_class_names_that_are_numbers_are_numbers(read_text: Any) -> None:
    assert read_text("x,kind\n1,0\n2,1\n").classes is None


def test_a_wide_file_is_read_in_time(read_text: Any) -> None:
    wide = ",".join(f"c{k}" for k in range(3000)) + "\n" + ("0.5," * 2999 + "1\n") * 30
    table = read_text(wide)
    assert (len(table.columns), len(table)) == (2999, 30)


HEADER = "length,species\n"
WRONG_CSV = [
    ("", "t.csv: the file is empty"),
    (" \n\t\r\n ", "t.csv: the file is empty"),
    ("\ufeff", "t.csv: the file is empty"),
    (",,\n,,\n", "t.csv: the file is empty but for separators"),
    ('"","  "\n', "t.csv: the file is empty but for separators"),
    ("a,b", "t.csv: there are names of columns, but no rows"),
    ("a,b\n\n", "t.csv: there are names of columns, but no rows"),
    ("a,b\n1,2\n3\n", "t.csv: line 3 has 1 field, and there are 2 columns"),
    ("a,b\n\n1,2,3\n", "t.csv: line 3 has 3 fields, and there are 2 columns"),
    ("a,b,a\n1,2,3\n", "t.csv: there are two columns 'a'"),
    (",b\n0,1\n", "t.csv: column 1 has no name"),
    ("a\n1\n", "t.csv: a table needs a column to learn from and one to be learned"),
    (HEADER + "long,x\n2,y\n", "t.csv: line 2, column 'length': the text 'long' where a number should be"),
    (HEADER + "1,x\n,y\n", "t.csv: line 3, column 'length': nothing where a number should be"),
    (HEADER + "1,x\n  ,y\n", "t.csv: line 3, column 'length': nothing where a number should be"),
    (
        HEADER + "NaN,x\n",
        r"t.csv: line 2, column 'length': nothing \('NaN'\) where a number should be; missing=\"mean\" or",
    ),
    (HEADER + "-inf,x\n", "t.csv: line 2, column 'length': '-inf' is no finite number"),
    (HEADER + "1e999,x\n", "t.csv: line 2, column 'length': '1e999' is no finite number"),
    (HEADER + "1_000,x\n", "t.csv: line 2, column 'length': the text '1_000' where a number should be"),
    (HEADER + '"1,5",x\n', "t.csv: line 2, column 'length': the text '1,5' where a number should be"),
    (HEADER + "0x10,x\n", "t.csv: line 2, column 'length': the text '0x10'"),
    (HEADER + "1,nan\n", "t.csv: line 2, column 'species': 'nan' is no finite number"),
    (HEADER + "1,2\n1,1e999\n", "t.csv: line 3, column 'species': '1e999' is no finite number"),
    (HEADER + "1,x\n2,\n", "t.csv: line 3, column 'species': nothing among the names of classes"),
    (HEADER + "1,x\n2,3\n", "t.csv: line 3, column 'species': the number 3 among the names of classes, such as 'x'"),
    (HEADER + "1,3\n2,x\n", "t.csv: line 2, column 'species': the number 3 among the names of classes, such as 'x'"),
    (HEADER + "1,x\n2,x\n", "t.csv: column 'species' has one class only, 'x': there is nothing to learn"),
    (HEADER + "".join(f"1,c{k}\n" for k in range(1001)), "t.csv: column 'species' has 1001 classes"),
    (HEADER + '1,"x\n', "t.csv: line 2: unexpected end of data"),
    (HEADER + '1,"x"y\n', "t.csv: line 2: ',' expected after '\"'"),
    (HEADER.encode() + b"1,\x81\n", "t.csv: this is no text in UTF-8"),
    (
        HEADER.encode() + "1,Größe\n2,süß".encode() + b"\xff\n",
        "t.csv: this is no text in UTF-8, but nearly: it is damaged",
    ),
    (HEADER.encode("utf-16-le"), "t.csv: this is no text: it holds zero bytes"),
    (b"PK\x03\x04\x00\x00\x08\x00", "t.csv: this is no text: it holds zero bytes"),
    (bytes(range(256)), "t.csv: this is no text in UTF-8"),
]


@pytest.mark.parametrize(("text", "says"), WRONG_CSV)
def test_what_is_wrong_in_a_csv_file_is_named(read_text: Any, text: Any, says: Any) -> None:
    with pytest.raises(ValueError, match=f"^{says}"):
        read_text(text)


ROW = '{"length": 1, "species": "x"}'
WRONG_JSON = [
    ("", "t.json: the file is empty"),
    ("a,b\n1,2\n", "t.json: line 1: this is no JSON: Expecting value"),
    (f"[{ROW},\n {ROW}", "t.json: line 2: this is no JSON: Expecting ',' delimiter"),
    ("[]", "t.json: there are no rows"),
    ("[{}]", "t.json: row 1 has no columns"),
    ("{}", "t.json: a table is a list of objects, or an object with columns and rows"),
    ("[1, 2]", "t.json: a table is a list of objects"),
    ('"text"', "t.json: a table is a list of objects"),
    ("null", "t.json: a table is a list of objects"),
    (f"[{ROW}, [1, 2]]", "t.json: a table is a list of objects"),
    (f'[{ROW}, {{"length": 1}}]', "t.json: row 2 has no 'species'"),
    (f'[{ROW}, {{"length": 1, "species": "y", "sex": 1}}]', "t.json: row 2 has 'sex', which the first row has not"),
    (f'[{ROW}, {{"length": 1, "length": 2, "species": "y"}}]', "t.json: 'length' is twice in the same object"),
    ('{"columns": ["a", "b"]}', "t.json: a table is a list of objects"),
    ('{"columns": ["a", "b"], "rows": []}', "t.json: there are names of columns, but no rows"),
    ('{"columns": [], "rows": [[]]}', "t.json: row 1 has no columns"),
    ('{"columns": ["a", 1], "rows": [[1, 2]]}', "t.json: columns are a list of names, and rows lists"),
    ('{"columns": ["a", "b"], "rows": [1, 2]}', "t.json: columns are a list of names, and rows lists"),
    ('{"columns": ["a", "b"], "rows": [[1, 2], [1]]}', "t.json: row 2 has 1 field, and there are 2 columns"),
    ('{"columns": ["a", "b"], "rows": [[1, 2, 3]]}', "t.json: row 1 has 3 fields, and there are 2 columns"),
    ('{"columns": ["a", "a"], "rows": [[1, 2]]}', "t.json: there are two columns 'a'"),
    ('{"columns": ["a", ""], "rows": [[1, 2]]}', "t.json: column 2 has no name"),
    ('[{"length": 1}]', "t.json: a table needs a column to learn from and one to be learned"),
    ("[" * 100_000, "t.json: (lists are nested too deeply|line 1: )"),
    ("[" * 100_000 + "]" * 100_000, "t.json: (lists are nested too deeply|a table is a list of objects)"),
    (b'[{"length": 1, "species": "\xff"}]', "t.json: this is no text in UTF-8"),
    *[
        (f'[{ROW}, {{"length": {cell}, "species": "y"}}]', f"t.json: row 2, column 'length': {says}")
        for cell, says in (
            ("true", "True where a number should be"),
            ("null", "nothing where a number should be"),
            ('""', "nothing where a number should be"),
            ('"long"', "the text 'long' where a number should be"),
            ('"1_0"', "the text '1_0' where a number should be"),
            ("[1]", "a list where a number should be"),
            ("[" * 900 + "]" * 900, "a list where a number should be"),
            ('{"x": 1}', "an object where a number should be"),
            ("NaN", r"nothing \(nan\) where a number should be"),
            ("-Infinity", "-inf is no finite number"),
            ("1e999", "inf is no finite number"),
            ("1" * 400, "1+ is no finite number"),
            ("1" * 10_000, "inf is no finite number"),
            ("-" + "1" * 10_000, "-inf is no finite number"),
        )
    ],
    *[
        (f'[{ROW}, {{"length": 1, "species": {cell}}}]', f"t.json: row 2, column 'species': {says}")
        for cell, says in (
            ("3", "3 among the names of classes"),
            ('"3"', "the number 3 among the names of classes, such as 'x'"),
            ("false", "False among the names of classes"),
            ("null", "nothing among the names of classes"),
            ("[]", "a list among the names of classes"),
            ("{}", "an object among the names of classes"),
        )
    ],
]


@pytest.mark.parametrize(("text", "says"), WRONG_JSON)
def test_what_is_wrong_in_a_json_file_is_named(read_text: Any, text: Any, says: Any) -> None:
    with pytest.raises(ValueError, match=f"^{says}"):
        read_text(text, name="t.json")


@pytest.mark.parametrize("depth", range(940, 1000))
def test_lists_at_the_limit_of_recursion_are_refused(read_text: Any, depth: int) -> None:
    with pytest.raises(ValueError, match=r"^t.json: (row 1, column 'a': a list|lists are nested too deeply)"):
        read_text(f'[{{"a": {"[" * depth + "]" * depth}, "b": 1}}]', name="t.json")


@pytest.mark.parametrize(
    ("target", "error", "says"),
    [
        ("specis", ValueError, "t.csv: there is no column 'specis'; the columns are length, species; did you mean"),
        ("colour", ValueError, "t.csv: there is no column 'colour'; the columns are length, species$"),
        ("", ValueError, "t.csv: there is no column ''"),
        (["species", "lenght"], ValueError, "t.csv: there is no column 'lenght'.* did you mean 'length'"),
        (["species", "species"], ValueError, "t.csv: column 'species' cannot be a target twice"),
        (["species", "length"], ValueError, "t.csv: a table needs a column to learn from and one to be learned"),
        ([], ValueError, "t.csv: a table needs a column to learn from and one to be learned"),
        (1.5, TypeError, "read: target is the name of a column, or its number from 1, or a list of them, not 1.5"),
        (
            [True],
            TypeError,
            r"read: target is the name of a column, or its number from 1, or a list of them, not \[True\]",
        ),
        (3, ValueError, "t.csv: there is no column 3; the columns are length, species$"),
        (0, ValueError, "t.csv: there is no column 0"),
        (["species", 2], ValueError, "t.csv: column 'species' cannot be a target twice"),
    ],
)
def test_targets_that_are_not_there_are_named(read_text: Any, target: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=f"^{says}"):
        read_text(HEADER + "1,2\n", target)


def test_several_targets_are_numbers(read_text: Any) -> None:
    with pytest.raises(ValueError, match=r"t.csv: line 2, column 'species': the text 'x' where a number should be"):
        read_text("length,species,sex\n1,x,2\n", ["species", "sex"])


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("none.csv", FileNotFoundError, "cannot read 'none.csv': No such file"),
        ("folder.csv", OSError, "cannot read 'folder.csv'"),
        ("file.csv/x.csv", OSError, "cannot read 'file.csv/x.csv'"),
        ("x" * 300 + ".csv", OSError, "cannot read 'xxx"),
        ("table.txt", ValueError, "table.txt: the name of a table should end in .csv, .tsv or .json"),
        ("csv", ValueError, "csv: the name of a table should end in"),
        ("", ValueError, "the name of a table should end in"),
        ("a\0b.csv", ValueError, r"a\\x00b.csv: .* NUL"),
    ],
)
def test_files_that_cannot_be_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: Any, error: Any, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file.csv").write_text("a,b\n1,2\n")
    with pytest.raises(error, match=says):
        read(name)


def is_data_or_refused(reads: Any, name: Any) -> None:
    words = ""
    try:
        table = reads()
    except ValueError as error:
        words = str(error)
    if words:
        assert words.startswith(f"{name}: ")
        assert len(words) < 500
    else:
        assert all(math.isfinite(x) for row in table for part in row for x in part)


@pytest.mark.filterwarnings("ignore::tinygrad_bp.networks.data.reading.OtherEncoding")
@pytest.mark.parametrize(
    "text",
    [
        "a,b\n=1+1,2\n",
        "a,b\n1,=cmd|' /C calc'!A0\n2,@SUM(1)\n",
        "a\x1b[31m,b\n1,2\n",
        "a,b\n\x1b]0;title\x07,2\n",
        "a,b\n1,\x1b[2J\n2,\u202ex\n",
        "a\x0bb,c\x85d,e\u2028f\n1,2,3\n",
        "\x0ca,b\n1,2\x1c\n",
        "a,b\n1,x\x00\n2,y\n",
        "a,b\n1,\ud800\n2,y\n",
        "a,b\n1," + "x" * 10_000_000 + "\n2,y\n",
        "a,b\n" + "9" * 10_000_000 + ",2\n",
        "a,b\n" + "9" * 100_000 + ",2\n",
        "a,b\n" + "x" * 100_000 + ",2\n",
        "x" * 100_000 + ",b\n1,\n",
        "a,b\n1," + "x" * 100_000 + "\n2,3\n",
        '"' * 1_000_000,
        '"\n' * 100_000,
        "," * 1_000_000 + "\n1,2\n",
        "\n" * 1_000_000,
        "\r" * 1_000_000 + "a",
        ",".join(map(str, range(100_000))) + ",a\n1\n",
    ],
    ids=range(21),
)
def test_hostile_files_are_read_as_data_or_refused_in_few_words(read_text: Any, text: Any) -> None:
    for name in ("t.csv", "t.json"):
        is_data_or_refused(lambda name=name: read_text(text, name=name), name)


@pytest.mark.filterwarnings("ignore::tinygrad_bp.networks.data.reading.OtherEncoding")
@pytest.mark.parametrize("name", ["t.csv", "t.json"])
def test_damaged_files_are_read_as_data_or_refused(read_text: Any, name: str) -> None:
    draw = random.Random(0)
    rows = [[1.25, "a"], [-3e-5, "b"], [0, "a"]]
    whole = {
        "t.csv": 'x,"kind"\n' + "".join(f'{x},"{kind}"\n' for x, kind in rows),
        "t.json": json.dumps([{"x": x, "kind": kind} for x, kind in rows]),
    }[name].encode()
    for _ in range(500):
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 3)):
            damaged[draw.randrange(len(damaged))] = draw.choice(b'",;\n\t{}[]:x.-e\x00\xff0')
        is_data_or_refused(lambda damaged=bytes(damaged): read_text(damaged, name=name), name)
