"""Settings of a JupyterHub on one machine, for a class with Headstart.

The Littlest JupyterHub reads it from /opt/tljh/config/jupyterhub_config.d/; another JupyterHub by
load_subconfig("/path/to/headstart.py") in its jupyterhub_config.py. README.md beside this file has the steps.
"""

import os

c = get_config()  # noqa: F821

# What one student may take. docs/instructor.md has the measurements behind these figures. A spawner that cannot limit, such as
# LocalProcessSpawner, ignores them.
c.Spawner.mem_limit = "2G"
c.Spawner.cpu_limit = 2.0

c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = 120  # seconds

# Features of the class's images, computed once by whoever teaches, for all to read.
SHARED_FEATURES = os.environ.get("CLASS_FEATURES", "/srv/class/state/cache/features")
if os.path.isdir(SHARED_FEATURES):
    c.Spawner.environment.update({"HEADSTART_SHARED_FEATURES": SHARED_FEATURES})
