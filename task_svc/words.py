"""The words of a text, the same for every language: no stemming, no stop words, no rules of any tongue.

A word is what stands between spaces and punctuation, whatever its case or form. Scripts that put no spaces between words would be
one long word, so each of their characters is a word of its own.
"""

import unicodedata

# Thai and Lao, Myanmar, Khmer, kana, and the Han characters.
UNSPACED = [(0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF)]
UNSPACED_BEYOND = 0x20000


def words(text: str) -> set[str]:
    """The words in `text`, folded, so that equal words are equal strings."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return set(folded.translate(_CHARACTERS).split())


class _Characters(dict[int, str]):
    """What each character (by its number) contributes to a word; filled as characters are met."""

    def __missing__(self, number: int) -> str:
        self[number] = part = _part(chr(number))
        return part


def _part(character: str) -> str:
    # Marks belong to the letter before: in many scripts they are its vowels.
    if not character.isalnum() and not unicodedata.category(character).startswith("M"):
        return " "
    number = ord(character)
    unspaced = number >= UNSPACED_BEYOND or any(first <= number <= last for first, last in UNSPACED)
    return f" {character} " if unspaced else character


_CHARACTERS = _Characters()
