"""Sentiment of short English texts by VADER's rules, and what follows from it for tickers.

Texts are scored as the reference implementation scores them, to the last digit: English words,
emoticons, and emoji by the English name that the lexicon's package gives them. Words of other
languages are unknown and count as neutral; a text without a known word has confidence 0.
"""
