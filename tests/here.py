"""Workers' stand-in, which marks in the test's own process, where a test can change things."""

from autograder import mark


class Here:
    """As `autograder.workers.Workers`, without another process."""

    number = 1

    def mark(self, submissions):
        """Mark submissions one after another."""
        for submission in submissions:
            yield submission, mark.mark(submission)
