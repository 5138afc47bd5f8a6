package transfer_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/models/lab"
)

// What a comparison of stages and training sizes shows, against a golden file. What the comparison chose is what %evaluate
// measures, and a new process with a saved model draws the same from the images' folder.
func TestStudyShowsStagesAndALearningCurve(t *testing.T) {
	p := transfertest.New(t)
	transfertest.WriteClasses(t, "photos", 20)
	p.Must(t, "%dataset load photos --size 32", "%model resnet50 --weights random --cut conv2", "%train --run first")
	var got strings.Builder
	for _, line := range []string{"%evaluate --stages --learning-curve", "%evaluate --stages --split test", "%evaluate --stages --split train"} {
		host := &magictest.Host{}
		err := p.Call(t.Context(), host, line)
		fmt.Fprintf(&got, ">>> %s\n%s", line, transfertest.Transcript(host, err))
	}
	// Several C are level here, and the last bits of the features, which differ by processor, choose among them.
	transfertest.CompareGolden(t, filepath.Join(testdata, "study.golden"), regexp.MustCompile(`C = [0-9.e+-]*[0-9]`).ReplaceAllString(got.String(), "C = ..."), *update)

	const line = "%evaluate --stages --learning-curve --json"
	study := decodeStudy(t, p.Must(t, line))
	evaluation, err := p.Lab().Evaluate(t.Context(), lab.Ref{}, lab.EvaluateOptions{Split: "val"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range study.Stages {
		if s.Chosen && s.Held != evaluation.Report.Accuracy {
			t.Errorf("the chosen classifier has %g, and the model %g", s.Held, evaluation.Report.Accuracy)
		}
	}
	p.Must(t, "%save model")
	if err := os.Rename("photos", "moved"); err != nil {
		t.Fatal(err)
	}
	restarted := transfertest.Open(t, p.Home)
	restarted.Must(t, "%load model --name resnet50")
	if err := restarted.Call(t.Context(), &magictest.Host{}, line); err == nil || !strings.Contains(err.Error(), "40 are missing") || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("without its images: %v", err)
	}
	if diff := cmp.Diff(study, decodeStudy(t, restarted.Must(t, line+" --dir moved"))); diff != "" {
		t.Errorf("a new process draws something else:\n%s", diff)
	}
}

func decodeStudy(t *testing.T, host *magictest.Host) lab.Study {
	t.Helper()
	var study lab.Study
	if err := json.Unmarshal([]byte(host.Output()), &study); err != nil || len(study.Stages) == 0 || study.Curve == nil || study.Summary == "" {
		t.Fatalf("as JSON it is %q: %v", host.Output(), err)
	}
	return study
}

// A model of the classic recipe has no comparison; it is made now, on its frozen backbone.
func TestStudyOfAClassicModel(t *testing.T) {
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32", "%model resnet50 --weights random --cut conv1")
	if err := p.Call(t.Context(), &magictest.Host{}, "%evaluate --stages"); err == nil {
		t.Error("an untrained model was compared")
	}
	p.Must(t, "%train --epochs 1")
	if study := decodeStudy(t, p.Must(t, "%evaluate --stages --learning-curve --json")); len(study.Stages) != 1 || study.Tuned {
		t.Errorf("it is %+v", study)
	}
}
