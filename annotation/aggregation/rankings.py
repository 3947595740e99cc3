"""Rankings of a few items each: best first, ties as tuples, missing where not ranked."""

# m items

from collections.abc import Iterable, Sequence

from annotation.aggregation.errors import InvalidOrder

Order = Sequence[int | Sequence[int]]
Groups = tuple[tuple[int, ...], ...]  # best first; items of one group are tied


def check_order(order: Order, *, n_items: int, place: int = 0) -> Groups:
    """The ranking as groups of tied items. Raises InvalidOrder, naming it by its `place`."""
    groups = tuple(
        tuple(int(i) for i in entry) if isinstance(entry, tuple | list) else (_whole(entry, place),)
        for entry in order
    )
    seen: set[int] = set()
    for group in groups:
        if not group:
            raise InvalidOrder(f"ranking {place} has an empty tie: leave it out")
        for item in group:
            if not 0 <= item < n_items:
                raise InvalidOrder(
                    f"expected items 0..{n_items - 1}, got {item} in ranking {place}: "
                    "correct it or raise n_items"
                )
            if item in seen:
                raise InvalidOrder(f"ranking {place} names item {item} twice: name it once")
            seen.add(item)
    if not groups:
        raise InvalidOrder(f"ranking {place} is empty: leave it out")
    return groups


def order_of_ranks(ranks: Sequence[int | None], items: Sequence[int] | None = None) -> Groups:
    """The order that a label's `ranks` say: 1 best, equal = tied, None = cannot be ranked.

    `items` names what stands at each position, its number where None.

    >>> order_of_ranks([2, 1, None, 2])
    ((1,), (0, 3))
    """
    names = range(len(ranks)) if items is None else items
    by_rank: dict[int, list[int]] = {}
    for name, rank in zip(names, ranks, strict=True):
        if rank is not None:
            by_rank.setdefault(rank, []).append(name)
    return tuple(tuple(by_rank[rank]) for rank in sorted(by_rank))


def pairwise(orders: Iterable[Groups]) -> tuple[list[int], list[int], list[float]]:
    """first, second, score of every pair inside every ranking, for the models of pairs.

    The pairs of one ranking are not independent: give the ranking (or its annotator) as the group.
    """
    first, second, score = [], [], []
    for groups in orders:
        for at, group in enumerate(groups):
            for k, i in enumerate(group):
                for j in group[k + 1 :]:
                    first.append(i)
                    second.append(j)
                    score.append(0.5)
                for later in groups[at + 1 :]:
                    for j in later:
                        first.append(i)
                        second.append(j)
                        score.append(1.0)
    return first, second, score


def _whole(entry: object, place: int) -> int:
    if isinstance(entry, bool) or not hasattr(entry, "__index__"):
        raise InvalidOrder(f"expected item numbers, got {entry!r} in ranking {place}")
    return int(entry.__index__())
