"""The explorer's pages in a browser: every number on them is Python's, at every place of a training."""

import pytest

from tests.explorer import SUBJECTS, TRUTHS, Explorer, Numbers, cases, made, numbers, put_in, train, truth
from tinygrad_bp.tutorial import training
from tinygrad_bp.tutorial.figures import setup

pytestmark = [pytest.mark.extras, pytest.mark.browser]

NAMES = list(SUBJECTS)


@pytest.fixture
def opened(open_page, tmp_path):
    """A function that opens the page of a subject."""

    def open_subject(name, fragment="", **options):
        return Explorer(open_page(made(name).save(tmp_path / "page.html"), fragment, **options))

    return open_subject


def assert_same(found, wanted, rel=1e-12):
    for kind, these, those in zip(Numbers._fields, found, wanted, strict=True):
        assert these == pytest.approx(those, rel=rel, abs=0), kind


def start(name, **changes):
    subject = SUBJECTS[name]
    return put_in(subject.model(), {**subject.rows[0], **changes})


@pytest.mark.parametrize("name", NAMES)
def test_numbers_at_the_start(opened, name):
    explorer = opened(name)
    explorer.show("graph")
    assert_same(explorer.numbers(), numbers(start(name)))


@pytest.mark.parametrize(
    ("name", "label", "typed"),
    [("tutorial", "w5", "-0.75"), ("tutorial", "i1", "3"), ("tutorial", "target_o2", "1e-3"), ("tutorial", "b1", "0,5"),
     ("xor", "w11", "2.5e1"), ("linear", "b2", "−1"), ("hand-made", "p", ".125")],
)  # fmt: skip
def test_an_edit_changes_every_number(opened, name, label, typed):
    explorer = opened(name)
    explorer.show("graph")
    explorer.change(label, typed)
    x = float(typed.replace(",", ".").replace("−", "-"))
    assert_same(explorer.numbers(), numbers(start(name, **{label: x})))
    explorer.button("1 round", ".controls >> nth=1")
    subject = SUBJECTS[name]
    rows = [{**subject.rows[0], **{label: x}} if label in (*subject.rows[0], "i1", "target_o2") else subject.rows[0], *subject.rows[1:]]
    assert_same(explorer.numbers(), numbers(train(subject, 1, model=start(name, **{label: x}), rows=rows)))
