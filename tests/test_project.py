"""The house itself: one list of dependencies, arrows that point one way, files that agree."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version

import pytest
import yaml

from autograder.build import DEMOS
from autograder.paths import ROOT
from strided import manifest, slips

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def direct_dependencies() -> set[str]:
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    names = {re.split(r"[\[<>=~!; ]", line)[0].lower() for part in lists for line in part}
    return names - {"strided"}


def second_lists(environment: dict) -> list[str]:
    """Dependencies that environment.yml lists itself, besides python and pip."""
    found = []
    for entry in environment["dependencies"]:
        if isinstance(entry, dict):
            found += [line for line in entry["pip"] if not re.match(r"-e \.|-c constraints", line)]
        elif re.split(r"[<>=]", entry)[0] not in ("python", "pip"):
            found.append(entry)
    return found


def test_there_is_one_list_of_dependencies():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert second_lists(environment) == []
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    extras = re.fullmatch(r"-e \.\[(\w+)\]", pip[-1])
    assert extras and extras[1] in PROJECT["optional-dependencies"]


@pytest.mark.parametrize("entry", ["numpy", "python-pip", {"pip": ["numpy"]}])
def test_a_second_list_is_seen(entry):
    assert second_lists({"dependencies": ["python=3.11", "pip", entry]}) != []


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def test_the_constraints_pin_every_direct_dependency_and_nothing_else():
    assert set(pins()) == direct_dependencies()


def test_what_is_installed_is_what_is_pinned():
    """An environment from before a pin was raised tests the old version."""
    installed = {name: version(name).partition("+")[0] for name in pins()}
    assert {name: pin for name, pin in pins().items() if installed[name] != pin} == {}


def imports(source: str) -> set[str]:
    """Top-level packages that a module imports anywhere in its text."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", sorted((ROOT / "src").rglob("*.py")), ids=lambda path: path.name)
def test_the_library_imports_neither_the_autograder_nor_what_only_it_needs(path):
    grading = {"autograder", "nbgrader", "jupytext", "msgpack", "rich", "pytest"}
    assert not imports(path.read_text(encoding="utf-8")) & grading


def test_an_import_of_the_autograder_is_seen():
    assert "autograder" in imports("def f():\n    from autograder.build import build\n")


def test_importing_the_library_takes_numpy_only():
    code = (
        "import sys, strided, strided.operators, strided.checks, strided.quiz, strided.figures;"
        "print(*sorted({'torch', 'matplotlib', 'IPython', 'nbgrader'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (run.stdout.strip(), run.stderr) == ("", "")


def test_every_lesson_has_its_modules():
    for lesson in manifest.lessons().values():
        for folder in (
            "src/strided/checks",
            "src/strided/slips",
            "autograder/hidden",
            "autograder/answers",
        ):
            assert (ROOT / folder / f"{lesson.module}.py").is_file(), (folder, lesson.module)
    text = {path.parent.name for path in (ROOT / "solutions").glob("*/*.py")}
    assert text == {*manifest.lessons(), DEMOS}


def test_the_readme_names_the_verbs_that_the_makefile_has():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    verbs = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    assert verbs >= {"setup", "demo", "test", "lab", "build", "check"}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(?:^    |`)make ([a-z-]+)", readme, re.M)) == verbs


def unlisted(page: str) -> list[str]:
    """Lessons of the manifest that a page does not name."""
    return [name for name in manifest.lessons() if f"`{name}`" not in page]


@pytest.mark.parametrize("page", ["README.md", "course/README.md"])
def test_every_lesson_is_in_the_lists_of_lessons(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    # Above its table, a page may name a lesson in passing.
    tables = re.findall(r"^\| `\d\d_\w+` \|.*$|^The lessons, .*(?:\n.+)*", text, re.M)
    assert unlisted("\n".join(tables)) == []


def test_a_lesson_that_is_not_listed_is_seen():
    listed = [f"| `{name}` | do |" for name in manifest.lessons()]
    assert unlisted("\n".join(listed)) == []
    assert unlisted("\n".join(listed[:-1])) == [list(manifest.lessons())[-1]]


def places(table: str) -> list[tuple[str, str]]:
    """Lesson number and section of every place that the table of corrections names."""
    found = []
    for row in re.findall(r"^\| (?!the answer says|---).* \| (.*) \|$", table, re.M):
        for place in row.split("; "):
            number, _, section = place.partition(", ")
            found.append((number, section.strip('"').replace('\\"', '"')))
    return found


def unmet(table: str) -> list[tuple[str, str]]:
    """Places of the table that are not in the lessons."""
    texts = {
        path.name[:2]: path.read_text(encoding="utf-8") for path in ROOT.glob("solutions/*/*.py")
    }
    missing = []
    for number, section in places(table):
        wanted = "wrap_up(" if section == "quiz" else f"# ## {section}\n"
        if wanted not in texts.get(number, ""):
            missing.append((number, section))
    return missing


def test_every_correction_is_where_the_table_says():
    table = (ROOT / "solutions" / "README.md").read_text(encoding="utf-8")
    assert unmet(table) == []
    assert table.count("\n| ") == 22 and len(places(table)) > 21


def test_a_correction_that_is_nowhere_is_seen():
    row = '| a | b | 03, "Translate the index"; 04, "Say nothing" |'
    assert unmet(row) == [("04", "Say nothing")]


def test_the_map_of_the_house_names_every_module():
    rooms = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    for folder in ("autograder", "src/strided"):
        (room,) = [line for line in rooms if line.startswith(f"| `{folder}/` |")]
        modules = {path.stem for path in (ROOT / folder).glob("*.py")} - {"__init__", "__main__"}
        named = set(re.findall(r"`(?:checks/)?(\w+)(?:\.py)?`", room))
        assert modules - named == set(), folder


def test_the_readme_counts_slips_as_they_are():
    """The other columns are what `make mutants` found; every slip and answer is held to that."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|.*\| \d+ \|$", text, re.M)
    assert {id: int(number) for id, number in rows} == {
        id: len(slips.bank(id)) for id in manifest.exercises()
    }
