"""What can go wrong with a job, as classes the runner turns into exit codes."""


class SpecError(ValueError):
    """The job as written cannot run: bad spec, bad rows, wrong digest. Retrying cannot help."""


class RunDirectoryHeldError(RuntimeError):
    """Another live process holds the run directory's lock."""


class StoppedError(Exception):
    """A stop was asked for and honoured: what was done so far is saved."""
