"""Tables as people have them: written in other ways, with texts, gaps, and columns to leave out."""

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tinygrad_bp import MLP, SGD, train
from tinygrad_bp.networks.data import Table, read
from tinygrad_bp.networks.data.reading import OtherEncoding

pytestmark = pytest.mark.usefixtures("empty_folder")

PAIR = ([[1.5, 2.0], [4.25, 5.0]], [[0.0], [1.0]])


def table(text: str, name: str = "t.csv", encoding: str = "utf-8", **options: Any) -> Table:
    Path(name).write_bytes(text.encode(encoding))
    return read(name, **options)


WRITTEN = [
    "a,b,k\n1.5,2,x\n4.25,5,y\n",
    "a|b|k\n1.5|2|x\n4.25|5|y\n",
    "a b k\n1.5 2 x\n4.25 5 y\n",
    "a  b   k\n 1.5   2 x  \n4.25 5     y\n",
    "a\tb\tk\n1,5\t2\tx\n4,25\t5\ty\n",
    "a;b;k\n1,5;2;x\n4,25;5;y\n",
    "sep=;\na;b;k\n1,5;2;x\n4,25;5;y\n",
    '"sep=,"\r\na,b,k\r\n1.5,2,x\r\n4.25,5,y\r\n',
    "sep=|\na|b|k\n1.5|2|x\n4.25|5|y\n",
    "a,b,k,\n1.5,2,x,\n4.25,5,y,\n",  # all lines end with a delimiter
    "a,b,k\n1.5,2,x,\n4.25,5,y,\n",  # or only the rows do
    "a,,b,k\n1.5,,2,x\n4.25,,5,y\n",  # a column without a name, of nothing
    ",a,b,k\n0,1.5,2,x\n1,4.25,5,y\n",  # the index of pandas
    '"","a","b","k"\n"1",1.5,2,"x"\n"2",4.25,5,"y"\n',  # as R's write.csv
    '"a" "b" "k"\n"1" 1.5 2 "x"\n"2" 4.25 5 "y"\n',  # as its write.table
]


@pytest.mark.parametrize("name", ["t.csv", "t.txt", "t.tsv", "t.data", "t"])
@pytest.mark.parametrize("text", WRITTEN)
def test_tables_that_are_written_in_other_ways(text: str, name: str) -> None:
    found = table(text, name)
    assert (found.columns, found.targets, found.classes) == (["a", "b"], ["k"], ["x", "y"])
    assert (found.inputs, found.outputs) == PAIR


@pytest.mark.parametrize(
    "text",
    [
        "5.1,3.5,setosa\n4.9,3.0,setosa\n6.1,3.1,versicolor\n",
        "5.1;3.5;setosa\n4.9;3.0;setosa\n6.1;3.1;versicolor\n",
        "5,1;3,5;setosa\n4,9;3,0;setosa\n6,1;3,1;versicolor\n",
        "5.1 3.5 setosa\n4.9 3.0 setosa\n6.1 3.1 versicolor\n",
    ],
)
def test_a_table_without_a_header_keeps_its_first_row(text: str) -> None:
    found = table(text)
    assert (found.columns, found.targets) == (["c1", "c2"], ["c3"])
    assert found.inputs == [[5.1, 3.5], [4.9, 3.0], [6.1, 3.1]]
    assert found.labels == [0, 0, 1]


def test_whether_the_first_line_names_the_columns() -> None:
    assert table("0,0,0\n0,1,1\n1,0,1\n1,1,0\n").outputs == [[0.0], [1.0], [1.0], [0.0]]
    assert table("p,x,e\np,y,e\nq,x,f\n").labels == [0, 0, 1]  # only texts, and the first ones stand below, too
    assert table("2019,2020,price\n1,2,3\n4,5,6\n").columns == ["2019", "2020"]
    assert table("0,1,2\n5.5,6.5,1\n1.5,2.5,3\n").targets == ["2"]  # as pandas writes a table without names
    assert len(table("1;2;3\n4;5;6\n")) == len(table("0,1,2\n3,4,5\n")) == 2
    assert table("a,b\nx,1\ny,2\n").measured == ["a"]
    text = "1990,1991,kind\n1,2,x\n3,4,y\n"
    assert len(table(text)) == 3  # nothing tells it from data
    assert table(text, header=True).columns == ["1990", "1991"]
    with pytest.raises(ValueError, match="line 1, column 'c1': the text 'a' where a number should be"):
        table("a,b\n1,2\n", header=False, classes=True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_that_a_mark_tells(encoding: str) -> None:
    assert table("größe,art\n1,süß\n2,herb\n", encoding=encoding).classes == ["herb", "süß"]


def test_latin_1_is_read_with_a_warning() -> None:
    Path("t.csv").write_bytes("größe,art\n1,süß\n2,herb\n".encode("latin-1"))
    with pytest.warns(OtherEncoding, match=r"t\.csv: no UTF-8, so it is read as cp1252, of Western Europe; encoding="):
        found = read("t.csv")
    assert (found.columns, found.classes) == (["größe"], ["herb", "süß"])
    assert read("t.csv", encoding="latin-1") == found
    Path("j.csv").write_bytes("大きさ,種\n1,甘い\n2,辛い\n".encode("cp932"))
    assert read("j.csv", encoding="cp932").classes == ["甘い", "辛い"]
    with pytest.raises(ValueError, match=r"^j\.csv: encoding: unknown encoding: cp-x"):
        read("j.csv", encoding="cp-x")


SEVERAL = 'n,k\n"1,234",1\n"12,500",2\n'
WRONG = [
    (SEVERAL, {}, "t.csv: line 2, column 'n': the text '1,234' where a number should be; it has a comma, for decimals or"),
    ('k,n\n1,"1,234"\n2,"12,500"\n', {}, "t.csv: line 2, column 'n': the text '1,234' where a number should be; it has a comma"),
    ("n;k\n1,234;1\n12,500;2\n", {}, 't.csv: line 2: \'1,234\' may be thousands, .*, or say decimal=","'),
    ("n;k\n1,5;1\n2.5;2\n", {}, "t.csv: line 2: '1,5' has a comma and '2.5' in the same column a point"),
    ("n;k\n1.234,5;1\n2,5;2\n", {}, "t.csv: line 2, column 'n': the text '1.234,5' where a number should be"),
    ("n;k\n1 234;1\n2 500;2\n", {}, "line 2, column 'n': the text '1 234' where .*; it has signs between its thousands"),
    ("n;k\n1'234;1\n2'500;2\n", {}, "it has signs between its thousands: write plain numbers, such as 1234.5"),
    ("n,k\n$5,1\n$6,2\n", {}, "the text '\\$5' where a number should be; it has a currency"),
    ("n,k\n5%,1\n6%,2\n", {}, "the text '5%' where a number should be; it has a percent sign"),
    ("n,k\n1.234.567,1\n1.234.568,2\n", {}, "it has more than one point"),
    ("n,k\n0x10,1\n0x11,2\n", {}, "the text '0x10' where a number should be"),
    ("n,k\n1,1\ntwo,2\n", {}, "line 3, column 'n': the text 'two' where a number should be"),
    ("n,c,k\n1,,1\n2,,2\n", {}, 't.csv: line 2, column \'c\': nothing where a number should be; missing="mean" or "drop"'),
    ("n,c,k\n1,,1\n2,,2\n", {"missing": "mean"}, "t.csv: column 'c' is empty: leave it out"),
    ("n,c,k\n1,,1\n2,,2\n", {"missing": "drop"}, "t.csv: something is missing in each row"),
    ("c,k\nred,1\n,2\n", {}, "t.csv: line 3, column 'c': nothing where a text should be"),
    ("n,k\n1,1\nNA,2\n", {}, "t.csv: line 3, column 'n': nothing \\('NA'\\) where a number should be"),
    ("n,k\n1,1\n2,?\n", {}, "t.csv: line 3, column 'k': the text '\\?' where a number should be; missing"),
    ("n\n1\n2\n", {}, "t.csv: a table needs a column to learn from .* there is one column only, 'n'; columns are parted by tabs,"),
    ("a,k\n" + "".join(f"n{k},{k}\n" for k in range(20)), {}, "column 'a' has texts, another one in each row, such as 'n0'.*leave it"),
    ("a,k\n" + "".join(f"n{k % 101},{k}\n" for k in range(202)), {}, "column 'a' has texts, 101 different ones"),
    ("a,k\nn,1\n" + "x" * 201 + ",1\n", {}, "column 'a' has texts, of up to 201 characters"),
    ("a,k\n1,2\n3,4\n", {"ignore": "b"}, "t.csv: there is no column 'b'; the columns are a, k"),
    ("a,k\n1,2\n3,4\n", {"ignore": "k", "target": "k"}, "t.csv: column 'k' cannot be a target and left out"),
    ("a,k\n1,2\n3,4\n", {"inputs": "k", "target": "k"}, "t.csv: column 'k' cannot be a target and an input"),
    ("a,k\n1,2\n3,4\n", {"ignore": "a"}, "t.csv: a table needs a column to learn from"),
    ("a,b,k\n1,2,3\n", {"classes": True, "target": ["b", "k"]}, "t.csv: classes are of one target, and there are 2: b, k"),
    ("a=x,a,k\n1,x,3\n1,y,3\n", {}, "t.csv: two inputs would be called 'a=x'"),
    ("1,2,a\n3,4,b\n", {"target": "kind"}, "there is no column 'kind'; the columns are c1, c2, c3; it has no line of names"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "options", "says"), WRONG)
def test_what_is_wrong_in_a_table_is_named(text: str, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        table(text, **options)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"missing": "man"}, "read: missing is mean or drop, not 'man'; did you mean 'mean'"),
        ({"delimiter": ";;"}, "the delimiter of a table is one character"),
        ({"delimiter": '"'}, "parts no columns"),
        ({"decimal": "'"}, 'the decimal sign of a table is "." or ","'),
    ],
)
def test_options_that_say_nothing_are_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        table("a,b\n1,2\n", **options)
    with pytest.raises(TypeError, match="header is True, False, or None to find out, not 'yes'"):
        table("a,b\n1,2\n", header="yes")


def test_what_is_said_of_a_file_is_taken() -> None:
    assert table("n;k\n1,234;1\n12,500;2\n", decimal=",").inputs == [[1.234], [12.5]]
    assert table("a:b\n1:2\n", delimiter=":").columns == ["a"]
    assert table("1;x\n2;y\n", delimiter=";", header=False).columns == ["c1"]


def test_workbooks_are_no_text() -> None:
    for name in ("t.xlsx", "t.parquet"):
        Path(name).write_bytes(b"PK\x03\x04\0")
        with pytest.raises(ValueError, match="save it as CSV, or read it by pandas and give read the DataFrame"):
            read(name)


def test_texts_become_an_input_each() -> None:
    found = table("color,n,k\nred,1,3\nblue,2,4\nred,3,5\n")
    assert found.columns == ["color=blue", "color=red", "n"]
    assert found.inputs == [[0.0, 1.0, 1.0], [1.0, 0.0, 2.0], [0.0, 1.0, 3.0]]
    assert found.measured == ["color", "n"]
    assert repr(found) == "<3 rows: color, n → k>"


def test_true_and_false_are_one_and_zero_and_as_targets_classes() -> None:
    for text in ("ok,k\ntrue,1\nfalse,2\n", "ok,k\nTrue,1\nFalse,2\n"):
        assert table(text).inputs == [[1.0], [0.0]]
    found = table('[{"a": 1, "ok": true}, {"a": 2, "ok": false}]', "t.json")
    assert (found.classes, found.labels) == (["false", "true"], [1, 0])
    assert found == table("a,ok\n1,true\n2,false\n")
    with pytest.raises(ValueError, match="row 1, column 'ok': True among the names of classes"):
        table('[{"a": 1, "ok": true}, {"a": 2, "ok": "x"}]', "t.json")


GAPS = "n,c,k\n1,red,1\nNA,red,2\n3,,3\n5,blue,4\n7,blue,\n"


def test_missing_cells_are_filled_or_their_rows_left_out() -> None:
    filled = table(GAPS, missing="mean")
    assert (len(filled), filled.dropped) == (4, 1)  # without a target there is nothing to learn
    assert filled.inputs == [[1.0, 0.0, 1.0], [3.0, 0.0, 1.0], [3.0, 0.0, 1.0], [5.0, 1.0, 0.0]]
    dropped = table(GAPS, missing="drop")
    assert (dropped.inputs, dropped.dropped) == ([[1.0, 0.0, 1.0], [5.0, 1.0, 0.0]], 3)
    assert dropped.preprocessing is not None
    assert dropped.preprocessing.missing == "drop"


def test_columns_are_chosen_by_names_and_numbers() -> None:
    text = "id,a,b,k\n7,1,2,3\n8,4,5,6\n"
    assert table(text, ignore="id").columns == ["a", "b"]
    assert table(text, ignore=["id", 3]).columns == ["a"]
    assert table(text, inputs=["b", "a"]).columns == ["b", "a"]
    assert table(text, "t.csv", inputs=["id", "k"]).targets == ["b"]
    for target in ("a", 2, "2", -3):
        found = table(text, target=target, ignore=[1])
        assert (found.targets, found.columns) == (["a"], ["b", "k"])
    assert table("1,2,x\n3,4,y\n5,6,x\n", target="1", ignore=["3"]).targets == ["c1"]


def test_numbers_are_classes_where_it_is_said() -> None:
    text = "a,k\n1,0\n2,10\n3,9\n"
    assert table(text).classes is None
    found = table(text, classes=True)
    assert (found.classes, found.labels) == (["0", "9", "10"], [0, 2, 1])
    assert table(text).as_classes() == found
    assert found.as_classes() is found
    assert table("a,k\n1,1\n2,A\n3,1.0\n", classes=True).labels == [0, 1, 0]
    with pytest.raises(ValueError, match="classes=True \\(--classes\\) takes numbers as names"):
        table("a,k\n1,1\n2,A\n")
    with pytest.raises(ValueError, match="classes are the different numbers of one target, and here are 5 in all rows"):
        table("a,k\n1,5\n2,5\n").as_classes()


def test_quoted_fields_go_over_lines() -> None:
    found = table('a,"b\nc",k\n1,2,"x\ny"\n2,3,z\n')
    assert (found.columns, found.classes) == (["a", "b\nc"], ["x\ny", "z"])
    with pytest.raises(ValueError, match="line 4, column 'a': nothing"):
        table('a,k\n1,"x\ny"\n,z\n')


# In memory


def test_dictionaries_are_tables() -> None:
    wanted = table("a,color,k\n1,red,2\n3,blue,4\n")
    assert read({"a": [1, 3], "color": ["red", "blue"], "k": [2, 4]}) == wanted
    assert read([{"a": 1, "color": "red", "k": 2}, {"a": 3, "color": "blue", "k": 4}]) == wanted
    assert read(io.StringIO("a,color,k\n1,red,2\n3,blue,4\n")) == wanted
    with pytest.raises(ValueError, match="the table: row 2, column 'a': nothing where a number should be"):
        read([{"a": 1, "k": 2}, {"k": 4}])
    with pytest.raises(ValueError, match="the columns have different lengths, 1 and 2"):
        read({"a": [1], "k": [2, 4]})
    with pytest.raises(TypeError, match="read takes a file, a DataFrame, or a list of dictionaries, not"):
        read([[1, 2]])


@pytest.mark.extras
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_are_tables(library: str) -> None:
    frames: Any = pytest.importorskip(library)
    pytest.importorskip("narwhals")
    columns = {"a": [1.5, None, 3.0], "color": ["red", "blue", None], "ok": [True, False, True], "k": [1, 2, 3]}
    frame = frames.DataFrame(columns)
    if library == "pandas":
        frame.index = [10, 20, 30]
    with pytest.raises(ValueError, match="the table: row 2, column 'a': nothing"):
        read(frame)
    found = read(frame, missing="mean")
    assert found.columns == ["a", "color=blue", "color=red", "ok"]
    assert found.inputs == [[1.5, 0.0, 1.0, 1.0], [2.25, 1.0, 0.0, 0.0], [3.0, 1.0, 0.0, 1.0]]
    assert found.outputs == [[1.0], [2.0], [3.0]]


@pytest.mark.extras
def test_without_narwhals_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "narwhals", None)

    class Frame:
        columns = ("a", "k")

    with pytest.raises(ImportError, match=r'pip install "tinygrad-bp\[frames\]"'):
        read(Frame())


def test_what_is_no_table_is_named() -> None:
    for thing in (5, object(), {1, 2}):
        with pytest.raises(TypeError, match=f"read takes a file or a DataFrame, not {type(thing).__name__} "):
            read(thing)
    assert read({"a": [Decimal("1.5"), 2], "k": [1, 2]}).inputs == [[1.5], [2.0]]


@pytest.mark.extras
def test_data_frames_of_pandas_are_what_they_are() -> None:
    pandas: Any = pytest.importorskip("pandas")
    pytest.importorskip("narwhals")
    whole = pandas.array([1, None, 3], dtype="Int64")
    frame = pandas.DataFrame({"n": whole, "c": pandas.Categorical(["u", "v", "u"]), "k": ["x", "y", "x"]})
    assert read(frame, missing="mean").inputs == [[1.0, 1.0, 0.0], [2.0, 0.0, 1.0], [3.0, 1.0, 0.0]]
    assert read(pandas.DataFrame([[1, 2.5], [3, 4.5]])).targets == ["1"]
    with pytest.raises(ValueError, match=r"the table: .*'a' 2 times"):
        read(pandas.DataFrame([[1, 2, 3]], columns=["a", "a", "k"]))
    with pytest.raises(ValueError, match=r"row 1, column 'd': Timestamp.* where a number should be"):
        read(pandas.DataFrame({"d": pandas.to_datetime(["2020-01-01"]), "k": [1]}))
    net = MLP(1, [1], seed=1)
    with pytest.raises(TypeError, match=r"number 1 is 'n'; tinygrad_bp\.data\.read makes such rows of a DataFrame"):
        train(net, frame, "mean_squared_error", SGD(net.parameters(), lr=0.1))
