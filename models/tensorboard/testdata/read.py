"""Prints what TensorBoard's own reader finds in an event file (needs tensorboard): python read.py events.golden > events.json"""

import json
import sys

from tensorboard.backend.event_processing import event_file_loader
from tensorboard.plugins.hparams import metadata, plugin_data_pb2
from tensorboard.util import tensor_util

found = []
for event in event_file_loader.EventFileLoader(sys.argv[1]).Load():
    if event.file_version:
        found.append({"version": event.file_version, "time": event.wall_time})
    for value in event.summary.value:
        one = {"tag": value.tag, "step": event.step, "time": event.wall_time}
        if value.metadata.plugin_data.plugin_name == "hparams":
            data = plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)
            start = data.session_start_info
            one["group"] = start.group_name
            one["parameters"] = {k: getattr(v, v.WhichOneof("kind")) for k, v in sorted(start.hparams.items())}
            one["status"] = data.session_end_info.status
        elif value.metadata.plugin_data.plugin_name == "text":
            one["plugin"] = "text"
            one["text"] = tensor_util.make_ndarray(value.tensor).ravel()[0].decode()
        else:
            one["plugin"] = value.metadata.plugin_data.plugin_name
            one["value"] = float(tensor_util.make_ndarray(value.tensor))
        found.append(one)
print(json.dumps(found, indent=1))
