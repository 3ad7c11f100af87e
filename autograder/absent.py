"""Stand-ins for what is absent while answers are graded: the course's library, and torch.

A lesson's cells import checks, figures, demos and quizzes; those do nothing here. The library's own operators, and
torch's, are what the answers are to be: they can be imported, and calling one is an error that says so.
"""

import importlib
import sys
from collections.abc import Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

ABSENT = ("strided", "torch")
QUIET = {"checks", "compare", "demos", "display", "figures", "hint", "progress", "quiz"}


class Nothing:
    """Stands for what is only looked at: calls and attributes give it back."""

    def __call__(self, *args: object, **kwargs: object) -> "Nothing":
        """Do nothing."""
        return self

    def __getattr__(self, name: str) -> "Nothing":
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __repr__(self) -> str:
        return "(not shown while grading)"

    def _ipython_display_(self) -> None:
        """Show nothing as a cell's result either."""


class Module(ModuleType):
    """A module, or whatever a module may hold; it can be imported, but not called.

    A type hint may name it, a class may derive from it, and nothing is an instance of it.
    """

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        path = f"{self.__name__}.{name}"
        if path.split(".")[1] in QUIET and path.startswith("strided."):
            return Nothing()
        return importlib.import_module(path)

    def __or__(self, other: object) -> "Module":
        return self

    __ror__ = __or__

    def __mro_entries__(self, bases: tuple) -> tuple:
        return ()

    def __instancecheck__(self, instance: object) -> bool:
        return False

    def __subclasscheck__(self, kind: type) -> bool:
        return False

    def __call__(self, *args: object, **kwargs: object) -> None:
        """Say what is absent."""
        raise RuntimeError(f"{self.__name__} is not there while answers are graded: write your own")


class Finder(MetaPathFinder, Loader):
    """Finds everything that is absent."""

    def find_spec(self, fullname, path=None, target=None):
        """Say that a name is a module that is absent."""
        if fullname.split(".")[0] in ABSENT:
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> Module:
        """Make the stand-in."""
        return Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


def lend(name: str, function: Callable) -> None:
    """Let answers call a function of the library, such as `operators.conv2d`, after all."""
    module, _, attribute = name.rpartition(".")
    setattr(importlib.import_module(f"strided.{module}"), attribute, function)


def install() -> None:
    """Put the stand-ins in their places, for this process."""
    for name in [name for name in sys.modules if name.split(".")[0] in ABSENT]:
        del sys.modules[name]
    sys.meta_path.insert(0, Finder())
