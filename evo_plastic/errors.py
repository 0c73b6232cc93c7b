"""What can go wrong, by exit code: the command line maps each class to one.

0 done · 1 internal error (traceback) · 2 ``InputError`` · 3 ``TrainingFailed`` ·
4 ``ClusterLost`` · 128 + signal number ``Interrupted`` (130 SIGINT, 143 SIGTERM).
"""


class InputError(Exception):
    """Something a user gave is missing, damaged, locked or of another kind.

    The message names the file, the key and what was expected; it is printed without a
    traceback. Several problems may be joined by newlines.
    """

    exit_code = 2


LONGEST = 400


def brief(what: object) -> str:
    """Its text on one line, cut to ``LONGEST`` characters: a file may say anything of itself."""
    text = " ".join(str(what).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


class TrainingFailed(Exception):
    """Training cannot go on, for example because no fitness is finite."""

    exit_code = 3


class ClusterLost(Exception):
    """The Ray cluster went away and did not come back."""

    exit_code = 4


class Interrupted(Exception):
    """A signal stopped the run after its state was saved."""

    def __init__(self, signal_number: int, message: str) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


class Abandoned(Exception):
    """A stop was asked for, and the generation under way took too long to be waited for."""
