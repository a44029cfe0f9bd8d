"""From texts to token ids: what a piece of a text is, worked out once for each piece."""

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from ray_services.sentiment_analyzer import published
from ray_services.sentiment_analyzer import rule_kernels as rules
from ray_services.sentiment_analyzer.lexicon import Lexicon
from ray_services.sentiment_analyzer.rule_kernels import Ids, Tables, Wholes
from ray_services.sentiment_analyzer.token_kernels import look_up, move, remember
from ray_services.sentiment_analyzer.words import (
    IDIOMS,
    LOWERING,
    LOWERING_PHRASES,
    NEGATIONS,
    RAISING,
    as_word,
)

MOST_TOKENS = 200_000
"""A vocabulary that has more is begun anew: texts hold ever new addresses and names."""

LONGEST_KEPT = 200
"""Bytes of a piece at most that is remembered: a longer one hardly comes again."""

MOST_KEPT = 4
"""Vocabularies of different lexicons kept at a time."""

_MARKS = 5  # marks of a token that are counted; a sixth one changes nothing

_FLAGS = {
    "no": rules.NO, "or": rules.OR_NOR, "nor": rules.OR_NOR, "never": rules.NEVER,
    "so": rules.SO_THIS, "this": rules.SO_THIS, "without": rules.WITHOUT, "doubt": rules.DOUBT,
    "least": rules.LEAST, "at": rules.AT_VERY, "very": rules.AT_VERY, "kind": rules.KIND,
    "of": rules.OF, "but": rules.BUT,
}  # fmt: skip

type Meaning = tuple[float, float, int, int]
"""Of a word: valence, what it adds as a degree word, flags, code in phrases."""

_UNKNOWN: Meaning = (0.0, 0.0, 0, 0)


class Vocabulary:
    """The id of each piece of text met so far; further ones are added as they are met.

    Pieces that the rules cannot tell apart share an id, so that there are few, and what they stand
    for stays in the processor's cache. Ids below 0 are pieces with emoji, which stand for several
    tokens: -1 is the first of them.
    """

    def __init__(self, meanings: Mapping[str, Meaning], emoji: Mapping[str, str]) -> None:
        self._meanings = meanings
        self._emoji = emoji
        self._lock = Lock()
        self._rows: dict[tuple[float, float, int, int, int, int], int] = {}
        self._phrases: dict[tuple[int, ...], int] = {}
        self._tables: Tables | None = None
        self._seed = np.uint64(int.from_bytes(os.urandom(8)))  # nobody can prepare collisions
        self._slots = np.zeros((16_384, 4), np.int32)
        self._arena = np.zeros(65_536, np.uint8)
        self._used = self._pieces = 0  # bytes of the arena, rows of the slots

    def __len__(self) -> int:
        return self._pieces

    def tokens_of(self, text: str) -> list[str]:
        """The text's pieces, emoji spelled out."""
        return list(chain.from_iterable(map(self._spelled_out, text.split())))

    def encode(self, texts: Sequence[str]) -> tuple[Ids, Wholes]:
        """The token ids of all texts, one after the other, and where each text starts (one more
        than there are texts)."""
        raw = "\0".join([*texts, ""]).encode("utf-8", "surrogatepass")
        with self._lock:
            if raw.count(0) == len(texts):
                ids, starts = self._looked_up(raw, len(texts))
            else:  # a text holds what is to part them
                ids, starts = self._one_by_one(texts)
            if ids.size and ids.min() < 0:
                return self._unfolded(ids, starts)
            return ids, starts

    def tables(self) -> Tables:
        """What the ids given so far stand for."""
        with self._lock:
            if self._tables is None or len(self._tables.flags) < len(self._rows):
                columns = list(zip(*self._rows, strict=True)) or [()] * len(_KINDS)
                words = map(np.array, columns, _KINDS)
                self._tables = Tables._make([*words, *_IDIOM_TABLE, *_BOOST_TABLE])
            return self._tables

    def _looked_up(self, raw: bytes, texts: int) -> tuple[Ids, Wholes]:
        blob = np.frombuffer(raw, np.uint8)
        ids = np.empty(len(raw) // 2 + 1, np.int32)
        missing = np.empty((len(ids), 4), np.int64)
        starts = np.empty(texts + 1, np.int64)
        found, lacking = look_up(blob, self._seed, self._slots, self._arena, ids, starts, missing)
        if lacking:
            missing = missing[:lacking]
            spans = zip(missing[:, 0].tolist(), missing[:, 1].tolist(), strict=True)
            pieces = [raw[first : first + length] for first, length in spans]
            number = {
                piece: self._number_of(piece.decode("utf-8", "surrogatepass"))
                for piece in dict.fromkeys(pieces)
            }
            numbers = np.fromiter(map(number.__getitem__, pieces), np.int32, lacking)
            ids[missing[:, 2]] = numbers
            short = missing[:, 1] <= LONGEST_KEPT
            self._make_room(len(number), int(missing[short, 1].sum()))
            new, self._used = remember(
                blob, missing[short], numbers[short], self._slots, self._arena, self._used
            )
            self._pieces += new
        return ids[:found], starts

    def _one_by_one(self, texts: Sequence[str]) -> tuple[Ids, Wholes]:
        split = [text.split() for text in texts]
        starts = np.cumsum([0, *map(len, split)])
        return np.array([*map(self._number_of, chain.from_iterable(split))], np.int32), starts

    def _make_room(self, pieces: int, octets: int) -> None:
        """For so many more pieces of so many bytes in all; the slots stay half empty."""
        size = len(self._slots)
        while size < 2 * (self._pieces + pieces):
            size *= 2
        if size > len(self._slots):
            slots = np.zeros((size, 4), np.int32)
            move(self._slots, slots)
            self._slots = slots
        if self._used + octets > len(self._arena):
            arena = np.zeros(2 * (self._used + octets), np.uint8)
            arena[: self._used] = self._arena[: self._used]
            self._arena = arena

    def _number_of(self, piece: str) -> int:
        if piece.isascii() or self._emoji.keys().isdisjoint(piece):
            return self._row_of(piece)
        phrase = tuple(map(self._row_of, self._spelled_out(piece)))
        return -1 - self._phrases.setdefault(phrase, len(self._phrases))

    def _spelled_out(self, piece: str) -> list[str]:
        """The tokens of a piece: an emoji's description, and what follows it without a space."""
        if self._emoji.keys().isdisjoint(piece):
            return [piece]
        return "".join(
            f" {self._emoji[sign]}" if sign in self._emoji else sign for sign in piece
        ).split()

    def _row_of(self, token: str) -> int:
        word = as_word(token)
        lower = word.lower()
        valence, boost, flags, code = self._meanings.get(lower, _UNKNOWN)
        if word.isupper():
            flags |= rules.CAPS
        if "n't" in lower:
            flags |= rules.NEGATION
        marks = min(token.count("!"), _MARKS), min(token.count("?"), _MARKS)
        return self._rows.setdefault((valence, boost, flags, code, *marks), len(self._rows))

    def _unfolded(self, ids: Ids, starts: Wholes) -> tuple[Ids, Wholes]:
        """The same with the tokens of phrases in place of ids below 0."""
        phrases = list(self._phrases)
        begins = np.zeros(len(phrases) + 1, np.int64)
        np.cumsum([len(phrase) for phrase in phrases], out=begins[1:])
        tokens = np.fromiter(chain.from_iterable(phrases), np.int32)
        places = np.where(ids < 0, -1 - ids, 0)
        lengths = np.where(ids < 0, begins[places + 1] - begins[places], 1)
        ends = np.zeros(len(ids) + 1, np.int64)
        np.cumsum(lengths, out=ends[1:])
        flat = np.repeat(ids, lengths)
        within = np.arange(len(flat)) - np.repeat(ends[:-1], lengths)
        folded = flat < 0
        flat[folded] = tokens[begins[-1 - flat[folded]] + within[folded]]
        return flat, ends[starts]


_KINDS = (np.float64, np.float64, np.int64, np.int64, np.int8, np.int8)  # of Tables' columns

_kept: dict[Lexicon, Vocabulary] = {}
_kept_lock = Lock()


def vocabulary_of(lexicon: Lexicon) -> Vocabulary:
    """The vocabulary of a lexicon in this process. Raises LexiconMissing."""
    with _kept_lock:
        found = _kept.pop(lexicon, None)
        if found is None or len(found) > MOST_TOKENS:
            found = Vocabulary(_meanings(lexicon), published.emoji())
        _kept[lexicon] = found  # the last one is the one used last
        while len(_kept) > MOST_KEPT:
            del _kept[next(iter(_kept))]
        return found


@lru_cache(maxsize=MOST_KEPT)
def _meanings(lexicon: Lexicon) -> dict[str, Meaning]:
    """What is known of each word of the lexicon and of the rules."""
    valences = lexicon.valences
    found: dict[str, Meaning] = {}
    for word in {*valences, *RAISING, *LOWERING, *NEGATIONS, *_FLAGS, *_CODES}:
        boost = rules.BOOST if word in RAISING else -rules.BOOST if word in LOWERING else 0.0
        flags = _FLAGS.get(word, 0)
        flags |= rules.KNOWN if word in valences else 0
        flags |= rules.DEGREE if boost else 0
        flags |= rules.NEGATION if word in NEGATIONS else 0
        found[word] = valences.get(word, 0.0), boost, flags, _CODES.get(word, 0)
    return found


def _phrase_table(values: Mapping[str, float]) -> tuple[Wholes, NDArray[np.float64]]:
    """The keys of phrases, ascending, and their values."""
    keys = {}
    for phrase, value in values.items():
        first, second, *third = (_CODES[word] for word in phrase.split())
        last = third[0] if third else 0
        keys[((first << rules.CODE_BITS | second) << rules.CODE_BITS) | last] = value
    ordered = sorted(keys)
    return np.array(ordered, np.int64), np.array([keys[key] for key in ordered], np.float64)


_CODES = {
    word: code
    for code, word in enumerate(sorted({*" ".join([*IDIOMS, *LOWERING_PHRASES]).split()}), 1)
}
_IDIOM_TABLE = _phrase_table(IDIOMS)
_BOOST_TABLE = _phrase_table(dict.fromkeys(LOWERING_PHRASES, -rules.BOOST))
