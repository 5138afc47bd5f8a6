package kubernetes

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	sigsyaml "sigs.k8s.io/yaml"
)

// chartSchema is the schema of the values of Zero to JupyterHub, without descriptions, as its chart carries it: commit
// 48ea50e34daddde55d76e30df6ecd47e4abd4d8e of jupyterhub/zero-to-jupyterhub-k8s.
func chartSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "zero-to-jupyterhub", "values.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	dropRequired(document)
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("values.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("values.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// dropRequired removes the lists of required fields: Helm checks our values together with the chart's own, which have all of them.
func dropRequired(schema any) {
	object, ok := schema.(map[string]any)
	if !ok {
		return
	}
	delete(object, "required")
	properties, _ := object["properties"].(map[string]any)
	for _, property := range properties {
		dropRequired(property)
	}
}

// values reads a file of values.
func values(t *testing.T, text []byte) map[string]any {
	t.Helper()
	asJSON, err := sigsyaml.YAMLToJSONStrict(text)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return document.(map[string]any)
}

func hubFile(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docker", "hub", "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestHubValuesFitTheChart(t *testing.T) {
	schema, text := chartSchema(t), hubFile(t)
	if err := schema.Validate(values(t, text)); err != nil {
		t.Error(err)
	}
	// A field that the chart does not know, and one of another type.
	for from, to := range map[string]string{"startTimeout:": "startTimeOut:", "every: 300": "every: often"} {
		wrong := strings.Replace(string(text), from, to, 1)
		var invalid *jsonschema.ValidationError
		if err := schema.Validate(values(t, []byte(wrong))); !errors.As(err, &invalid) {
			t.Errorf("with %s: %v", to, err)
		}
	}
}

// TestHubVolumes: the parts of the values that the chart hands to Kubernetes as they are.
func TestHubVolumes(t *testing.T) {
	var chart struct {
		Singleuser struct {
			ExtraEnv map[string]string
			Storage  struct {
				ExtraVolumes      []core.Volume
				ExtraVolumeMounts []core.VolumeMount
			}
			ProfileList []struct {
				Override struct {
					Tolerations []core.Toleration `json:"tolerations"`
				} `json:"kubespawner_override"`
			}
		}
	}
	if err := sigsyaml.Unmarshal(hubFile(t), &chart); err != nil {
		t.Fatal(err)
	}
	storage := chart.Singleuser.Storage
	if len(storage.ExtraVolumes) != 1 || len(storage.ExtraVolumeMounts) != 1 || !storage.ExtraVolumeMounts[0].ReadOnly {
		t.Fatalf("the class's volume is not there, or not read-only: %+v", storage)
	}
	mount := storage.ExtraVolumeMounts[0]
	if features := chart.Singleuser.ExtraEnv["HEADSTART_SHARED_FEATURES"]; !strings.HasPrefix(features, mount.MountPath+"/") {
		t.Errorf("the shared features %s are not on the volume at %s", features, mount.MountPath)
	}
	var claim *core.PersistentVolumeClaim
	var job *batch.Job
	for _, object := range decode(t, "docker/hub/class.yaml") {
		switch o := object.(type) {
		case *core.PersistentVolumeClaim:
			claim = o
		case *batch.Job:
			job = o
		}
	}
	if claim == nil || job == nil {
		t.Fatal("class.yaml has no claim or no job")
	}
	source := storage.ExtraVolumes[0].PersistentVolumeClaim
	if source == nil || source.ClaimName != claim.Name || !source.ReadOnly || storage.ExtraVolumes[0].Name != mount.Name {
		t.Errorf("the servers mount %+v, the claim is %s", source, claim.Name)
	}
	pod := job.Spec.Template.Spec
	home := slices.IndexFunc(pod.Containers[0].Env, func(e core.EnvVar) bool { return e.Name == "HEADSTART_HOME" })
	if home < 0 || chart.Singleuser.ExtraEnv["HEADSTART_SHARED_FEATURES"] != pod.Containers[0].Env[home].Value+"/cache/features" {
		t.Error("the job computes the features into another folder than the servers read")
	}
}
