package kubernetes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// lostAfter is how long after the end of its grace a pod that should be gone is
// taken for gone: its node does not answer any more.
const lostAfter = 30 * time.Second

// fromPod tells an instance by its pod. Trouble is the latest warning that the
// cluster noted of the pod, while it does not get up.
func (d *Driver) fromPod(i *fleet.Instance, pod *corev1.Pod, trouble string) {
	state := corev1.ContainerState{}
	for _, c := range pod.Status.ContainerStatuses {
		if c.Name == container {
			state = c.State
		}
	}
	switch {
	case over(pod) || state.Terminated != nil:
		i.State = fleet.Gone
		ended(i, pod, state.Terminated)
	case state.Running != nil:
		i.State, i.Started = fleet.Up, state.Running.StartedAt.Time
		i.Reason = deletion(pod)
	default:
		var hopeless bool
		if i.Reason, hopeless = waiting(pod, state.Waiting, trouble); hopeless {
			i.State = fleet.Gone
		}
		i.Reason = cmp.Or(deletion(pod), i.Reason)
	}
	if i.State != fleet.Gone && pod.DeletionTimestamp != nil && time.Since(pod.DeletionTimestamp.Time) > lostAfter {
		i.State, i.Ended = fleet.Gone, pod.DeletionTimestamp.Time
		i.Reason = "its node " + pod.Spec.NodeName + " does not answer any more" + prefixed("; ", i.Reason)
	}
}

// ended says how a task ended. The end of its log is mostly the cause, but not of
// an end by signal, of which it knew nothing.
func ended(i *fleet.Instance, pod *corev1.Pod, t *corev1.ContainerStateTerminated) {
	if t == nil { // it never ran: its node refused it, or was lost
		i.Reason = cmp.Or(disruption(pod), refused(pod))
		if s := pod.Status.StartTime; s != nil {
			i.Started = s.Time
		}
		i.Ended = time.Now()
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.DisruptionTarget || c.Type == corev1.PodReady {
				i.Ended = c.LastTransitionTime.Time
			}
		}
		return
	}
	i.Started, i.Ended = t.StartedAt.Time, t.FinishedAt.Time
	code := int(t.ExitCode)
	i.ExitCode = &code
	switch {
	case pod.Status.Reason == "Evicted":
		i.Reason = "evicted by its node: " + oneLine(pod.Status.Message)
	case t.Reason == "OOMKilled":
		what := "killed by signal 9"
		if code != 137 {
			what = "a process of it was killed"
		}
		i.Reason = fmt.Sprintf("out of memory: %s (exit code %d) at its limit of %s; raise the region's memory, or lower users per task", what, code, memoryOf(pod))
	case t.Reason == "ContainerCannotRun" || t.Reason == "StartError":
		i.Reason = fmt.Sprintf("image %s cannot run: %s", pod.Spec.Containers[0].Image, oneLine(t.Message))
	case deletion(pod) != "":
		i.Reason = fmt.Sprintf("%s (exit code %d)", deletion(pod), code)
	case code > 128 && code < 128+65:
		i.Reason = signalWords(code)
	default:
		i.Reason = fmt.Sprintf("exit code %d", code)
		if line := fleet.LastLine(t.Message); line != "" {
			i.Reason += ": " + line
		}
	}
}

func signalWords(code int) string {
	if code == 137 {
		return "killed by signal 9 (exit code 137: somebody ended it, or its node ran out of memory)"
	}
	return fmt.Sprintf("killed by signal %d (exit code %d)", code-128, code)
}

// refused says why a pod ended without having run.
func refused(pod *corev1.Pod) string {
	words := strings.TrimSpace(pod.Status.Reason + ": " + oneLine(pod.Status.Message))
	switch {
	case pod.Status.Reason == "Evicted":
		return "evicted by its node: " + oneLine(pod.Status.Message)
	case pod.Status.Reason == "" && pod.Spec.NodeName == "":
		return "its pod was deleted before a node was found for it"
	case pod.Status.Reason == "":
		return "its pod was deleted, or node " + pod.Spec.NodeName + " was lost, before it ran"
	}
	return "node " + pod.Spec.NodeName + " did not take it: " + words
}

// deletion says why a pod is being deleted, where it is.
func deletion(pod *corev1.Pod) string {
	if why := disruption(pod); why != "" || pod.DeletionTimestamp == nil {
		return why
	}
	return deletedWords
}

// deletedWords are for a pod of which nobody says why it was deleted.
const deletedWords = "its pod was deleted, by hand or with its node"

// disruption says why the cluster ends a pod, where it does.
func disruption(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type != corev1.DisruptionTarget || c.Status != corev1.ConditionTrue {
			continue
		}
		what := map[string]string{
			"PreemptionByScheduler":  "ended for a pod of higher priority",
			"DeletionByTaintManager": "ended because of a taint of node " + pod.Spec.NodeName,
			"EvictionByEvictionAPI":  "evicted: node " + pod.Spec.NodeName + " is being drained",
			"DeletionByPodGC":        "node " + pod.Spec.NodeName + " was lost",
			"TerminationByKubelet":   "ended by node " + pod.Spec.NodeName,
		}[c.Reason]
		return strings.TrimSuffix(cmp.Or(what, c.Reason)+": "+oneLine(c.Message), ": ")
	}
	return ""
}

// waiting says why a pod is not up, and whether that can change without somebody
// doing something.
func waiting(pod *corev1.Pod, w *corev1.ContainerStateWaiting, trouble string) (words string, hopeless bool) {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return unschedulable(oneLine(c.Message)), false
		}
	}
	if w == nil && pod.Spec.NodeName == "" {
		return cmp.Or(trouble, "waits for a node"), false
	}
	if w == nil {
		return "waits for node " + pod.Spec.NodeName + " to take it" + prefixed(": ", trouble), false
	}
	image, message := pod.Spec.Containers[0].Image, oneLine(w.Message)
	switch w.Reason {
	case "ErrImageNeverPull":
		return fmt.Sprintf("image %s is not on node %s, and the region's pull_policy is Never", image, pod.Spec.NodeName), true
	case "InvalidImageName":
		return fmt.Sprintf("image %s: this is no name of an image: %s", image, message), true
	case "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed":
		message = cmp.Or(message, trouble)
		return fmt.Sprintf("image %s cannot be pulled (%s): %s", image, w.Reason, message), final(message)
	case "CreateContainerConfigError", "CreateContainerError", "RunContainerError":
		return fmt.Sprintf("its container cannot be made (%s): %s%s", w.Reason, message, configRemedy(message)), configRemedy(message) != ""
	}
	return "is being made ready on node " + pod.Spec.NodeName + prefixed(": ", cmp.Or(trouble, message)), false
}

// final tells refusals of a registry that trying again does not change.
func final(message string) bool {
	message = strings.ToLower(message)
	for _, words := range []string{
		"not found", "manifest unknown", "does not exist", "unauthorized", "forbidden", "access denied", "authorization failed",
		"no match for platform", "no such host", "invalid reference", "failed to verify certificate", "server gave http response",
	} {
		if strings.Contains(message, words) {
			return true
		}
	}
	return false
}

// configRemedy knows what to do about containers that can never be made.
func configRemedy(message string) string {
	if strings.Contains(message, "runAsNonRoot") || strings.Contains(message, "non-root") {
		return "; give the image a USER that is a number and not 0"
	}
	return ""
}

// unschedulable adds what to do to the scheduler's own words.
func unschedulable(message string) string {
	var remedies []string
	for words, remedy := range map[string]string{
		"Insufficient cpu":    "lower the region's cpu",
		"Insufficient memory": "lower the region's memory",
		"untolerated taint":   "name the taint in tolerations",
		"node affinity":       "look at node_selector",
		"Too many pods":       "lower tasks",
	} {
		if strings.Contains(message, words) {
			remedies = append(remedies, remedy)
		}
	}
	slices.Sort(remedies)
	return "no node can take it: " + message + prefixed("; add nodes, or ", strings.Join(remedies, ", "))
}

// quotaRemedy is for pods that the namespace's quota keeps from being made.
func quotaRemedy(message string) string {
	if strings.Contains(message, "exceeded quota") {
		return "; raise the namespace's quota, or lower tasks"
	}
	return ""
}

func memoryOf(pod *corev1.Pod) string {
	return load.Bytes(pod.Spec.Containers[0].Resources.Limits.Memory().Value()).String()
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// oneLine makes the cluster's words fit for a line of ours.
func oneLine(text string) string { return strings.TrimSuffix(fleet.OneLine(text), ".") }
