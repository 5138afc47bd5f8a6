"""Lets nbgrader handle the lessons: copy it beside gradebook.db. Solutions and hidden tests stand between nbgrader's own markers."""

import os
import tempfile

c = get_config()  # noqa: F821

# nbgrader knows no stub for Go, and refuses a language without one.
c.ClearSolutions.code_stub = {"go": "// YOUR CODE HERE"}
# A cell of a lesson may train a model.
c.ExecutePreprocessor.timeout = 600


def own_state(assignment, student, notebooks, homes=[]):  # noqa: B006
    """Gives a submission a state folder of its own. A magic that one student installs must not answer the check of the next."""
    homes[:] = [tempfile.TemporaryDirectory(prefix="headstart-")]  # the one before is removed
    os.environ["HEADSTART_HOME"] = homes[0].name


c.Autograde.pre_convert_hook = own_state
