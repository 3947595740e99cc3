"""Domain errors: a class has a code and an HTTP status, an instance has a sentence.

The sentence says what was expected, what came and what to do. `fields` maps a field to its own
sentences where the input was a form.
"""

from collections.abc import Mapping, Sequence

from annotation.sentences import Sentence


class DomainError(Exception):
    code = "error"
    status = 400

    def __init__(
        self, said: Sentence, *, fields: Mapping[str, Sequence[Sentence]] | None = None
    ) -> None:
        super().__init__(str(said))
        self.message = str(said)
        self.sentence = said
        self.fields = fields or {}


class InvalidInput(DomainError):
    code = "invalid"


class InvalidRanking(InvalidInput):
    code = "invalid_ranking"


class InvalidRecipe(InvalidInput):
    code = "invalid_recipe"


class Forbidden(DomainError):
    code = "forbidden"
    status = 403


class NotFound(DomainError):
    code = "not_found"
    status = 404


class Conflict(DomainError):
    """The request is well formed, but the state of the world does not allow it."""

    code = "conflict"
    status = 409


class LeaseExpired(Conflict):
    code = "lease_expired"


class NothingToUndo(Conflict):
    code = "nothing_to_undo"


class AlreadyLabeled(Conflict):
    code = "already_labeled"
