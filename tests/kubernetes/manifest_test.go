// Package kubernetes reads the project's manifests as Kubernetes does. It is a module of its own: nothing else needs Kubernetes' types.
package kubernetes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// decode reads every document of a file strictly: a field that Kubernetes does not know, or that is there twice, is an error.
func decode(t *testing.T, file string) (objects []runtime.Object) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{apps.AddToScheme, autoscaling.AddToScheme, batch.AddToScheme, core.AddToScheme, policy.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	reader := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(data)))
	for {
		text := make([]byte, 1<<20)
		n, err := reader.Read(text)
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatal(err)
		}
		object, _, err := decoder.Decode(text[:n], nil, nil)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		objects = append(objects, object)
	}
}

func TestDeployment(t *testing.T) {
	objects := decode(t, "docker/serve/kubernetes/deployment.yaml")
	if len(objects) != 4 {
		t.Fatalf("there are %d objects", len(objects))
	}
	deployment := objects[0].(*apps.Deployment)
	service := objects[1].(*core.Service)
	scaler := objects[2].(*autoscaling.HorizontalPodAutoscaler)
	budget := objects[3].(*policy.PodDisruptionBudget)
	pod := deployment.Spec.Template
	for name, selector := range map[string]map[string]string{
		"Deployment": deployment.Spec.Selector.MatchLabels, "Service": service.Spec.Selector, "PodDisruptionBudget": budget.Spec.Selector.MatchLabels,
	} {
		for key, value := range selector {
			if pod.Labels[key] != value {
				t.Errorf("the %s selects %s=%s, which the Pods do not have", name, key, value)
			}
		}
	}
	if scaler.Spec.ScaleTargetRef.Name != deployment.Name {
		t.Errorf("the autoscaler scales %s", scaler.Spec.ScaleTargetRef.Name)
	}
	container := pod.Spec.Containers[0]
	for _, port := range service.Spec.Ports {
		if !slices.ContainsFunc(container.Ports, func(p core.ContainerPort) bool { return p.Name == port.TargetPort.StrVal }) {
			t.Errorf("the Service's port %s goes to %s, which no container has", port.Name, port.TargetPort.StrVal)
		}
	}
	for name, probe := range map[string]*core.Probe{"startup": container.StartupProbe, "readiness": container.ReadinessProbe, "liveness": container.LivenessProbe} {
		if probe == nil || !strings.HasPrefix(probe.HTTPGet.Path, "/v2/health/") || probe.HTTPGet.Port.StrVal != "http" {
			t.Errorf("the %s probe is %v", name, probe)
		}
	}
	scraped := pod.Annotations["prometheus.io/port"]
	at := slices.Index(container.Args, "--metrics-port")
	if at < 0 || container.Args[at+1] != scraped || !slices.ContainsFunc(container.Ports, func(p core.ContainerPort) bool { return fmt.Sprint(p.ContainerPort) == scraped }) {
		t.Errorf("Prometheus reads the port %s, where the metrics are not without a token: %q", scraped, container.Args)
	}
	checkPod(t, pod.Spec)
}

// checkPod holds Pods to the restricted profile of Kubernetes' Pod Security Standards, and their mounts to their volumes.
func checkPod(t *testing.T, pod core.PodSpec) {
	t.Helper()
	if s := pod.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
		t.Errorf("the Pod's security context is %v", s)
	}
	for _, container := range pod.Containers {
		s := container.SecurityContext
		if s == nil || *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) {
			t.Errorf("the security context of %s is %v", container.Name, s)
		}
		if container.Resources.Limits.Memory().IsZero() || container.Resources.Requests.Cpu().IsZero() {
			t.Errorf("%s has no requests and limits", container.Name)
		}
		for _, mount := range container.VolumeMounts {
			if !slices.ContainsFunc(pod.Volumes, func(v core.Volume) bool { return v.Name == mount.Name }) {
				t.Errorf("%s mounts %s, which is not a volume", container.Name, mount.Name)
			}
		}
	}
}

// TestJob reads what headstart features --manifest prints.
func TestJob(t *testing.T) {
	objects := decode(t, "magics/cmd/headstart-transfer/testdata/job.golden.yaml")
	if len(objects) != 1 {
		t.Fatalf("there are %d objects", len(objects))
	}
	job := objects[0].(*batch.Job).Spec
	if *job.CompletionMode != batch.IndexedCompletion || *job.Completions != 64 || *job.BackoffLimitPerIndex != 3 || *job.MaxFailedIndexes != 6 || !*job.Suspend {
		t.Errorf("the Job is %+v", job)
	}
	if job.Template.Spec.RestartPolicy != core.RestartPolicyNever { // podFailurePolicy needs it
		t.Errorf("the restart policy is %s", job.Template.Spec.RestartPolicy)
	}
	container := job.Template.Spec.Containers[0]
	if want := []string{"headstart", "features", `/data/my "images"`, "--weights=sample", "--out=/data/cache", "--of=64", "--strict=true"}; !slices.Equal(sorted(container.Command), sorted(want)) {
		t.Errorf("the command is %q, want %q", container.Command, want)
	}
	actions := map[batch.PodFailurePolicyAction]int32{}
	for _, rule := range job.PodFailurePolicy.Rules {
		if rule.OnExitCodes != nil {
			actions[rule.Action] = rule.OnExitCodes.Values[0]
			if *rule.OnExitCodes.ContainerName != container.Name {
				t.Errorf("a rule is of the container %s", *rule.OnExitCodes.ContainerName)
			}
		} else {
			actions[rule.Action] = -1
		}
	}
	if actions[batch.PodFailurePolicyActionFailIndex] != 3 || actions[batch.PodFailurePolicyActionFailJob] != 2 || actions[batch.PodFailurePolicyActionIgnore] != -1 {
		t.Errorf("the rules are %v", actions)
	}
	checkPod(t, job.Template.Spec)
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// TestKServe checks what can be checked without KServe's own types: that the service asks for the format and protocol that the runtime
// has, and that the runtime's container is strictly one of Kubernetes.
func TestKServe(t *testing.T) {
	data, err := os.ReadFile("../../docker/serve/kubernetes/kserve.yaml")
	if err != nil {
		t.Fatal(err)
	}
	runtimeText, serviceText, _ := strings.Cut(string(data), "\n---\n")
	var runtime struct {
		Kind     string
		Metadata struct{ Name string }
		Spec     struct {
			SupportedModelFormats []struct{ Name string }
			ProtocolVersions      []string
			Containers            []core.Container
		}
	}
	var service struct {
		Kind string
		Spec struct {
			Predictor struct {
				Model struct {
					ModelFormat              struct{ Name string }
					ProtocolVersion, Runtime string
				}
			}
		}
	}
	if err := sigsyaml.Unmarshal([]byte(runtimeText), &runtime); err != nil {
		t.Fatal(err)
	}
	if err := sigsyaml.Unmarshal([]byte(serviceText), &service); err != nil {
		t.Fatal(err)
	}
	model := service.Spec.Predictor.Model
	if runtime.Kind != "ServingRuntime" || service.Kind != "InferenceService" || model.Runtime != runtime.Metadata.Name ||
		model.ModelFormat.Name != runtime.Spec.SupportedModelFormats[0].Name || !slices.Contains(runtime.Spec.ProtocolVersions, model.ProtocolVersion) {
		t.Errorf("the service %+v does not fit the runtime %+v", service, runtime)
	}
	if len(runtime.Spec.Containers) != 1 || runtime.Spec.Containers[0].Name != "kserve-container" { // KServe's name for it
		t.Errorf("the containers are %v", runtime.Spec.Containers)
	}
}
