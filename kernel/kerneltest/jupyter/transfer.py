"""What a client on real sockets sees of the magics of transfer learning, on small images and a random backbone."""

import json
import os
import pathlib
import random
import re
import signal
import socket
import struct
import tempfile
import time
import unittest
import zlib

from survival import PATIENCE, Kernel, alive, descendants, text

RUN = "application/vnd.headstart.run+json"
LOAD = "%dataset load images --size 32"
MODEL = "%model resnet50 --weights random --cut conv2"
ENDLESS = "%train --epochs 100000"
PARTIAL = os.path.join(os.environ.get("HEADSTART_SHARED", ""), "data/resnet50-caffe-partial/resnet50_caffe_partial.safetensors")


def write_png(path, color, chance, side=40, block=5):
    """Writes blocks of a color, each of a random brightness: near copies would all go to one split."""
    bright = [[chance.random() for _ in range(side // block)] for _ in range(side // block)]
    pixel = lambda x, y: bytes(int(c * bright[y // block][x // block]) for c in color)
    rows = b"".join(b"\0" + b"".join(pixel(x, y) for x in range(side)) for y in range(side))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
            file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


def write_classes(root):
    chance = random.Random(root)
    for name, color in (("red", (255, 30, 30)), ("green", (30, 255, 30)), ("blue", (30, 30, 255))):
        folder = pathlib.Path(root, name)
        folder.mkdir(parents=True)
        for i in range(12):
            write_png(folder / f"{i}.png", color, chance)


def setUpModule():
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    unittest.addModuleCleanup(os.chdir, os.getcwd())
    os.chdir(folder.name)
    for name in ("images", "half-empty", "spoilt"):
        write_classes(name)
    pathlib.Path("half-empty", "yellow").mkdir()
    pathlib.Path("spoilt", "red", "note.png").write_text("no image")
    pathlib.Path("note.jpg").write_text("no image")
    pathlib.Path("keras.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    pathlib.Path("bare").mkdir()


class TransferTestCase(unittest.TestCase):
    cells = ()  # that every test begins with

    def setUp(self):
        self.kernel = Kernel()
        self.addCleanup(self.kernel.close)
        for cell in self.cells:
            self.run_ok(cell)

    def run_ok(self, code):
        reply, published = self.kernel.run(code)
        self.assertEqual(reply["status"], "ok", reply)
        return published

    def assertOneError(self, outcome, *wanted):
        """The cell has ended with one error that holds the texts."""
        reply, published = outcome
        self.assertEqual(reply["status"], "error", published)
        self.assertEqual([kind for kind, _ in published].count("error"), 1)
        for part in wanted:
            self.assertIn(part, reply["evalue"])

    def start_endless_training(self):
        """Starts a training that only an interrupt ends, and returns its request after the first epoch."""
        request = self.kernel.client.execute(ENDLESS)
        while True:
            message = self.kernel.client.get_iopub_msg(timeout=PATIENCE)
            run = message["content"].get("data", {}).get(RUN)
            if run and message["parent_header"].get("msg_id") == request and run["epoch"] > 0:
                return request

    def assertAllGone(self, pids):
        end = time.time() + PATIENCE
        while time.time() < end and any(map(alive, pids)):
            time.sleep(0.05)
        self.assertEqual([pid for pid in pids if alive(pid)], [])


class BadInputTests(TransferTestCase):
    def refused(self, *cases):
        for code, *wanted in cases:
            with self.subTest(code):
                outcome = self.kernel.run(code)
                self.assertOneError(outcome, *wanted)
                self.assertEqual([kind for kind, _ in outcome[1] if "display" in kind], [], "something was shown before the error")
                self.run_ok("%runs")

    def test_what_cannot_be_read(self):
        self.refused(
            ("%trian", "there is no magic %trian: did you mean %train?"),
            ("%dataset lod images", "did you mean %dataset load?"),
            ("%train", "there is no dataset yet: load a folder with %dataset load DIR"),
            ("%evaluate", "there is no model yet: build one with %model resnet50"),
            ("%train --epoch 3", "unknown flag: --epoch; did you mean --epochs? %train --help shows its flags"),
            ("%train --epochs many", 'invalid argument "many" for "--epochs" flag'),
            ("%dataset load nowhere", "load images from nowhere: no such file or directory", os.getcwd()),
            ("%dataset load bare", "put the images of each class into a folder named after the class"),
            ("%dataset load note.jpg", "it is a file: give a folder"),
            ("%model resnet50 --weights keras.h5", "only safetensors files and checkpoints of PyTorch are read; convert it with: python -P -c", "keras.safetensors"),
            ("%model resnet50 --weights nowhere.safetensors", "open weights nowhere.safetensors: file does not exist"),
            ("%model resnet50 --weights note.jpg", "open weights note.jpg"),
            ("%model resnet50 --cut conv9", "must be one of auto, conv1, conv2, conv3, conv4, conv5"),
            ("%model resnet20", 'unknown model architecture "resnet20"', "resnet18", "resnet50"),
            ("%model resnet18", "open weights imagenet: they are of a ResNet50 and not of a ResNet18"),
            (MODEL + " --head dense:many", 'head "dense:many"'),
        )
        self.run_ok(LOAD)
        self.refused(("%train", "there is no model yet: build one with %model resnet50"))
        self.run_ok(MODEL)
        self.refused(
            ("%predict note.jpg", "the model resnet50 has no trained head yet: run %train --model resnet50 first"),
            ("%train --epochs 0", "epochs must be at least 1, got 0 (--epochs)"),
            ("%train --lr -1", "learning rate must be at least 1e-12, got -1 (--lr)"),
            ("%train --augment spin", 'an augmentation must be one of flip'),
            ("%train --class-weights pink=3", "class weights must name classes of the dataset, which are blue, green, red; got \"pink\""),
            ("%train --dataset other", 'unknown dataset "other", have images'),
            ("%train --optimizer sdg", "did you mean sgd?"),
        )
        self.run_ok("%train --epochs 1")
        self.refused(
            ("%predict note.jpg", "note.jpg: not an image: JPEG, PNG"),
            ("%predict nowhere.jpg", "predict: read nowhere.jpg: no such file or folder"),
            ("%predict @test", "the subset has no images; --val and --test say how many it gets"),
            ("%evaluate --split test", "the subset has no images; --val and --test say how many it gets"),
        )
        self.assertEqual(text(self.run_ok('%%\nfmt.Println("works")')), "works\n")

    @unittest.skipUnless(os.path.exists(PARTIAL), "needs data: the partial ImageNet weights in shared/data")
    def test_weights_that_lack_tensors(self):
        missing = [f"conv5_block{block}_{conv}_conv/kernel" for block, convs in ((1, "023"), (2, "123"), (3, "123")) for conv in convs]
        self.refused((f"%model resnet50 --weights {PARTIAL}", "9 tensors are missing", "cut at conv4", *missing))
        self.refused(("%evaluate", "there is no model yet"))  # nothing was silently made random
        self.run_ok(f"%model resnet50 --weights {PARTIAL} --cut conv4 --variant v1")

    def test_an_empty_class(self):
        published = self.run_ok("%dataset load half-empty --size 32")
        self.assertIn("yellow", text(published, "stderr"))
        self.assertIn("Add images, or remove the folder.", text(published, "stderr"))
        self.run_ok(MODEL)
        self.run_ok("%train --epochs 1")

    def test_a_file_that_is_no_image(self):
        published = self.run_ok("%dataset load spoilt --size 32")
        self.assertIn("36 images in 3 classes: 30 to train, 6 to validate; 1 file skipped", text(published))
        aside = [c["data"]["text/plain"] for kind, c in published if kind == "display_data"][-1]
        self.assertIn("red/note.png", aside)
        self.assertIn("not an image", aside)


class CutShortTests(TransferTestCase):
    cells = (LOAD, MODEL)

    def test_an_interrupt_keeps_the_best_model(self):
        request = self.start_endless_training()
        before = time.time()
        self.kernel.control("interrupt_request")
        outcome = self.kernel.outcome(request)
        self.assertLess(time.time() - before, PATIENCE / 2)
        self.assertOneError(outcome, "training stopped in epoch", "of 100000: the best model (epoch ", ") is kept")
        self.assertEqual(outcome[0]["ename"], "KeyboardInterrupt")
        last = [c["data"][RUN] for kind, c in outcome[1] if kind == "update_display_data" and RUN in c["data"]][-1]
        self.assertEqual(last["state"], "stopped")
        self.assertIn("resnet50 on 6 images: accuracy", text(self.run_ok("%evaluate")))

    def test_the_plugin_is_killed(self):
        request = self.start_endless_training()
        os.kill(self.kernel.await_descendants("headstart-transfer"), signal.SIGKILL)
        self.assertOneError(self.kernel.outcome(request), "%train: its plugin transfer has ended in the middle of the cell (signal: killed)")
        self.assertOneError(self.kernel.run("%evaluate"), "there is no model yet")
        for cell in (LOAD, MODEL, "%train --epochs 1", '%%\nfmt.Println("works")'):
            self.run_ok(cell)


class LeftoverTests(TransferTestCase):
    cells = ('%%\nfmt.Println("a Go cell")', LOAD, MODEL)

    def family(self):
        """Everything that a session with Go cells and a training that is under way has started."""
        self.start_endless_training()
        for name in ("gonb", "gopls", "headstart-transfer"):
            self.kernel.await_descendants(name)
        return descendants(self.kernel.pid) | {self.kernel.pid}

    def test_nothing_is_left_after_shutdown(self):
        family = self.family()
        self.kernel.manager.shutdown_kernel()
        self.assertAllGone(family)

    def test_nothing_is_left_after_kill(self):
        family = self.family()
        os.kill(self.kernel.pid, signal.SIGKILL)
        self.assertAllGone(family)


class OutlivingTests(TransferTestCase):
    cells = (LOAD, MODEL)

    def train_in_background(self, run, flags=""):
        self.run_ok(f"{ENDLESS} --background --run {run} {flags}")
        self.addCleanup(lambda: alive(worker) and os.kill(worker, signal.SIGKILL))
        worker = self.kernel.await_descendants("headstart-transfer")
        return worker

    def state(self, name):
        """The run's state as %runs tells it, after one more of its epochs where it goes on."""
        seen = lambda: next(run for run in json.loads(text(self.run_ok("%runs --json"))) if run["id"] == name)
        first, end = seen(), time.time() + PATIENCE
        while time.time() < end:
            now = seen()
            if now["state"] != "running" or now["epoch"] > first["epoch"]:
                return now["state"]
        self.fail(f"the run stands still at {now}")

    def next_kernel(self):
        self.kernel = Kernel()
        self.addCleanup(self.kernel.close)

    def test_a_background_run_outlives_its_kernels(self):
        worker = self.train_in_background("kept")
        self.assertEqual(self.state("kept"), "running")
        self.kernel.manager.restart_kernel()
        self.kernel.client.wait_for_ready(timeout=PATIENCE)
        self.kernel.pid = self.kernel.manager.provisioner.pid
        self.assertEqual(self.state("kept"), "running")
        os.kill(self.kernel.pid, signal.SIGKILL)
        self.next_kernel()
        self.assertEqual(self.state("kept"), "running")

        folder = text(self.run_ok('import "os"\n%%\nfmt.Print(os.Getenv("HEADSTART_RUNTIME_DIR"))'))
        with socket.socket(socket.AF_UNIX) as warm:
            warm.connect(os.path.join(folder, "transfer.sock"))  # where Go cells of the new kernel find the warm models

        following = self.run_ok("%attach kept --stop")
        states = [c["data"][RUN] for kind, c in following if "display_data" in kind and RUN in c["data"]]
        self.assertEqual((states[0]["state"], states[-1]["state"]), ("running", "stopped"))
        self.assertIn("resnet50 on 6 images: accuracy", text(self.run_ok("%evaluate")))
        self.kernel.manager.shutdown_kernel()
        self.assertAllGone([worker])

    def test_a_run_that_is_tied_to_its_kernel(self):
        worker = self.train_in_background("tied", "--outlive=false")
        self.assertEqual(self.state("tied"), "running")
        os.kill(self.kernel.pid, signal.SIGKILL)
        self.assertAllGone([worker])
        self.next_kernel()
        self.assertNotEqual(self.state("tied"), "running")


class OutputTests(TransferTestCase):
    def figures(self, published):
        """The figures of a cell, each of which has a PNG and a text."""
        return self.checked(c["data"] for kind, c in published if kind == "display_data")

    def curves(self, published):
        """The states of a run's figure after the first; before the first epoch a bar of text may stand there."""
        updates = [c["data"] for kind, c in published if kind == "update_display_data"]
        return self.checked(data for data in updates if RUN in data)

    def checked(self, figures):
        shown = list(figures)
        for data in shown:
            self.assertTrue(data["image/png"].startswith("iVBOR"), sorted(data))
            self.assertTrue(data["text/plain"].strip())
        return shown

    def test_the_main_job(self):
        write_classes("job")  # images that no other test has computed the features of
        dataset = self.run_ok("%dataset load job --size 32")
        counts, grid = self.figures(dataset)
        self.assertIn("job: 36 images in 3 classes: 30 to train, 6 to validate", text(dataset))
        self.assertRegex(counts["text/plain"], r"blue +10 +2")
        self.assertIn("18 of 36 images", grid["text/plain"])

        (layers,) = self.figures(self.run_ok(MODEL))
        for wanted in ("conv2", "dense:256:relu", "dense:3", "trainable 66,563 · frozen 229,760", "untrained backbone"):
            self.assertIn(wanted, layers["text/plain"])

        training = self.run_ok("%train --epochs 4")
        self.assertIn("features: 36 computed, 0 from cache", text(training))
        live, epochs = self.figures(training)
        updates = self.curves(training)
        ids = {c["transient"]["display_id"] for k, c in training if k == "update_display_data"}
        self.assertEqual(ids, {next(c["transient"]["display_id"] for k, c in training if k == "display_data")})
        self.assertEqual(live[RUN]["state"], "running")
        run = updates[-1][RUN]
        self.assertEqual(
            (run["state"], run["epoch"], run["epochs"], run["images"], run["backend"]), ("done", 4, 4, 36, "xla:cpu")
        )
        self.assertEqual(run["val_accuracy"], run["metrics"]["val_accuracy"])
        self.assertEqual([len(s["values"]) for s in run["series"]], [4, 4, 4, 4])
        self.assertIn("val accuracy", epochs["text/plain"])

        again = self.run_ok("%train --epochs 4")
        self.assertIn("features: 0 computed, 36 from cache", text(again))
        repeated = self.curves(again)[-1][RUN]
        self.assertEqual(repeated["series"], run["series"], "the same seed gives the same numbers")

        confusion, *others = self.figures(self.run_ok("%evaluate"))
        self.assertIn("confusion matrix", confusion["text/plain"])
        self.assertIn("precision", others[0]["text/plain"])
        (predictions,) = self.figures(self.run_ok("%predict job/red/0.png @val"))
        self.assertEqual(len(re.findall(r"\d %", predictions["text/plain"])), 7 * 3)

    def test_help(self):
        listed = next(c["data"] for kind, c in self.run_ok("%help") if kind == "display_data")["text/plain"]
        for name in ("dataset", "model", "train", "evaluate", "predict", "explain", "tune", "save", "load", "verify", "device"):
            self.assertIn(f"%{name} ", listed)
        for magic, flags in {
            "dataset load": "name val test size seed follow-split",
            "dataset sample": "classes per-class",
            "model": "weights cut pool head preprocess name",
            "train": "epochs lr batch optimizer augment early-stop unfreeze background seed",
            "evaluate": "split dir",
            "predict": "top limit",
        }.items():
            told = next(c["data"] for kind, c in self.run_ok(f"%{magic} --help") if kind == "display_data")["text/plain"]
            for flag in flags.split():
                self.assertRegex(told, rf"\n +--{flag}\b")


if __name__ == "__main__":
    unittest.main(verbosity=2)
