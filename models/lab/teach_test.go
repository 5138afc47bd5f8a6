package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/headstart-nb/headstart/internal/testfile"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/models/lab/teaching"
)

// files are images of a class of photos.
func files(dir, class string, from, to int) []input.Image {
	var list []input.Image
	for i := from; i < to; i++ {
		name := fmt.Sprintf("%d.png", i)
		list = append(list, input.Image{Name: name, File: filepath.Join(dir, class, name)})
	}
	return list
}

func teach(t *testing.T, l *Lab, class string, images ...input.Image) *teaching.Taught {
	t.Helper()
	said, err := l.Teach(t.Context(), TeachOptions{Class: class, Images: images})
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// Every image changes what is predicted, at once and without a training.
func TestTeachByAddingImages(t *testing.T) {
	home, dir := t.TempDir(), photos(t, 16)
	l := prepared(t, home, dir)
	if _, err := l.Taught(""); !errors.As(err, new(*teaching.NothingTaughtError)) {
		t.Errorf("before the first image: %v", err)
	}
	if said := teach(t, l, "red", files(dir, "red", 0, 1)...); said.Ready || said.Images != 1 || said.Added != 1 || said.Model != TaughtName {
		t.Errorf("after one image it is %+v", said)
	}
	if _, err := l.Trained(t.Context(), Ref{}); !errors.As(err, new(*teaching.FewClassesError)) {
		t.Errorf("with one class: %v", err)
	}
	said := teach(t, l, "blue", files(dir, "blue", 0, 1)...)
	if !said.Ready || len(said.Classes) != 2 || said.Classes[0] != (teaching.Class{Name: "red", Images: 1}) {
		t.Errorf("after two images it is %+v", said)
	}
	red := filepath.Join(dir, "red", "9.png")
	first := predicted(t, l, Ref{}, red)
	if first <= 0.5 || first > 0.9999 {
		t.Errorf("from an image each, the probability of red is %g", first)
	}
	// The same model, changed in place: no new network is compiled.
	before, err := l.Trained(t.Context(), Ref{})
	if err != nil {
		t.Fatal(err)
	}
	said = teach(t, l, "red", files(dir, "red", 0, 6)...)
	if said.Added != 5 || said.Images != 7 { // the first is known
		t.Errorf("after six images, one of them known, it is %+v", said)
	}
	teach(t, l, "blue", files(dir, "blue", 1, 6)...)
	after, err := l.Trained(t.Context(), Ref{})
	if err != nil || !after.Model.Shares(before.Model) || len(after.Model.Provenance.Files) != 12 || len(before.Model.Provenance.Files) != 2 {
		t.Errorf("the model was made anew, or says %+v: %v", after, err)
	}
	if got := predicted(t, l, Ref{}, red); got == first || got <= 0.5 {
		t.Errorf("after more images the probability of red is %g, and it was %g", got, first)
	}
	e, err := l.Evaluate(t.Context(), Ref{}, EvaluateOptions{Split: imagefolder.Val})
	if err != nil || e.Report.Accuracy < 0.9 {
		t.Errorf("evaluated, it is %+v: %v", e, err)
	}
	now, err := l.Taught("")
	if err != nil || now.Accuracy == nil || *now.Accuracy < 0.9 || now.Interval.High < *now.Accuracy {
		t.Errorf("judged by the other images it is %+v, %v", now, err)
	}
}

// endingSoon is a context that ends when it was asked so often whether it has.
type endingSoon struct {
	context.Context
	left int
}

func (c *endingSoon) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// An image that moves to another class is not lost where the call is interrupted while the features of others are computed.
func TestAnInterruptedMoveLosesNoImage(t *testing.T) {
	dir := photos(t, 12)
	l := prepared(t, t.TempDir(), dir)
	teach(t, l, "red", files(dir, "red", 0, 4)...)
	teach(t, l, "blue", files(dir, "blue", 0, 2)...)
	ended := 0
	for n := range 30 {
		ctx := &endingSoon{t.Context(), n}
		_, err := l.Teach(ctx, TeachOptions{Class: "blue", Images: append(files(dir, "red", 3, 4), files(dir, "blue", 2, 6)...)})
		if err == nil {
			break
		}
		ended++
		if said, err := l.Taught(""); err != nil || said.Images != 6 || said.Classes[0].Images != 4 {
			t.Fatalf("interrupted after %d looks it is %+v, %v", n, said, err)
		}
	}
	if said, err := l.Taught(""); err != nil || ended == 0 || said.Images != 10 || said.Classes[0].Images != 3 {
		t.Errorf("interrupted %d times and then not, it is %+v, %v", ended, said, err)
	}
}

// What was wrong is taken back: a call, a class, or an image that belongs to another class.
func TestTeachingIsTakenBack(t *testing.T) {
	dir := photos(t, 12)
	l := prepared(t, t.TempDir(), dir)
	teach(t, l, "red", files(dir, "red", 0, 4)...)
	teach(t, l, "blue", files(dir, "blue", 0, 4)...)
	want := predicted(t, l, Ref{}, filepath.Join(dir, "red", "9.png"))
	teach(t, l, "green", files(dir, "red", 5, 8)...)
	said, err := l.Unteach(t.Context(), "", "")
	if err != nil || said.Images != 8 || len(said.Classes) != 2 {
		t.Fatalf("taken back it is %+v, %v", said, err)
	}
	teach(t, l, "red", files(dir, "blue", 6, 7)...) // wrong, and then right
	if said := teach(t, l, "blue", files(dir, "blue", 6, 7)...); said.Moved != 1 || said.Classes[0].Images != 4 || said.Classes[1].Images != 5 {
		t.Errorf("a moved image: %+v", said)
	}
	if _, err := l.Unteach(t.Context(), "", ""); err != nil {
		t.Fatal(err)
	}
	if got := predicted(t, l, Ref{}, filepath.Join(dir, "red", "9.png")); got < want-1e-5 || got > want+1e-5 {
		t.Errorf("after all was taken back the probability is %g, and it was %g", got, want)
	}
	if said, err := l.Unteach(t.Context(), "", "blue"); err != nil || said.Ready || len(said.Classes) != 1 {
		t.Errorf("without a class: %+v, %v", said, err)
	}
	if _, err := l.Trained(t.Context(), Ref{}); !errors.As(err, new(*teaching.FewClassesError)) {
		t.Errorf("with one class left: %v", err)
	}
	if _, err := l.Unteach(t.Context(), "", "blau"); !errors.As(err, new(*named.NotFoundError)) {
		t.Errorf("an unknown class: %v", err)
	}
	if err := l.ForgetTaught(""); err != nil {
		t.Error(err)
	}
	if _, err := l.Taught(""); err == nil {
		t.Error("it was forgotten and is there")
	}
}

// A taught model is saved, loaded and predicts the same; what it cannot do says so.
func TestATaughtModelIsSaved(t *testing.T) {
	dir := photos(t, 12)
	l := prepared(t, t.TempDir(), dir)
	teach(t, l, "red", files(dir, "red", 0, 4)...)
	teach(t, l, "blue", files(dir, "blue", 0, 4)...)
	red := filepath.Join(dir, "red", "9.png")
	want := predicted(t, l, Ref{}, red)
	trained, err := l.Trained(t.Context(), Ref{})
	if err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(t.TempDir(), "model")
	if err := trained.Model.Save(saved, classifier.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	if card, err := os.ReadFile(filepath.Join(saved, "README.md")); err != nil || !strings.Contains(string(card), "taught 8 images") || strings.Contains(string(card), "headstart verify") {
		t.Errorf("its card is %s, %v", card, err)
	}
	if _, _, err := l.Verify(t.Context(), "", classifier.VerifyOptions{}); !errors.Is(err, classifier.ErrTaught) {
		t.Errorf("verified: %v", err)
	}
	if _, err := l.LoadModel(t.Context(), saved, "loaded", ""); err != nil {
		t.Fatal(err)
	}
	if got := predicted(t, l, Ref{}, red); got != want {
		t.Errorf("loaded, the probability is %g, and it was %g", got, want)
	}
	if _, err := l.Teach(t.Context(), TeachOptions{Model: "loaded", Class: "red", Images: files(dir, "red", 5, 6)}); !errors.As(err, new(*teaching.NotTaughtError)) {
		t.Errorf("a loaded model was taught: %v", err)
	}
}

// A model in a folder is taught on, with one class and with more, as if it had never left the memory.
func TestASavedModelIsTaughtOn(t *testing.T) {
	home, dir := t.TempDir(), photos(t, 12)
	once := prepared(t, home, dir)
	red := filepath.Join(dir, "red", "9.png")
	teach(t, once, "red", files(dir, "red", 0, 4)...)
	teach(t, once, "blue", files(dir, "blue", 0, 4)...)
	want := predicted(t, once, Ref{}, red)

	saved := filepath.Join(t.TempDir(), "pets")
	first := prepared(t, home, dir)
	if _, err := first.Teach(t.Context(), TeachOptions{Model: "pets", Class: "red", Images: files(dir, "red", 0, 2)}); err != nil {
		t.Fatal(err)
	}
	if err := first.SaveTaught("pets", saved); err != nil {
		t.Fatal(err)
	}
	if _, err := first.LoadModel(t.Context(), saved, "", ""); !errors.As(err, new(*teaching.FewClassesError)) {
		t.Errorf("loaded with one class: %v", err)
	}
	for _, more := range []TeachOptions{{Class: "blue", Images: files(dir, "blue", 0, 4)}, {Class: "red", Images: files(dir, "red", 0, 4)}} {
		next := prepared(t, home, dir)
		if _, err := next.OpenTaught(t.Context(), saved, "", ""); err != nil {
			t.Fatal(err)
		}
		more.Model = "pets"
		if _, err := next.Teach(t.Context(), more); err != nil {
			t.Fatal(err)
		}
		if err := next.SaveTaught("pets", saved); err != nil {
			t.Fatal(err)
		}
	}
	card, err := os.Stat(filepath.Join(saved, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	// Who may read the folder's other files can predict with it.
	if state, err := os.Stat(filepath.Join(saved, teaching.StateFile)); err != nil || state.Mode() != card.Mode() {
		t.Errorf("what was taught has the mode %v, and the model card %v: %v", state.Mode(), card.Mode(), err)
	}
	last := prepared(t, home, dir)
	if _, err := last.LoadModel(t.Context(), saved, "", ""); err != nil {
		t.Fatal(err)
	}
	if got := predicted(t, last, Ref{}, red); got < want-1e-4 || got > want+1e-4 {
		t.Errorf("taught in three parts the probability is %g, and at once %g", got, want)
	}
	if said, err := last.Unteach(t.Context(), "pets", ""); err != nil || said.Images != 6 || !said.Ready {
		t.Errorf("the last call taken back: %+v, %v", said, err)
	}
}

// What a stranger's folder says of itself is not believed.
func TestStatesThatCannotBe(t *testing.T) {
	dir := photos(t, 4)
	l := prepared(t, t.TempDir(), dir)
	teach(t, l, "red", files(dir, "red", 0, 2)...)
	saved := filepath.Join(t.TempDir(), "pets")
	if err := l.SaveTaught("", saved); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(saved, teaching.StateFile)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string][2]string{ // of the same length, so that the layout of the file stays
		"an image is of class 7 of 1": {`\"class\":0`, `\"class\":7`},
		"a class must have a name":    {`[\"red\"]`, `[\"\"]   `},
		"is no SHA-256":               {`.png\",\"sha256\"`, `.png\",\"sha259\"`},
		"its description is damaged":  {`\"images\":[`, `\"images\":{`},
	} {
		text := strings.Replace(string(sound), change[0], change[1], 1)
		if text == string(sound) {
			t.Fatalf("%s is not in the file", change[0])
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := l.OpenTaught(t.Context(), saved, "", ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}

func TestTeachWhatCannotBe(t *testing.T) {
	dir := photos(t, 4)
	l := prepared(t, t.TempDir(), dir)
	broken := filepath.Join(testfile.Write(t, map[string]string{"broken.png": "no image"}), "broken.png")
	for want, o := range map[string]TeachOptions{
		"must have a name":                       {Images: files(dir, "red", 0, 1)},
		"at most 200 bytes":                      {Class: strings.Repeat("x", 300)},
		"must have a name of at most":            {Class: "\xff"},
		"none of the 1 images could be read":     {Class: "red", Images: []input.Image{{Name: "broken", File: broken}}},
		"none of the 1 images could be read; ":   {Class: "red", Images: files(dir, "red", 90, 91)},
		"it was not made by teaching images, an": {Class: "red", Model: "resnet50"},
	} {
		if _, err := l.Teach(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q in it", o, err, want)
		}
	}
	said, err := l.Teach(t.Context(), TeachOptions{Class: "red", Images: append(files(dir, "red", 0, 2), input.Image{Name: "broken", File: broken})})
	if err != nil || said.Added != 2 || len(said.Skipped) != 1 || said.Skipped[0].Path != broken || strings.Contains(said.Skipped[0].Reason, broken) {
		t.Errorf("with one that cannot be read: %+v, %v", said, err)
	}
}

// Images of a camera come while cells predict.
func TestTeachAndPredictAtOnce(t *testing.T) {
	dir := photos(t, 12)
	l := prepared(t, t.TempDir(), dir)
	teach(t, l, "red", files(dir, "red", 0, 1)...)
	teach(t, l, "blue", files(dir, "blue", 0, 1)...)
	var group sync.WaitGroup
	for n, class := range []string{"red", "blue"} {
		group.Go(func() {
			for i := range 6 {
				pixels := imageio.RGB{Width: 4, Height: 4, Pix: make([]uint8, 48)}
				for at := range pixels.Pix {
					pixels.Pix[at] = uint8(40*i + at + n*100)
				}
				if _, err := l.Teach(t.Context(), TeachOptions{Class: class, Images: []input.Image{{Name: "frame", Pixels: pixels}}}); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range 6 {
				trained, err := l.Trained(t.Context(), Ref{})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := l.Predict(t.Context(), trained, files(dir, class, 3, 4), predictor.Options{Top: 2}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if said, err := l.Taught(""); err != nil || said.Images != 14 {
		t.Errorf("it is %+v, %v", said, err)
	}
}
