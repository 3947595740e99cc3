"""What the statistics refuse: each error says what was expected, what came and what to do."""


class InvalidInput(ValueError):
    """The arrays cannot be read as votes or rankings; the base of every refusal here."""


class NoVotes(InvalidInput):
    """There is nothing to learn from: no vote, or no vote with a positive weight."""


class InvalidVote(InvalidInput):
    """A vote names an unknown item, compares an item with itself or has an impossible score."""


class InvalidOrder(InvalidInput):
    """A ranking is empty, names an unknown item or names an item twice."""


class AllTies(InvalidInput):
    """Every vote is a tie, so the tie parameter of the model has no finite estimate."""


class NotConverged(ArithmeticError):
    """The likelihood has no maximum that could be reached, for example a separating covariate."""
