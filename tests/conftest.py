"""What several files of tests share: an option for golden files, and a warm process for sessions."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from autograder.warm import Warm


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the files in tests/golden anew instead of comparing with them",
    )


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written anew."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def trusted() -> bool:
    """Whether sessions run without the sandbox: where this machine gives none."""
    from autograder.doctor import missing

    return bool(missing())


@pytest.fixture(scope="session")
def warm(trusted: bool) -> Iterator["Warm"]:
    """A process from which sessions start; what uses it holds with and without the sandbox."""
    from autograder.warm import Warm

    with Warm(trusted=trusted) as process:
        yield process
