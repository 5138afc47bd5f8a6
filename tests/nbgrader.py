"""Lessons through nbgrader: the assignment without its solutions, four submissions, their grades and the feedback.

It runs with the Python that has nbgrader. Its arguments are a folder, the configuration, and the lessons.
"""

import json
import os
import shutil
import subprocess
import sys
import time

# For each lesson a mistake: in the cell of a solution, what stands in the place of what, and the checks that fail then.
MISTAKES = {
    "05_your_own_images": ("solution-05-1", "--test 0.2", "--test 0.1", {"check-05-1"}),
    "06_reading_a_result": ("solution-06-1", "0.79", "0.97", {"check-06-1"}),
    "07_better_with_the_same_data": ("solution-07-2", '--augment "flip,rotate:10,zoom:0.1" --augment-copies 4 ', "", {"check-07-2"}),
    "08_save_and_verify": ("solution-08-2", "lesson08.onnx", "other.onnx", {"check-08-2"}),
    "09_write_a_magic": ("solution-09-2", "m.Brightness >= o.Below", "m.Brightness <= o.Below", {"check-09-2"}),
    "10_break_it": ("solution-10-1", "0.0", "0.9", {"check-10-1"}),
}
DEATH = "!kill -KILL $(cut -d ' ' -f 4 /proc/$PPID/stat)"  # the shell's parent is GoNB, and its parent the kernel


def nbgrader(*args, folder, check=True):
    return subprocess.run([sys.executable, "-P", "-m", "nbgrader", *args], cwd=folder, check=check).returncode


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def graded(notebook):
    """The grade_id of the cells that nbgrader knows, with the cells."""
    return {c["metadata"]["nbgrader"]["grade_id"]: c for c in notebook["cells"] if "nbgrader" in c["metadata"]}


def with_mistake(lesson, cell, wrong, right):
    notebook = read(lesson)
    source = "".join(graded(notebook)[cell]["source"])
    assert right is None or right in source, f"{lesson}: {cell} is without {right}"
    graded(notebook)[cell]["source"] = source.replace(right, wrong) if right else wrong
    return notebook


def grade(folder, lesson):
    name = os.path.basename(lesson).removesuffix(".ipynb")
    cell, right, wrong, fails = MISTAKES[name]
    source = os.path.join(folder, "source", name)  # where nbgrader looks
    os.makedirs(source)
    shutil.copy(lesson, source)
    nbgrader("generate_assignment", name, "--create", folder=folder)
    released = read(os.path.join(folder, "release", name, name + ".ipynb"))
    text = json.dumps(released)
    assert "YOUR CODE HERE" in text, f"{name} has no stub"
    assert "BEGIN SOLUTION" not in text, f"{name} shows a solution"
    checks = {i for i, c in graded(read(lesson)).items() if c["metadata"]["nbgrader"]["grade"]}
    last = max(i for i in graded(released) if i.startswith("solution-"))

    submissions = {  # with the checks that fail, or None where there is to be no grade
        "right": (read(lesson), set()),
        "mistaken": (with_mistake(lesson, cell, wrong, right), fails),
        "empty": (released, checks),
        "dead": (with_mistake(lesson, last, DEATH, None), None),
    }
    for student, (notebook, _) in submissions.items():
        target = os.path.join(folder, "submitted", student, name)
        os.makedirs(target)
        with open(os.path.join(target, name + ".ipynb"), "w", encoding="utf-8") as file:
            json.dump(notebook, file)
        start = time.monotonic()
        code = nbgrader("autograde", name, "--student", student, folder=folder, check=False)
        print(f"{name}: {student}: autograded in {time.monotonic() - start:.0f} s, exit status {code}", flush=True)
        assert (code == 0) == (student != "dead"), f"{name}: nbgrader autograde ends with {code} for {student}"
    nbgrader("generate_feedback", name, folder=folder)
    compare(folder, name, submissions)


def compare(folder, name, submissions):
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook("sqlite:///" + os.path.join(folder, "gradebook.db")) as book:
        for student, (_, fails) in submissions.items():
            feedback = os.path.join(folder, "feedback", student, name, name + ".html")
            try:
                submission = book.find_submission(name, student)
            except MissingEntry:
                submission = None
            if fails is None:
                assert not os.path.exists(feedback), f"{name}: {student} has feedback"
                assert submission is None or submission.score == 0, f"{name}: {student} has {submission.score} points"
                print(f"{name}: {student}: no grade")
                continue
            grades = {g.name: (g.score, g.max_score, g.needs_manual_grade) for n in submission.notebooks for g in n.grades}
            print(f"{name}: {student}: {submission.score:g} of {submission.max_score:g}: {json.dumps(grades)}", flush=True)
            assert not any(by_hand for _, _, by_hand in grades.values()), f"{name}: a person has to grade {grades}"
            lost = {check for check, (score, most, _) in grades.items() if score < most}
            assert lost == fails, f"{name}: {student} loses {lost}, want {fails}"
            assert os.path.getsize(feedback) > 0, f"{name}: {student} has no feedback"


def main():
    folder, config, *lessons = sys.argv[1:]
    # nbgrader starts alembic by its name.
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    os.makedirs(folder)
    shutil.copy(config, os.path.join(folder, "nbgrader_config.py"))
    with_checks = [lesson for lesson in lessons if any(c["metadata"]["nbgrader"]["grade"] for c in graded(read(lesson)).values())]
    assert with_checks, "no lesson has a check"
    for lesson in with_checks:
        grade(folder, lesson)


main()
