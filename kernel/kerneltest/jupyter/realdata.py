"""The main job on real photographs with real weights: what transfer learning is worth, told by the kernel itself.

HEADSTART_SHARED names the folder that has the photographs and the weights.
"""

import os
import unittest

from survival import Kernel
from transfer import RUN

DATA = os.path.join(os.environ["HEADSTART_SHARED"], "data")
IMAGENET = os.path.join(DATA, "resnet50-caffe-partial/resnet50_caffe_partial.safetensors")


class RealDataTests(unittest.TestCase):
    def setUp(self):
        self.kernel = Kernel()
        self.addCleanup(self.kernel.close)

    def run_ok(self, code):
        reply, published = self.kernel.run(code)
        self.assertEqual(reply["status"], "ok", reply)
        return published

    def train(self, model):
        """Trains the classic head on a backbone and returns the best validation accuracy."""
        self.run_ok(model)
        published = self.run_ok("%train --epochs 10 --seed 42")
        runs = [content["data"][RUN] for kind, content in published if kind == "update_display_data" and RUN in content["data"]]
        self.assertEqual(runs[-1]["state"], "done")
        return runs[-1]["val_accuracy"]

    def test_pretrained_weights_win(self):
        self.run_ok(f"%dataset load {DATA}/trashnet-6c/data --name trash --seed 42")
        pretrained = self.train(f"%model resnet50 --weights {IMAGENET} --cut conv4 --variant v1")
        random = self.train("%model resnet50 --weights random --cut conv4 --variant v1")
        print(f"real data: pretrained={pretrained:.3f} random={random:.3f}", flush=True)
        self.assertGreaterEqual(pretrained, random + 0.10)

    def test_ten_classes(self):
        """The job of the Keras tutorial: ten classes, images resized to their nearest pixels."""
        self.run_ok(f"%dataset load {DATA}/signdigits-10c/data --name digits --seed 42 --resize nearest")
        accuracy = self.train(f"%model resnet50 --weights {IMAGENET} --cut conv4 --variant v1 --pool avg")
        print(f"ten classes: val_accuracy={accuracy:.3f}", flush=True)
        self.assertGreater(accuracy, 0.5)  # chance is 0.1


if __name__ == "__main__":
    unittest.main(verbosity=2)
