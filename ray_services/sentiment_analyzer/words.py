"""The words that VADER's rules name, and how a piece of a text becomes a word.

Word lists of VADER (Hutto and Gilbert 2014, ICWSM), published under the MIT licence with the
lexicon.
"""

from string import punctuation

_RAISING = """
absolutely amazingly awfully completely considerable considerably decidedly deeply effing
enormous enormously entirely especially exceptional exceptionally extreme extremely fabulously
flipping flippin frackin fracking fricking frickin frigging friggin fully fuckin fucking fuggin
fugging greatly hella highly hugely incredible incredibly intensely major majorly more most
particularly purely quite really remarkably so substantially thoroughly total totally tremendous
tremendously uber unbelievably unusually utter utterly very
"""
RAISING = frozenset(_RAISING.split())
"""Degree words that make what follows stronger."""

_LOWERING = """
almost barely hardly kinda kindof kind-of less little marginal marginally occasional
occasionally partly scarce scarcely slight slightly somewhat sorta sortof sort-of
"""
LOWERING = frozenset(_LOWERING.split())
"""Degree words that make what follows weaker."""

LOWERING_PHRASES = ("just enough", "kind of", "sort of")

_NEGATIONS = """
aint arent cannot cant couldnt darent didnt doesnt ain't aren't can't couldn't daren't
didn't doesn't dont hadnt hasnt havent isnt mightnt mustnt neither don't hadn't hasn't haven't
isn't mightn't mustn't neednt needn't never none nope nor not nothing nowhere oughtnt shant
shouldnt uhuh wasnt werent oughtn't shan't shouldn't uh-uh wasn't weren't without wont wouldnt
won't wouldn't rarely seldom despite
"""
NEGATIONS = frozenset(_NEGATIONS.split())
"""Any other word that contains "n't" is one too."""

IDIOMS = {
    "the shit": 3.0,
    "the bomb": 3.0,
    "bad ass": 1.5,
    "bus stop": 0.0,
    "yeah right": -2.0,
    "kiss of death": -1.5,
    "to die for": 3.0,
    "beating heart": 3.5,
}
"""Phrases whose valence is not that of their words."""


def as_word(piece: str) -> str:
    """What is looked up: without punctuation around it, unless that leaves two letters or fewer,
    for then it is likely an emoticon."""
    bare = piece.strip(punctuation)
    return piece if len(bare) <= 2 else bare
