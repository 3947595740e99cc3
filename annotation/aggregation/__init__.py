"""Statistics of human preference: arrays in, frozen dataclasses out; numpy and scipy only.

`score` is 1 where the first of a pair won, 0.5 for a tie, 0 where it lost. Strengths are natural
logarithms of odds ("nats") inside and Elo points outside: 1 nat = 400 / ln 10 = 173.72 points.
"""
