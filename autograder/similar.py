"""Which submissions of a lesson are nearly the same, however their names, comments, layout and order differ.

The method is winnowing: S. Schleimer, D. Wilkerson, A. Aiken, "Winnowing: local algorithms for document
fingerprinting", SIGMOD 2003. Here it runs inside one statement at a time, so the order of statements hides
nothing. What a student names is replaced by the distance to its last mention (B. Baker, "Parameterized pattern
matching", 1996), so new names hide nothing, and `x + x` is still not `x + y`. Comments, docstrings, annotations,
round brackets and commas are left out. Answers are short, and right ones are alike. So what the lesson shows, what
its own solution says and what many in the class wrote is not compared, and two submissions are compared as wholes.

Code is only cut into tokens, and so are a cell's strings where it has `exec` or `eval`. Nothing of it is parsed or
run. Of a long submission comments, empty lines and the ends of long strings are dropped; then the rest is cut off.
"""

import builtins
import io
import keyword
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations, islice
from typing import NamedTuple

GRAM = 8  # tokens of a piece; a statement of at least SHORT tokens is a piece too
SHORT = 5
WINDOW = 3  # of so many neighbouring pieces at least one is compared
LEAST = 12  # pieces that two submissions must share, and SHARE of the smaller one's pieces
SHARE = 0.6
COMMON = 0.1  # of the class; what more students wrote is nobody's own: at least FEW, at most MANY
FEW, MANY = 4, 20
LENGTH = 40_000  # characters of a submission that are compared
STRING = 2_000  # and of a string in a long one
PIECES = 2_000  # and pieces of it
LONG = 1_000  # tokens of a statement
STRAY = 50  # characters that are no Python; what follows them is not compared

# Each part ends at the end of the text at the latest, so that the time for finding them grows as the text does.
STRING_OR_COMMENT = re.compile(
    r"""
      (?P<string> (?P<quotes> \"{3} | '{3} ) (?: \\. | [^\\] )*? (?: (?P=quotes) | \Z )
                | " (?: \\. | [^"\\\n] )* "? | ' (?: \\. | [^'\\\n] )* '? )
    | \#[^\n]*
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPE, ESCAPED = re.compile(r"\\(.)", re.DOTALL), {"n": "\n", "t": "\t"}
MAGIC = re.compile("^[!%]", re.MULTILINE)  # begins a line that is no Python

COMPOUND = {"if", "elif", "else", "for", "while", "with", "try", "except", "finally", "def"}
COMPOUND |= {"class", "async"}
FIXED = {*keyword.kwlist, *dir(builtins)}  # names that a student does not choose
RUNNING = {"exec", "eval"}
UNSAID = {"(", ")", ","}  # a formatter adds and removes these
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


class Token(NamedTuple):
    """A word or sign of code, where it begins and ends in the text, and whether a student chose it."""

    text: str
    start: int
    end: int
    chosen: bool = False


class Piece(NamedTuple):
    """A run of tokens: its fingerprint, and where it begins and ends in the text."""

    mark: int
    start: int
    end: int


@dataclass(frozen=True)
class Pair:
    """Two submissions: how many pieces they share, of how many that the smaller one has."""

    one: str
    other: str
    shared: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.shared / self.of

    @property
    def weight(self) -> float:
        """The share, less where there is little to share: 13 of 13 pieces say less than 95 of 100."""
        return self.shared / (self.of + LEAST)


def alike(
    submissions: Mapping[str, Mapping[str, str]], known: Iterable[str] = ()
) -> tuple[list[Pair], set[int]]:
    """The pairs of submissions that are nearly the same, the weightiest first; the marks that count for nothing.

    submissions: by student, code by cell; known: code that every student has seen.
    Its time grows as the class does: a piece that counts is shared by at most `MANY`.
    """
    shown = {piece.mark for source in known for piece in pieces(source, thin=False)}
    theirs = {student: _marks(cells) for student, cells in submissions.items()}
    owners = defaultdict(list)
    for student, marks in theirs.items():
        for mark in marks:
            owners[mark].append(student)
    most = min(max(FEW, int(COMMON * len(theirs))), MANY)
    nobodys = shown | {mark for mark, students in owners.items() if len(students) > most}
    shared: Counter[tuple[str, str]] = Counter()
    for mark, students in owners.items():
        if mark not in nobodys:
            shared.update(combinations(students, 2))
    sizes = {student: len(marks - nobodys) for student, marks in theirs.items()}
    pairs = [
        Pair(one, other, number, min(sizes[one], sizes[other]))
        for (one, other), number in shared.items()
        if number >= LEAST
    ]
    found = [pair for pair in pairs if pair.share >= SHARE]
    found.sort(key=lambda pair: (-pair.weight, pair.one, pair.other))
    return found, nobodys


def compared(cells: Mapping[str, str]) -> dict[str, str]:
    """The part of a submission that is compared: all of it, or the first `LENGTH` characters that matter.

    What does not matter hides nothing behind it: of a long submission comments and empty lines are dropped
    first, then the ends of long strings, and then its end.
    """
    kept = dict(cells)
    for strings in (False, True):
        if _length(kept) > LENGTH:
            kept = {name: _without_padding(source, strings) for name, source in kept.items()}
    left = LENGTH
    for name, source in kept.items():
        kept[name] = source[: max(left, 0)]
        left -= len(source)
    return {name: source for name, source in kept.items() if source}


def is_cut(cells: Mapping[str, str]) -> bool:
    """Whether a submission has more code than is compared."""
    return _length(cells) > LENGTH < _length({n: _without_padding(s) for n, s in cells.items()})


def _length(cells: Mapping[str, str]) -> int:
    return sum(map(len, cells.values()))


def _without_padding(source: str, strings: bool = False) -> str:
    """Code without comments and empty lines; with `strings`, without the ends of long strings too."""

    def kept(part: re.Match[str]) -> str:
        text = part["string"] or ""
        if not strings or len(text) <= STRING:
            return text
        return text[:STRING].rstrip("\\") + (part["quotes"] or text[0])

    lines = STRING_OR_COMMENT.sub(kept, source).split("\n")
    return "\n".join(line.rstrip() for line in lines if line and not line.isspace())


def _marks(cells: Mapping[str, str]) -> set[int]:
    marks: set[int] = set()
    for source in compared(cells).values():
        marks.update(piece.mark for piece in islice(pieces(source), PIECES - len(marks)))
    return marks


def common_parts(
    one: Mapping[str, str], other: Mapping[str, str], nobodys: set[int]
) -> tuple[dict[str, list[tuple[int, int]]], dict[str, list[tuple[int, int]]]]:
    """Where in their cells two submissions have the same: spans of characters, in order, by cell.

    nobodys: the marks that count for nothing, from `alike`. Cells without such a part are left out.
    """
    counted = (_marks(one) & _marks(other)) - nobodys
    same = _all_marks(one) & _all_marks(other)
    return _spans(one, same, counted), _spans(other, same, counted)


def _all_marks(cells: Mapping[str, str]) -> set[int]:
    return {piece.mark for source in cells.values() for piece in pieces(source, thin=False)}


def _spans(
    cells: Mapping[str, str], same: set[int], counted: set[int]
) -> dict[str, list[tuple[int, int]]]:
    """Where the same pieces overlap each other, as far as one of them counts."""
    found = {}
    for name, source in cells.items():
        merged: list[tuple[int, int, bool]] = []
        # What stands in a string comes after the statement with the string.
        for mark, start, end in sorted(pieces(source, thin=False), key=lambda piece: piece[1:]):
            if mark not in same:
                continue
            before, counts = start, mark in counted
            if merged and start <= merged[-1][1]:
                before, last, earlier = merged.pop()
                end, counts = max(end, last), counts or earlier
            merged.append((before, end, counts))
        spans = [(start, end) for start, end, counts in merged if counts]
        if spans:
            found[name] = spans
    return found


def pieces(source: str, thin: bool = True) -> Iterator[Piece]:
    """The pieces of some code that are compared, by winnowing; all of them if not `thin`."""
    for statement in statements(source):
        if len(statement) < SHORT:
            continue
        size = min(GRAM, len(statement))
        grams = [statement[i : i + size] for i in range(len(statement) - size + 1)]
        every = [Piece(_mark(gram), gram[0].start, gram[-1].end) for gram in grams]
        yield from _winnowed(every) if thin else every


def _winnowed(every: list[Piece]) -> Iterator[Piece]:
    """Of each window the piece of the least mark, the last such one; each once."""
    last = -1
    for start in range(max(len(every) - WINDOW, 0) + 1):
        window = range(start, min(start + WINDOW, len(every)))
        least = min(window, key=lambda place: (every[place].mark, -place))
        if least != last:
            yield every[least]
        last = least


def _mark(gram: list[Token]) -> int:
    """The same number for the same tokens under any names."""
    last: dict[str, int] = {}
    words = []
    for place, token in enumerate(gram):
        if token.chosen:
            words.append(f"-{place - last.get(token.text, place)}")
            last[token.text] = place
        else:
            words.append(token.text)
    text = "\n".join(words).encode("utf-8", "replace")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def statements(source: str) -> list[list[Token]]:
    """Code as statements of tokens: each simple one, and each head of a compound one.

    Where code is no Python, what stands before that place. Code that runs strings may have code in any of them.
    """
    every = list(_raw_statements(source[:LENGTH]))
    found = [kept for raw in every if (kept := _telling(raw))]
    if any(token.text in RUNNING for raw in every for token in raw):
        strings = [token for raw in every for token in raw if token.text.startswith('"')]
        found += [statement for token in strings for statement in _inside(token)]
    return found


def _inside(string: Token) -> list[list[Token]]:
    """The statements in a string; each of their tokens stands where the string does."""
    code = ESCAPE.sub(lambda part: ESCAPED.get(part[1], part[1]), string.text[1:])
    return [
        [token._replace(start=string.start, end=string.end) for token in statement]
        for statement in statements(code)
    ]


def _raw_statements(source: str) -> Iterator[list[Token]]:
    source = MAGIC.sub("#", source)
    starts = [0]
    for line in io.StringIO(source):
        starts.append(starts[-1] + len(line))
    statement: list[Token] = []
    depth = stray = 0
    try:
        for kind, text, (row, column), (last, end), _ in tokenize.generate_tokens(
            io.StringIO(source).readline
        ):
            if kind in LAYOUT:
                continue
            stray += kind == tokenize.ERRORTOKEN
            if stray > STRAY:
                break
            if kind == tokenize.NEWLINE or (text == ";" and not depth):
                yield statement
                statement, depth = [], 0
                continue
            after_dot = bool(statement) and statement[-1].text == "."
            chosen = kind == tokenize.NAME and text not in FIXED and not after_dot
            if kind == tokenize.STRING:
                text = '"' + text.lstrip("rbufRBUF").strip("\"'")
            token = Token(text, starts[row - 1] + column, starts[last - 1] + end, chosen)
            if len(statement) < LONG:
                statement.append(token)
            depth += (text in {"(", "[", "{"}) - (text in {")", "]", "}"})
            heads = text == ":" and not depth and statement[0].text in COMPOUND
            if heads and not any(token.text == "lambda" for token in statement):
                yield statement
                statement = []
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass
    yield statement


def _telling(statement: list[Token]) -> list[Token]:
    """A statement without what a copy can change at will: annotations, brackets of calls, commas.

    Empty for a string that stands alone, as a docstring does.
    """
    if all(token.text.startswith('"') for token in statement):
        return []
    function = any(token.text == "def" for token in statement[:2])
    home = 1 if function else 0  # how deep in brackets an annotation stands
    possible = function or statement[0].text not in FIXED
    kept, depth, ends = [], 0, set[str]()
    for token in statement:
        depth -= token.text in {")", "]", "}"}
        if ends:
            if depth < home or (depth == home and token.text in ends):
                ends = set()
        elif possible and depth == home and token.text == ":":
            ends = {",", "="}
        elif function and depth == 0 and token.text == "->":
            home, ends = 0, {":"}
        if not function and token.text in {"=", "lambda"}:
            possible = False
        if not ends and token.text not in UNSAID:
            kept.append(token)
        depth += token.text in {"(", "[", "{"}
    return kept
