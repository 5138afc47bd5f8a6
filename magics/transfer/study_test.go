package transfer

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/models/lab"
)

// What a comparison of stages and training sizes shows, against a golden file. What the comparison chose is what %evaluate
// measures, and a new process with a saved model draws the same from the images' folder.
func TestStudyShowsStagesAndALearningCurve(t *testing.T) {
	p, home := goLabIn(t)
	writeClasses(t, "photos", 20)
	mustCall(t, p, "%dataset load photos --size 32", "%model resnet50 --weights random --cut conv2", "%train --run first")
	var got strings.Builder
	for _, line := range []string{"%evaluate --stages --learning-curve", "%evaluate --stages --split test", "%evaluate --stages --split train"} {
		host := &magictest.Host{}
		err := p.call(t.Context(), host, line)
		fmt.Fprintf(&got, ">>> %s\n%s", line, transcript(host, err))
	}
	// Several C are level here, and the last bits of the features, which differ by processor, choose among them.
	compareGolden(t, "study.golden", regexp.MustCompile(`C = [0-9.e+-]*[0-9]`).ReplaceAllString(got.String(), "C = ..."))

	const line = "%evaluate --stages --learning-curve --json"
	study := decodeStudy(t, mustCall(t, p, line))
	evaluation, err := p.lab.Evaluate(t.Context(), lab.Ref{}, lab.EvaluateOptions{Split: "val"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range study.Stages {
		if s.Chosen && s.Held != evaluation.Report.Accuracy {
			t.Errorf("the chosen classifier has %g, and the model %g", s.Held, evaluation.Report.Accuracy)
		}
	}
	mustCall(t, p, "%save model")
	if err := os.Rename("photos", "moved"); err != nil {
		t.Fatal(err)
	}
	restarted := goPresenter(home)
	t.Cleanup(func() {
		if err := restarted.Close(); err != nil {
			t.Error(err)
		}
	})
	mustCall(t, restarted, "%load model --name resnet50")
	if err := restarted.call(t.Context(), &magictest.Host{}, line); err == nil || !strings.Contains(err.Error(), "40 are missing") || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("without its images: %v", err)
	}
	if diff := cmp.Diff(study, decodeStudy(t, mustCall(t, restarted, line+" --dir moved"))); diff != "" {
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
	p := goLab(t)
	mustCall(t, p, "%dataset load photos --size 32", "%model resnet50 --weights random --cut conv1")
	if err := p.call(t.Context(), &magictest.Host{}, "%evaluate --stages"); err == nil {
		t.Error("an untrained model was compared")
	}
	mustCall(t, p, "%train --epochs 1")
	if study := decodeStudy(t, mustCall(t, p, "%evaluate --stages --learning-curve --json")); len(study.Stages) != 1 || study.Tuned {
		t.Errorf("it is %+v", study)
	}
}
