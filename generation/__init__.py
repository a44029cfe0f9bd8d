"""Lottery games: exact, distinct and reproducible under constraints.

Game number i of a job is ``unrank(permute(i))``: ``space`` numbers every game that satisfies the
constraints, ``permutation`` shuffles those numbers by a seed. Any slice of a job can therefore be
made anywhere, in any order, without any slice knowing of another.
"""
