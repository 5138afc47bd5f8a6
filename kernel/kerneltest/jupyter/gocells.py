"""What a client on real sockets sees of Go cells that import nbhelpers and models."""

import json
import os
import shutil
import signal
import unittest

from survival import PATIENCE, Kernel, alive, descendants, text

PRELUDE = """
import (
	"context"
	"fmt"
	"image"

	"github.com/headstart-nb/headstart/nbhelpers"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

var ctx = context.Background()

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func paint() image.Image { return image.NewRGBA(image.Rect(0, 0, 40, 30)) }
"""

MODULE = "github.com/headstart-nb/headstart"
PNG, VEGA, HTML = "image/png", "application/vnd.vegalite.v5+json", "text/html"


class CellTestCase(unittest.TestCase):
    magics = ()  # that run before all tests

    @classmethod
    def setUpClass(cls):
        cls.start(Kernel(), PRELUDE, *cls.magics)

    @classmethod
    def start(cls, kernel, *cells):
        cls.kernel = kernel
        cls.addClassCleanup(kernel.close)
        for cell in cells:
            reply, published = kernel.run(cell)
            assert reply["status"] == "ok", (cell, reply, text(published, "stderr"))

    def run_ok(self, code):
        return self.ok(*self.kernel.run(code))

    def ok(self, reply, published):
        self.assertEqual(reply["status"], "ok", reply)
        self.assertEqual(text(published, "stderr"), "")
        return published

    def go(self, body):
        return self.run_ok("%%\n" + body)

    def shown(self, published):
        return [content for kind, content in published if kind in ("display_data", "update_display_data")]


class ShowTests(CellTestCase):
    drawn = {PNG}  # what a drawing adds, though no magic has started the model server
    no_model = "it is not running yet; a magic such as %model"

    def test_values_in_their_forms(self):
        published = self.go("""
            check(nbhelpers.Show(paint()))
            check(nbhelpers.Show(nbhelpers.Markdown("**bold**")))
            check(nbhelpers.Show(nbhelpers.HTML("<b>bold</b>")))
            check(nbhelpers.Show([]struct{ Name string; Fraction float64 }{{"<one>", 2.0 / 3}}))
            check(nbhelpers.Table([]string{"class", "images"}, []string{"cat", "12"}))
            check(nbhelpers.Grid("pets", nbhelpers.Image{Image: paint(), Title: "cat"}))""")
        data = [content["data"] for content in self.shown(published)]
        forms = [{PNG}, {"text/markdown"}, {HTML}, {HTML}, {HTML}, {HTML} | self.drawn]
        self.assertEqual([set(d) for d in data], [form | {"text/plain"} for form in forms])
        self.assertEqual([data[0]["text/plain"], data[1]["text/markdown"], data[2][HTML]],
                         ["image of 40 x 30 pixels", "**bold**", "<b>bold</b>"])
        self.assertIn("&lt;one&gt;", data[3][HTML])
        self.assertIn("0.6667", data[3]["text/plain"])

    def one_output(self, published):
        """Returns the states of the only output, which is shown once and then updated."""
        kinds = [kind for kind, _ in published if kind not in ("status", "execute_input")]
        self.assertEqual((kinds[0], set(kinds[1:])), ("display_data", {"update_display_data"}))
        states = self.shown(published)
        self.assertEqual(len({state["transient"]["display_id"] for state in states}), 1)
        return [state["data"] for state in states]

    def test_progress_changes_in_place(self):
        states = self.one_output(self.go("""
            bar := nbhelpers.Progress("reading", 40)
            for range 40 {
                time.Sleep(20 * time.Millisecond)
                check(bar.Add(1))
            }
            check(bar.Close())"""))
        self.assertIn("1/40", states[0]["text/plain"])
        self.assertRegex(states[-1]["text/plain"], r"^reading: 40 in ")
        self.assertLess(len(states), 40)

    def test_curves_change_in_place(self):
        states = self.one_output(self.go("""
            curves := nbhelpers.Curves("my loop", 3)
            for i := range 3 {
                curves.Add("loss", "train", 1/float64(i+1))
                check(curves.Step())
            }
            check(curves.Close())"""))
        self.assertEqual({frozenset(state) for state in states[:-1]}, {frozenset({VEGA, "text/plain"})})
        self.assertEqual(set(states[-1]), {VEGA, "text/plain"} | self.drawn)
        self.assertIn("running · epoch 1 of 3", states[0]["text/plain"])
        self.assertIn("done · epoch 3 of 3", states[-1]["text/plain"])

    def test_ask(self):
        request = self.kernel.client.execute('%%\nfmt.Println("hello", must(nbhelpers.Ask("who? ", true)))')
        asked = self.kernel.client.get_stdin_msg(timeout=PATIENCE)
        self.assertEqual(asked["content"], {"prompt": "who? ", "password": True})
        self.kernel.client.input("Ada")
        self.assertEqual(text(self.ok(*self.kernel.outcome(request))), "hello Ada\n")

    def test_without_a_model(self):
        published = self.go('_, err := nbhelpers.Classifier("").PredictImages(ctx, paint())\nfmt.Println(err)')
        self.assertIn(self.no_model, text(published))


class GoNBKernel(Kernel):
    def __init__(self):
        super().__init__(name="gonb")

    def close(self):
        """Ends its gopls as well, which GoNB leaves behind."""
        below = descendants(self.pid)
        super().close()
        for pid in filter(alive, below):
            os.kill(pid, signal.SIGKILL)


class PlainGoNBTests(ShowTests):
    """The same cells in GoNB's own kernel, with this module put in by hand."""

    drawn = set()
    no_model = "there is no model server: run this in a cell of a Headstart notebook"

    @classmethod
    def setUpClass(cls):
        folder = os.path.join(os.environ["JUPYTER_PATH"], "kernels", "gonb")
        os.makedirs(folder)
        for tool in ("gonb", "goimports", "gopls"):  # and no program of ours
            os.symlink(os.path.join(os.environ["HEADSTART_BIN"], tool), os.path.join(folder, tool))
        path = os.pathsep.join([folder, os.path.dirname(shutil.which("go")), os.defpath])
        with open(os.path.join(folder, "kernel.json"), "w") as file:
            json.dump({
                "argv": [os.path.join(folder, "gonb"), "--kernel", "{connection_file}"],
                "display_name": "GoNB",
                "language": "go",
                "env": {"GOPROXY": "off", "GOSUMDB": "off", "PATH": path},
            }, file)
        source = os.environ["HEADSTART_SRC"]
        cls.start(GoNBKernel(), f"!*go mod edit -require {MODULE}@v0.0.0 -replace {MODULE}={source}", PRELUDE)


class ModelTests(CellTestCase):
    magics = (
        "%dataset sample --classes 2 --per-class 8 --size 32",
        "%model resnet50 --weights random --cut conv2 --name shapes",
        "%train --epochs 2",
    )

    def test_the_model_answers(self):
        published = self.go("""
            model := nbhelpers.Classifier("shapes")
            predictions := must(model.PredictImages(ctx, paint(), paint()))
            fmt.Println(len(predictions), len(predictions[1].Top))
            features := must(model.FeaturesOfImages(ctx, paint(), paint()))
            fmt.Println(len(features), len(features[0]))
            check(nbhelpers.Show(predictions))
            check(nbhelpers.Show(must(model.EvaluateSplit(ctx, "val"))))
            check(nbhelpers.Show(must(model.ExplainImage(ctx, paint(), "stripes"))))
            fmt.Println(must(nbhelpers.Models(ctx))[0].Labels)""")
        self.assertEqual(text(published), "2 2\n2 256\n[circle stripes]\n")
        data = [content["data"] for content in self.shown(published)]
        self.assertEqual([set(d) for d in data], [{HTML, "text/plain"}, {HTML, "text/plain"}, {HTML, PNG, "text/plain"}])
        self.assertIn("shapes on val: accuracy", data[1]["text/plain"])
        self.assertIn("heat map of shapes for stripes", data[2]["text/plain"])

    def test_errors_say_what_to_do(self):
        published = self.go("""
            _, err := nbhelpers.Classifier("nobody").PredictImages(ctx, paint())
            fmt.Println(err)
            _, err = nbhelpers.Classifier("").PredictFiles(ctx, "/no/such.png")
            fmt.Println(err)""")
        self.assertIn('unknown model "nobody", have shapes', text(published))
        self.assertRegex(text(published), "/no/such.png: .*no such file")

    def test_values_go_both_ways(self):
        self.go('check(nbhelpers.Put(ctx, "batch", []image.Image{paint(), paint()}))\n'
                'check(nbhelpers.Put(ctx, "numbers", []float64{1, 2.5}))')
        for magic, title in (("%predict @batch", "predictions of shapes"), ("%explain @batch", "Grad-CAM of shapes")):
            (figure,) = self.shown(self.run_ok(magic))
            self.assertIn(title, figure["data"]["text/plain"])
        self.run_ok("%evaluate")
        published = self.go("""
            fmt.Println(must(nbhelpers.Get[[]float64](ctx, "numbers")))
            fmt.Println(must(nbhelpers.Get[[]image.Image](ctx, "batch"))[1].Bounds())
            fmt.Println(must(nbhelpers.Get[warm.Report](ctx, "last.report")).Model)
            fmt.Println(len(must(nbhelpers.Get[warm.PredictResult](ctx, "last.predictions")).Predictions))""")
        self.assertEqual(text(published), "[1 2.5]\n(0,0)-(40,30)\nshapes\n2\n")

    def test_the_server_draws(self):
        published = self.go("""
            curves := nbhelpers.Curves("my loop", 1)
            curves.Add("loss", "train", 1)
            check(curves.Step())
            check(curves.Close())
            check(nbhelpers.Grid("pets", nbhelpers.Image{Image: paint(), Title: "cat"}))""")
        _, curves, grid = self.shown(published)
        self.assertEqual(set(curves["data"]), {PNG, VEGA, "text/plain"})
        self.assertEqual(set(curves["metadata"][PNG]), {"width", "height"})
        self.assertEqual(set(grid["data"]), {HTML, PNG, "text/plain"})

    def test_a_training_in_go(self):
        published = self.run_ok("""
import "github.com/headstart-nb/headstart/models"

func main() {
	curves := nbhelpers.Curves("in Go", 3)
	session := must(models.Open(ctx, models.Options{Weights: "random", Cut: "conv2", Size: 32, Events: func(e models.Event) {
		if e.Epoch != nil {
			curves.Add("loss", "train", e.Epoch.Loss)
			check(curves.Step())
		}
	}}))
	defer session.Close()
	dataset := must(nbhelpers.Get[struct{ Root string }](ctx, "last.dataset"))
	data := must(session.Dataset(ctx, dataset.Root))
	recipe := models.DefaultRecipe()
	recipe.Epochs = 3
	model := must(session.Train(ctx, data, recipe))
	defer model.Close()
	check(curves.Close())
	fmt.Println(data.Classes, len(model.History), must(model.Evaluate(ctx, data, "val")).Images)
}""")
        self.assertRegex(text(published), r"^\[circle stripes\] 3 [1-9]\d*\n$")
        self.assertIn("done · epoch 3 of 3", self.shown(published)[-1]["data"]["text/plain"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
