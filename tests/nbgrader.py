"""A lesson through nbgrader: the assignment without its solutions, a right and a wrong submission, their grades and the feedback.

It runs with the Python that has nbgrader; the folder and the lesson are its arguments.
"""

import json
import os
import shutil
import subprocess
import sys

ASSIGNMENT = "lesson"


def nbgrader(*args, folder):
    subprocess.run([sys.executable, "-P", "-m", "nbgrader", *args], cwd=folder, check=True)


def submit(folder, student, source, name):
    target = os.path.join(folder, "submitted", student, ASSIGNMENT)
    os.makedirs(target)
    shutil.copy(source, os.path.join(target, name))


def main():
    folder, lesson, config = sys.argv[1:]
    # nbgrader starts alembic by its name.
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    name = os.path.basename(lesson)
    source = os.path.join(folder, "source", ASSIGNMENT)  # where nbgrader looks
    os.makedirs(source)
    shutil.copy(lesson, source)
    shutil.copy(config, os.path.join(folder, "nbgrader_config.py"))

    nbgrader("generate_assignment", ASSIGNMENT, "--create", folder=folder)
    released = os.path.join(folder, "release", ASSIGNMENT, name)
    with open(released, encoding="utf-8") as file:
        text = file.read()
    assert "YOUR CODE HERE" in text, "the assignment has no stub"
    assert "BEGIN SOLUTION" not in text, "the assignment shows a solution"

    submit(folder, "right", lesson, name)
    submit(folder, "wrong", released, name)
    nbgrader("autograde", ASSIGNMENT, folder=folder)
    nbgrader("generate_feedback", ASSIGNMENT, folder=folder)

    from nbgrader.api import Gradebook

    with Gradebook("sqlite:///" + os.path.join(folder, "gradebook.db")) as book:
        scores = {s.student.id: (s.score, s.max_score) for s in book.assignment_submissions(ASSIGNMENT)}
    for student in scores:
        feedback = os.path.join(folder, "feedback", student, ASSIGNMENT, name.replace(".ipynb", ".html"))
        assert os.path.getsize(feedback) > 0, f"{student} has no feedback"
    print(json.dumps(scores))
    right, wrong = scores["right"], scores["wrong"]
    assert right[1] > 0 and right[0] == right[1], f"the right submission has {right}"
    assert wrong[0] == 0, f"the wrong submission has {wrong}"


main()
