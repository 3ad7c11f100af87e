"""Imported first by every process of a class run: one thread each, and no second lost at the start."""

import os
import sys
from typing import Any, cast

# Workers share the cores, and a forked process must not find a pool of threads that it does not have.
os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)

# jsonschema reads a grammar of web addresses for a second if it finds one. No notebook holds what it is for.
cast(dict[str, Any], sys.modules).setdefault("rfc3987_syntax", None)
