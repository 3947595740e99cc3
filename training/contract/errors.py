"""What can go wrong with a job, as classes the runner turns into exit codes."""

from training.contract.sentences import Sentence, say


class SpecError(ValueError):
    """The job as written cannot run: bad spec, bad rows, wrong digest. Retrying cannot help."""

    @property
    def said(self) -> Sentence:
        return say("spec_refused", "{reason}", reason=str(self))


class ParseError(SpecError):
    """JSON that is not what was declared: `path` names the place, `sentence` says what is wrong."""

    def __init__(self, path: str, sentence: Sentence) -> None:
        super().__init__(f"{path}: {sentence}")
        self.path = path
        self.sentence = sentence

    @property
    def said(self) -> Sentence:
        return say("wrong_at", "{path}: {what}", path=self.path, what=self.sentence)


class RunDirectoryHeldError(RuntimeError):
    """Another live process holds the run directory's lock."""


class StoppedError(Exception):
    """A stop was asked for and honoured: what was done so far is saved."""
