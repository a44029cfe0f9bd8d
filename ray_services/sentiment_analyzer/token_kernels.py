"""Cutting texts at white space and looking their pieces up, compiled, over UTF-8.

The table is a hash table with open addressing (Knuth, The Art of Computer Programming, volume 3,
6.4) of a row for each slot: hash, id, and where the piece's bytes are in the arena, their number
(0: the slot is free). Hashes are FNV-1a (Fowler, Noll, Vo 1991) from a starting value of the
process, folded to 31 bits; a piece is only taken for another if all its bytes are the same.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ray_services.common.compiled import compiled

type Octets = NDArray[np.uint8]
type Slots = NDArray[np.int32]  # shape (a power of 2, 4)

_HASH, _ID, _PLACE, _LENGTH = 0, 1, 2, 3
_PRIME = np.uint64(0x100000001B3)
_SHIFT, _31_BITS = np.uint64(32), np.uint64(0x7FFFFFFF)


@compiled
def _white(blob: Octets, at: int) -> int:
    """How many bytes of white space, as Python's `str.split` sees it, the character here has."""
    byte = blob[at]
    if byte <= 32:
        return 1 if byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31 else 0
    left = blob.size - at
    if byte < 0xC2 or byte > 0xE3 or left < 2:
        return 0
    second = blob[at + 1]
    if byte == 0xC2:
        return 2 if second == 0x85 or second == 0xA0 else 0
    third = blob[at + 2] if left > 2 else np.uint8(0)
    if byte == 0xE1:
        return 3 if second == 0x9A and third == 0x80 else 0
    if byte == 0xE2 and second == 0x80:
        return 3 if 0x80 <= third <= 0x8A or 0xA8 <= third <= 0xA9 or third == 0xAF else 0
    if byte == 0xE2:
        return 3 if second == 0x81 and third == 0x9F else 0
    return 3 if byte == 0xE3 and second == 0x80 and third == 0x80 else 0


@compiled
def _same(blob: Octets, first: int, arena: Octets, place: int, length: int) -> bool:
    step = 0
    while step < length and blob[first + step] == arena[place + step]:
        step += 1
    return step == length


@compiled
def _slot_of(
    hashed: Any, blob: Octets, first: int, length: int, slots: Slots, arena: Octets
) -> Any:
    """Where the piece is, or the free slot in which it would be."""
    mask = slots.shape[0] - 1
    slot = hashed & mask
    while slots[slot, _LENGTH]:
        if (
            slots[slot, _HASH] == hashed
            and slots[slot, _LENGTH] == length
            and _same(blob, first, arena, slots[slot, _PLACE], length)
        ):
            return slot
        slot = (slot + 1) & mask
    return slot


@compiled
def look_up(
    blob: Octets,
    seed: Any,
    slots: Slots,
    arena: Octets,
    ids: NDArray[np.int32],
    starts: NDArray[np.int64],
    missing: NDArray[np.int64],
) -> Any:
    """The ids of all pieces of texts that each end with a 0 byte; how many pieces there are, and
    how many are not in the table.

    `starts` gets where each text's ids start, and the end. Of each that is not in the table,
    `missing` gets its first byte, its length, its place among the ids, and its hash.
    """
    found, lacking, text, at = 0, 0, 0, 0
    starts[0] = 0
    while at < blob.size:
        if blob[at] == 0:
            text += 1
            starts[text] = found
            at += 1
            continue
        white = _white(blob, at)
        if white:
            at += white
            continue
        first, hashed = at, seed
        while at < blob.size:
            byte = blob[at]
            if (byte <= 32 or byte >= 0xC2) and (byte == 0 or _white(blob, at)):
                break
            hashed = (hashed ^ np.uint64(byte)) * _PRIME
            at += 1
        folded = np.int64((hashed ^ (hashed >> _SHIFT)) & _31_BITS)
        slot = _slot_of(folded, blob, first, at - first, slots, arena)
        if slots[slot, _LENGTH]:
            ids[found] = slots[slot, _ID]
        else:
            missing[lacking, 0] = first
            missing[lacking, 1] = at - first
            missing[lacking, 2] = found
            missing[lacking, 3] = folded
            lacking += 1
        found += 1
    return found, lacking


@compiled
def remember(
    blob: Octets,
    missing: NDArray[np.int64],
    numbers: NDArray[np.int32],
    slots: Slots,
    arena: Octets,
    used: int,
) -> Any:
    """Put pieces that `look_up` missed into the table, each once; how many are new, and how much of
    the arena is used then. There must be room."""
    new = 0
    for row in range(missing.shape[0]):
        first, length, hashed = missing[row, 0], missing[row, 1], missing[row, 3]
        slot = _slot_of(hashed, blob, first, length, slots, arena)
        if slots[slot, _LENGTH]:
            continue
        arena[used : used + length] = blob[first : first + length]
        slots[slot, _HASH] = hashed
        slots[slot, _ID] = numbers[row]
        slots[slot, _PLACE] = used
        slots[slot, _LENGTH] = length
        used += length
        new += 1
    return new, used


@compiled
def move(old: Slots, new: Slots) -> None:
    """Put all rows of a table into a larger one that is free."""
    mask = new.shape[0] - 1
    for row in range(old.shape[0]):
        if old[row, _LENGTH]:
            slot = old[row, _HASH] & mask
            while new[slot, _LENGTH]:
                slot = (slot + 1) & mask
            new[slot] = old[row]
