//go:build job

package kubernetes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// TestAPIServerTakesTheDeployment creates what docker/serve/kubernetes has on a real API server, which refuses fields that it does not know
// and values that make no sense, and holds the Pods to the restricted profile. KServe's own kinds are read by its library: make clients-test.
func TestAPIServerTakesTheDeployment(t *testing.T) {
	plane := start(t)
	plane.create(t, []byte(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"restricted","labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`))
	data, err := os.ReadFile("../../docker/serve/kubernetes/deployment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	created := 0
	for text := range bytes.SplitSeq(data, []byte("\n---\n")) {
		object, err := yaml.YAMLToJSON(text)
		if err != nil {
			t.Fatal(err)
		}
		plane.create(t, object)
		created++
		if kindOf(t, object).Kind == "Deployment" {
			plane.checkStrictness(t, object)
			plane.createPod(t, object)
		}
	}
	if created != 4 {
		t.Errorf("%d objects are created", created)
	}
}

func kindOf(t *testing.T, object []byte) (kind meta.TypeMeta) {
	t.Helper()
	if err := json.Unmarshal(object, &kind); err != nil {
		t.Fatal(err)
	}
	return kind
}

// create creates an object in the namespace restricted.
func (c *controlPlane) create(t *testing.T, object []byte) {
	t.Helper()
	if err := c.tryCreate(t, object); err != nil {
		t.Error(err)
	}
}

func (c *controlPlane) tryCreate(t *testing.T, object []byte) error {
	t.Helper()
	kind := kindOf(t, object)
	group := "/apis/" + kind.APIVersion
	if !strings.Contains(kind.APIVersion, "/") {
		group = "/api/" + kind.APIVersion
	}
	var resources meta.APIResourceList
	if err := c.get(t.Context(), group, &resources); err != nil {
		t.Fatal(err)
	}
	for _, resource := range resources.APIResources {
		if resource.Kind != kind.Kind || strings.Contains(resource.Name, "/") {
			continue
		}
		path := group + "/" + resource.Name
		if resource.Namespaced {
			path = group + "/namespaces/restricted/" + resource.Name
		}
		_, err := c.call(t.Context(), http.MethodPost, path+"?fieldValidation=Strict", "application/json", object)
		return err
	}
	return fmt.Errorf("the API server has no %s in %s", kind.Kind, kind.APIVersion)
}

// checkStrictness shows that the API server does look: it refuses a Deployment with a field that is not one, and one whose selector
// selects other Pods.
func (c *controlPlane) checkStrictness(t *testing.T, object []byte) {
	t.Helper()
	for right, wrong := range map[string]string{`"readinessProbe"`: `"readyProbe"`, `"matchLabels":{"app`: `"matchLabels":{"other":"x","app`} {
		broken := bytes.Replace(object, []byte(right), []byte(wrong), 1)
		if err := c.tryCreate(t, broken); err == nil || bytes.Equal(broken, object) || strings.Contains(err.Error(), "already exists") {
			t.Errorf("a Deployment with %s: %v", wrong, err)
		}
	}
}

// createPod creates a Pod as the Deployment's controller would.
func (c *controlPlane) createPod(t *testing.T, deployment []byte) {
	t.Helper()
	var template struct {
		Spec struct{ Template core.PodTemplateSpec }
	}
	if err := json.Unmarshal(deployment, &template); err != nil {
		t.Fatal(err)
	}
	pod := core.Pod{TypeMeta: meta.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: template.Spec.Template.ObjectMeta, Spec: template.Spec.Template.Spec}
	pod.Name = "of-the-deployment"
	text, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	c.create(t, text)
	pod.Name, pod.Spec.SecurityContext = "without-a-context", nil
	if text, err = json.Marshal(pod); err != nil {
		t.Fatal(err)
	}
	if err := c.tryCreate(t, text); err == nil || !strings.Contains(err.Error(), "PodSecurity") {
		t.Errorf("a Pod that may be root: %v", err)
	}
}
