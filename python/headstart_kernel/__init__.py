"""Starts the programs of Headstart, a Go kernel for Jupyter, where pip put them.

This module only finds things and sets the environment; everything else is in the programs.
"""

import importlib.util
import os
import shutil
import sys

# How a front end that was started from a menu or a service leaves PATH.
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"


def installation():
    """The folder of the programs: lib/headstart below the prefix that this package was installed into."""
    folder = os.path.dirname(os.path.abspath(__file__))
    while True:
        found = os.path.join(folder, "lib", "headstart")
        if os.path.isfile(os.path.join(found, "wheel.json")):
            return found
        parent = os.path.dirname(folder)
        if parent == folder:
            raise SystemExit(
                "headstart: find lib/headstart beside the Python package headstart_kernel: it is missing;"
                " run pip install --force-reinstall headstart_kernel"
            )
        folder = parent


def package_folder(name, *inside):
    """A folder of an installed package that has the file, or None. The package is not imported."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.origin:
        return None
    folder = os.path.dirname(spec.origin)
    return folder if os.path.isfile(os.path.join(folder, *inside)) else None


def environment(base, root):
    """The environment of the programs: base, with what it does not say."""
    env = dict(base)
    folders = [os.path.join(root, "bin")]
    go = package_folder("go", "bin", "go")
    if go:
        folders.append(os.path.join(go, "bin"))
    env["PATH"] = os.pathsep.join([*folders, env.get("PATH") or DEFAULT_PATH])
    env.setdefault("HEADSTART_SRC", os.path.join(root, "src"))
    env["HEADSTART_LAUNCHER_PYTHON"] = sys.executable
    plugin = package_folder("lammps_jax_pjrt_cpu", "pjrt_c_api_cpu_plugin.so")
    if plugin:
        env.setdefault("PJRT_PLUGIN_LIBRARY_PATH", plugin)
    zig = package_folder("ziglang", "zig")
    # The compiler of the machine knows the machine's libraries, so that it comes first.
    if zig and not any(shutil.which(name, path=env["PATH"]) for name in (env.get("CC"), "gcc", "clang") if name):
        env["HEADSTART_ZIG"] = os.path.join(zig, "zig")
        env["CC"] = os.path.join(root, "libexec", "zig-cc")
    return env


def run(arguments):
    """Becomes the program headstart, so that signals and exit status are its own."""
    root = installation()
    program = os.path.join(root, "bin", "headstart")
    try:
        os.execve(program, [program, *arguments], environment(os.environ, root))
    except OSError as error:
        raise SystemExit(f"headstart: start {program}: {error.strerror}; run pip install --force-reinstall headstart_kernel")
