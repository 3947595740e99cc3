"""A sentence the server says to a person, with a code that a screen translates.

It is defined in the contract, because a setting says what it means to the same people.
"""

from training.contract.sentences import Param, Sentence, SentenceJson, say

__all__ = ["Param", "Sentence", "SentenceJson", "say"]
