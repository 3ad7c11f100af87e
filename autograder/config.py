"""nbgrader's configuration for this course, for any course root and class folder."""

from pathlib import Path

from traitlets.config import Config, PyFileConfigLoader

from autograder.paths import ROOT


def nbgrader_config(root: Path = ROOT, class_folder: Path | None = None) -> Config:
    """The configuration in `nbgrader_config.py`, for another course root or class folder.

    A class may have settings of its own in a file of this name in its folder, such as
    `c.ExecuteLesson.cell_seconds`, those for late penalties, and the gradebook's `c.CourseDirectory.db_url`. Where
    the class's folders are is not among them.
    """
    loader = PyFileConfigLoader("nbgrader_config.py", path=str(Path(__file__).parent))
    config = loader.load_config()
    config.CourseDirectory.root = str(root)
    if class_folder is None:
        return config
    # nbgrader joins these to its root; an absolute path wins that join.
    for name in ("submitted", "autograded", "feedback", "solution"):
        config.CourseDirectory[f"{name}_directory"] = str(class_folder / name)
    config.CourseDirectory.db_url = f"sqlite:///{class_folder / 'gradebook.db'}"
    if (class_folder / "nbgrader_config.py").is_file():
        own = PyFileConfigLoader("nbgrader_config.py", path=str(class_folder)).load_config()
        for section in ("ExecuteLesson", "AssignLatePenalties", "LateSubmissionPlugin"):
            config[section].merge(own[section])
        if "db_url" in own.CourseDirectory:
            config.CourseDirectory.db_url = own.CourseDirectory.db_url
    return config
