"""Which strengths the votes can tell: strongly connected components of the graph of wins.

A finite maximum-likelihood strength exists exactly among items that can all be reached from one
another along "did not lose to" edges (Zermelo 1929; Ford 1957; Hunter 2004, assumption 1).
"""

# m items

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from annotation.aggregation.votes import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Connectivity:
    """What can be estimated.

    `components` (m,) numbers the strongly connected components, 0 being the rated pool: the one
    with the most items (at least two; ties go to the one with more votes), -1 meaning no vote at
    all. `above` and `below` mark items that every chain of votes puts over or under the pool: their
    strength is +infinity or -infinity. Items that are neither, and not in the pool, cannot be
    compared with it.
    """

    components: IntArray
    rated: BoolArray
    above: BoolArray
    below: BoolArray


def connectivity(
    winner: IntArray, loser: IntArray, n_items: int, *, votes_per_item: FloatArray
) -> Connectivity:
    """Components of the graph with an edge winner -> loser; give a tie as two edges.

    Without any component of two items no item anchors the scale: then an item that only won is
    `above` and one that only lost is `below`.
    """
    edges = coo_array((np.ones(len(winner), np.int8), (winner, loser)), (n_items, n_items)).tocsr()
    n_components, label = connected_components(edges, directed=True, connection="strong")
    if n_components == 1 and n_items > 1:
        nobody = np.zeros(n_items, bool)
        return Connectivity(np.zeros(n_items, np.int64), ~nobody, nobody, nobody)
    components = _numbered_by_size(label.astype(np.int64), votes_per_item)
    size = np.bincount(components[components >= 0], minlength=1)
    rated = np.zeros(n_items, bool)
    if size[0] < 2:
        voted = votes_per_item > 0
        lost = np.bincount(loser, minlength=n_items) > 0
        won = np.bincount(winner, minlength=n_items) > 0
        return Connectivity(components, rated, voted & won & ~lost, voted & lost & ~won)
    rated = components == 0
    root = int(rated.argmax())
    under = np.zeros(n_items, bool)
    under[breadth_first_order(edges, root, return_predecessors=False)] = True
    over = np.zeros(n_items, bool)
    over[breadth_first_order(edges.T.tocsr(), root, return_predecessors=False)] = True
    return Connectivity(components, rated, over & ~rated, under & ~rated)


def _numbered_by_size(label: IntArray, votes_per_item: FloatArray) -> IntArray:
    """Component numbers by falling size, then votes, then first item; -1 without votes."""
    n_components = int(label.max()) + 1
    voted = votes_per_item > 0
    size = np.bincount(label[voted], minlength=n_components)
    weight = np.bincount(label, votes_per_item, n_components)
    first_item = np.full(n_components, len(label))
    np.minimum.at(first_item, label, np.arange(len(label)))
    order = np.lexsort((first_item, -weight, -size))
    number = np.empty(n_components, np.int64)
    number[order] = np.arange(n_components)
    return np.where(voted, number[label], -1)
