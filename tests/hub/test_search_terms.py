"""The words of the index and the questions asked of it; pure."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.desk.snippets import snippet
from hub.desk.terms import MOST_TERMS, fold, read_question, terms

_TEXT = st.text(alphabet="abcÄéＡ商机跟进한국かが12345+-@. \n_", max_size=60)


def test_chinese_gives_pairs_and_the_last_sign() -> None:
    assert terms(["商机 A1"]) == {"机", "商机", "a1"}


def test_a_question_keeps_runs_whole() -> None:
    question = read_question("商机跟进 abc")
    assert question.all_of == ("商机", "机跟", "跟进")
    assert (question.runs, question.beginning) == (("商机跟进",), "abc")


def test_the_terms_of_a_text_are_bounded() -> None:
    assert len(terms([" ".join(f"w{n}" for n in range(50_000))])) <= MOST_TERMS


@given(_TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(_TEXT, st.integers(0, 60), st.integers(1, 20))
def test_a_text_is_found_by_any_words_of_it(text: str, start: int, length: int) -> None:
    words = text.split()
    some = " ".join(words[start % (len(words) or 1) :][:length])
    question = read_question(some[:200])
    assert question.empty or question.fits([text])


@given(st.text(max_size=300), st.lists(_TEXT, max_size=4))
def test_no_question_and_no_text_is_too_odd(q: str, texts: list[str]) -> None:
    question = read_question(q)
    question.fits(texts)
    piece, marks = snippet(texts, question.marks)
    assert len(piece) <= 162
    assert all(0 <= a < b <= len(piece) for a, b in marks)
    assert marks == sorted(marks)
