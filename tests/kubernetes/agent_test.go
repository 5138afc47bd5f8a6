//go:build job

package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
)

// An agent does what a node's kubelet does as far as a Job sees it: it runs the command of each Pod as a process, and reports how it ends.
type agent struct {
	*controlPlane
	t        *testing.T
	programs string // folder of the images' programs
	tmp      string // stands for the containers' /tmp

	mu     sync.Mutex
	taken  map[string]bool // Pods by name
	killed map[string]bool // shards that were killed once
	runs   map[string]int  // of each shard
}

// work takes Pods until the context ends.
func (a *agent) work(ctx context.Context) {
	for ctx.Err() == nil {
		var pods core.PodList
		if err := a.get(ctx, "/api/v1/namespaces/default/pods", &pods); err != nil {
			if ctx.Err() == nil {
				a.t.Error(err)
			}
			return
		}
		if pod := a.take(pods.Items); pod != nil {
			if err := a.run(ctx, pod); err != nil && ctx.Err() == nil {
				a.t.Error(err)
			}
			continue
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// take chooses a Pod that no worker has.
func (a *agent) take(pods []core.Pod) *core.Pod {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, pod := range pods {
		if pod.Status.Phase == core.PodPending && pod.DeletionTimestamp == nil && !a.taken[pod.Name] {
			a.taken[pod.Name] = true
			return &pods[i]
		}
	}
	return nil
}

// run runs a Pod's container. Shard 2 is killed in its first run, as by a lack of memory; shard 6 goes with its node.
func (a *agent) run(ctx context.Context, pod *core.Pod) error {
	container := pod.Spec.Containers[0]
	index := pod.Annotations["batch.kubernetes.io/job-completion-index"]
	if err := a.report(ctx, pod, map[string]any{"phase": core.PodRunning}); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, filepath.Join(a.programs, container.Command[0]), container.Command[1:]...)
	command.Env = append(os.Environ(), a.environment(pod)...)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		return err
	}
	kill := a.first(index)
	if kill {
		time.Sleep(300 * time.Millisecond) // somewhere on its way
		_ = command.Process.Kill()         // it may have ended
	}
	status := 0
	if err := command.Wait(); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			return err
		}
		if status = exit.ExitCode(); status < 0 {
			status = 128 + int(syscall.SIGKILL) // as a container's runtime reports a signal
		}
	}
	a.t.Logf("Pod %s: shard %s ends with status %d: %s", pod.Name, index, status, bytes.TrimSpace(output.Bytes()))
	ended := map[string]any{"phase": core.PodSucceeded, "containerStatuses": []core.ContainerStatus{{
		Name: container.Name, State: core.ContainerState{Terminated: &core.ContainerStateTerminated{ExitCode: int32(status)}},
	}}}
	if status != 0 {
		ended["phase"] = core.PodFailed
	}
	if kill && index == "6" {
		ended["conditions"] = []core.PodCondition{{Type: core.DisruptionTarget, Status: core.ConditionTrue, Reason: "EvictionByEvictionAPI"}}
	}
	return a.report(ctx, pod, ended)
}

// first counts a shard's runs, and tells whether this one is killed.
func (a *agent) first(index string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.runs[index]++
	if a.killed[index] || index != "2" && index != "6" {
		return false
	}
	a.killed[index] = true
	return true
}

// environment are the variables of a Pod's container.
func (a *agent) environment(pod *core.Pod) (list []string) {
	for _, variable := range pod.Spec.Containers[0].Env {
		value := variable.Value
		if from := variable.ValueFrom; from != nil && from.FieldRef != nil {
			for key, text := range map[string]map[string]string{"annotations": pod.Annotations, "labels": pod.Labels} {
				if name, ok := strings.CutPrefix(from.FieldRef.FieldPath, "metadata."+key+"['"); ok {
					value = text[strings.TrimSuffix(name, "']")]
				}
			}
		}
		if rest, ok := strings.CutPrefix(value, "/tmp/"); ok {
			value = filepath.Join(a.tmp, rest)
		}
		list = append(list, variable.Name+"="+value)
	}
	return list
}

// report sets a part of a Pod's status.
func (a *agent) report(ctx context.Context, pod *core.Pod, status map[string]any) error {
	patch, err := json.Marshal(map[string]any{"status": status})
	if err != nil {
		return err
	}
	_, err = a.call(ctx, http.MethodPatch, fmt.Sprintf("/api/v1/namespaces/%s/pods/%s/status", pod.Namespace, pod.Name), "application/merge-patch+json", patch)
	return err
}
