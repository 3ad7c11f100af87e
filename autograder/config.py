"""nbgrader's configuration for this course, for any course root and class folder."""

from pathlib import Path

from traitlets.config import Config, PyFileConfigLoader

from autograder.paths import ROOT


def nbgrader_config(root: Path = ROOT, class_folder: Path | None = None) -> Config:
    """The configuration in `nbgrader_config.py`, for another course root or class folder."""
    loader = PyFileConfigLoader("nbgrader_config.py", path=str(Path(__file__).parent))
    config = loader.load_config()
    config.CourseDirectory.root = str(root)
    if class_folder is not None:
        # nbgrader joins these to its root; an absolute path wins that join.
        for name in ("submitted", "autograded", "feedback", "solution"):
            config.CourseDirectory[f"{name}_directory"] = str(class_folder / name)
        config.CourseDirectory.db_url = f"sqlite:///{class_folder / 'gradebook.db'}"
    return config
