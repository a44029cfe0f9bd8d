"""Parts of the space whose games overlap as wanted by themselves, without comparing any two."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """The games with at least ``core_least`` numbers of ``core`` (Frankl's families) and, where
    ``modulus`` is not 0, a sum of main numbers that leaves ``residue`` modulo ``modulus`` (the
    classes of Graham and Sloane). As it stands: every game."""

    core: tuple[int, ...] = ()
    core_least: int = 0
    modulus: int = 0
    residue: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.core_least <= len(self.core):
            raise ValueError(
                f"core_least must be 0 to {len(self.core)}, the numbers of the core,"
                f" got {self.core_least}"
            )
        if not 0 <= self.residue < max(1, self.modulus):
            raise ValueError(
                f"residue must be 0 to modulus - 1 = {max(1, self.modulus) - 1}, got {self.residue}"
            )


WHOLE = Family()
"""Every game of the space."""
