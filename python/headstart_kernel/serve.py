"""Lets jupyter-server-proxy start a model server, so that JupyterLab's launcher shows it.

The server answers with the saved models below the folder that Jupyter was started in, or with those that HEADSTART_SERVE names
(folders, or NAME=FOLDER, with the separator of PATH between them).
"""

import os
import secrets
import sys

from headstart_kernel import environment, installation

# How deep saved models are looked for, and how many are served: each takes memory.
MAX_DEPTH = 3
MAX_MODELS = 8
# A loaded model is ready in seconds; a cold disk and a busy machine take longer.
TIMEOUT_S = 120


def saved_models(root):
    """The folders of saved models below root, the newest first."""
    found = []
    for folder, inside, files in os.walk(root):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        if "model.json" in files and "head.safetensors" in files:
            inside.clear()
            found.append((os.path.getmtime(os.path.join(folder, "model.json")), folder))
        elif os.path.relpath(folder, root).count(os.sep) + 1 >= MAX_DEPTH and folder != root:
            inside.clear()
    return [folder for _, folder in sorted(found, reverse=True)[:MAX_MODELS]]


def named(folders):
    """NAME=FOLDER for each: two folders may have the same name."""
    arguments, seen = [], set()
    for folder in folders:
        base = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in os.path.basename(folder)).lstrip("._-") or "model"
        name, number = base, 2
        while name in seen:
            name, number = f"{base}-{number}", number + 1
        seen.add(name)
        arguments.append(f"{name}={folder}")
    return arguments


def literal(text):
    """The text as jupyter-server-proxy leaves it: it takes what stands in braces for a field of its own."""
    return text.replace("{", "{{").replace("}", "}}")


def command(port):
    """The command that serves on a port. Without a model it says so, and ends."""
    given = [name for name in os.environ.get("HEADSTART_SERVE", "").split(os.pathsep) if name]
    models = given or named(saved_models(os.getcwd()))
    if not models:
        text = f"headstart: serve models: there is none below {os.getcwd()}: save one with %save DIR, or name it in HEADSTART_SERVE"
        return [sys.executable, "-P", "-c", "import sys; sys.exit(sys.argv[1])", literal(text)]
    program = os.path.join(installation(), "bin", "headstart")
    return [literal(word) for word in (program, "serve", "--port", str(port), "--no-grpc", "--", *models)]


def setup_serve():
    """The entry point of jupyter-server-proxy."""
    token = secrets.token_urlsafe()
    env = {name: literal(value) for name, value in environment(os.environ, installation()).items() if os.environ.get(name) != value}
    return {
        "command": command,
        # Other users of the machine reach the port as well: only what comes through Jupyter has the token.
        "environment": {**env, "HEADSTART_SERVE_TOKEN": token},
        "request_headers_override": {"Authorization": "Bearer " + token},
        "timeout": TIMEOUT_S,
        "absolute_url": False,
        "launcher_entry": {"title": "Headstart models", "category": "Notebook"},
    }
