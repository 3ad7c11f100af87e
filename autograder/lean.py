"""Imported first by every process of a class run: one thread each, and no second lost at the start."""

import os
import sys
from typing import Any, cast

from autograder.warm import ONE_THREAD

os.environ.update(ONE_THREAD)

# jsonschema reads a grammar of web addresses for a second if it finds one. No notebook holds what it is for.
cast(dict[str, Any], sys.modules).setdefault("rfc3987_syntax", None)
