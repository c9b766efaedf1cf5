from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.transport.foreign.pointer import MISSING, elements, parse_pointer

DOCUMENT = {"foo": ["bar", "baz"], "a/b": 1, "m~n": 8, " ": 7, "": 0, "none": None}
"""After the example of RFC 6901, section 5."""

json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab/~*0", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~*0", max_size=2), inner)
    ),
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/a~1b", 1),
        ("/m~0n", 8),
        ("/ ", 7),
        ("/", 0),
    ],
)
def test_pointer_finds_what_the_standard_says(text, value):
    assert parse_pointer(text).find(DOCUMENT) == value
    assert str(parse_pointer(text)) == text


@pytest.mark.parametrize(
    "text", ["/foo/2", "/foo/00", "/foo/-", "/foo/bar", "/a~1b/x", "/no", "/none"]
)
def test_what_is_not_there_is_missing(text):
    assert parse_pointer(text).find(DOCUMENT) is MISSING


@pytest.mark.parametrize("text", ["foo", "#/foo", "/a~b", "/a~", "/~2"])
def test_text_that_is_no_pointer_is_refused(text):
    with pytest.raises(ValueError, match="expected a JSON pointer"):
        parse_pointer(text)


def test_star_stands_for_every_element_at_every_depth():
    document = {"d": [{"id": "x", "p": [{"v": 1}, {"v": 2}]}, {"id": "y", "p": [{"v": 3}]}, 5]}
    value, identity = parse_pointer("/d/*/p/*/v"), parse_pointer("/d/*/id")
    found = [
        (identity.find(document, at), value.find(document, at))
        for at in elements(document, value.stem)
    ]
    assert found == [("x", 1), ("x", 2), ("y", 3)]


@given(json, st.lists(st.sampled_from(["a", "b", "*", "0"]), max_size=4))
def test_any_pointer_on_any_document_finds_something_or_nothing(document, tokens):
    pointer = parse_pointer("/" + "/".join(tokens))
    for at in elements(document, pointer.stem):
        pointer.find(document, at)
