package kubernetes

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"onrush.dev/onrush/internal/fleet"
)

// Marks by which objects are known to be ours.
const (
	markServer  = "onrush.server"
	markRegion  = "onrush.region"
	markRun     = "onrush.run"
	markAttempt = "onrush.attempt"
	// Which task an index of a Job is stands in an annotation of it, as a JSON
	// list; and which of them were stopped, as a word for each.
	noteRun     = "onrush.dev/run"
	noteTasks   = "onrush.dev/tasks"
	noteStopped = "stopped.onrush.dev/"
)

// Where a task finds things.
const (
	container  = "agent"
	ticketFile = "/run/onrush/ticket"
	workFolder = "/tmp" // the only place that a task can write to
)

// keepFor is how long the cluster keeps a Job that has ended, with its pods'
// reasons, for when no server is left to remove it.
const keepFor = time.Hour

// size is what all tasks of one Job share.
type size struct {
	attempt  int
	image    string
	cpu      float64
	memory   int64
	deadline time.Time
}

var nameRule = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$`)

// checkNames refuses runs and tasks that could not be found again.
func checkNames(run, task string) error {
	if !nameRule.MatchString(run) || !nameRule.MatchString(task) {
		return &fleet.StartError{
			Kind:   fleet.BadSpec,
			Reason: fmt.Sprintf("task %q of run %q cannot be named in a cluster", task, run),
			Remedy: "up to 100 letters, digits, '.', '_' and '-' are allowed, with a letter or digit at both ends",
		}
	}
	return nil
}

// mark makes a label's value of a name; of one that cannot be one, a sum of it.
func mark(name string) string {
	if name != "" && len(validation.IsValidLabelValue(name)) == 0 {
		return name
	}
	return "x-" + digest(name)
}

func digest(words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return hex.EncodeToString(sum[:6])
}

// labels mark what belongs to this server and region; with a run, to that run.
func (d *Driver) labels(run string) map[string]string {
	found := map[string]string{markServer: mark(d.Server), markRegion: mark(d.Name)}
	if run != "" {
		found[markRun] = mark(run)
	}
	return found
}

// jobName is made of what the Job runs, so that the same start makes the same
// Job. Pods' host names are made of it: it stays short.
func (d *Driver) jobName(run string, s size, tasks []string) string {
	words := append([]string{d.Server, d.Name, run, strconv.Itoa(s.attempt)}, tasks...)
	readable := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(run), "-"), "-")
	return strings.TrimSuffix("onrush-"+readable[:min(len(readable), 30)], "-") + "-" + digest(words...)
}

// instanceID names a task's instance before there is a pod: pods' names begin
// with it.
func instanceID(job string, index int) string { return job + "-" + strconv.Itoa(index) }

// job makes the Job that runs some tasks of one size.
func (d *Driver) job(run string, s size, tasks []string) *batchv1.Job {
	names, err := json.Marshal(tasks)
	if err != nil {
		panic(fmt.Sprintf("encode names: %v", err)) // words: cannot happen
	}
	labels := d.labels(run)
	labels[markAttempt] = strconv.Itoa(s.attempt)
	name := d.jobName(run, s, tasks)
	count := int32(len(tasks))
	spec := batchv1.JobSpec{
		Completions: &count, Parallelism: &count, CompletionMode: pointer(batchv1.IndexedCompletion),
		// A task that ended is never started again, however it ended; the others go on.
		BackoffLimitPerIndex: pointer(int32(0)), PodReplacementPolicy: pointer(batchv1.Failed),
		PodFailurePolicy: &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{{
			Action: batchv1.PodFailurePolicyActionFailIndex,
			OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{
				{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}, // evicted, preempted, drained
			},
		}}},
		TTLSecondsAfterFinished: pointer(int32(keepFor / time.Second)),
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: d.podNotes()},
			Spec:       d.pod(name, s, labels),
		},
	}
	if !s.deadline.IsZero() {
		spec.ActiveDeadlineSeconds = pointer(int64(max(time.Until(s.deadline), time.Second) / time.Second))
	}
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: d.Namespace, Labels: labels,
			Annotations: map[string]string{noteRun: run, noteTasks: string(names)},
		},
		Spec: spec,
	}
}

func (d *Driver) podNotes() map[string]string {
	notes := map[string]string{
		"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", // moving a task would end its load
		"karpenter.sh/do-not-disrupt":                    "true",
	}
	maps.Copy(notes, d.Annotations)
	return notes
}

// pod is what each task runs as: without rights, without a token, with a root
// file system that it cannot write to.
func (d *Driver) pod(job string, s size, labels map[string]string) corev1.PodSpec {
	pod := corev1.PodSpec{
		RestartPolicy:                 corev1.RestartPolicyNever,
		TerminationGracePeriodSeconds: pointer(int64(math.Ceil(d.Grace.Seconds()))),
		AutomountServiceAccountToken:  pointer(false),
		EnableServiceLinks:            pointer(false),
		ServiceAccountName:            d.Account,
		ImagePullSecrets:              d.PullSecrets,
		NodeSelector:                  d.Selector,
		Tolerations:                   d.Tolerations,
		PriorityClassName:             d.Priority,
		HostNetwork:                   d.HostNetwork,
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot:   pointer(true),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		// Two tasks on one node share its network card: spread them where there is room.
		TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.ScheduleAnyway,
			LabelSelector: &metav1.LabelSelector{MatchLabels: labels},
		}},
		Volumes: []corev1.Volume{
			{Name: "work", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			{Name: "tickets", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: job, DefaultMode: pointer(int32(0o444))}}},
		},
	}
	if d.HostNetwork {
		pod.DNSPolicy = corev1.DNSClusterFirstWithHostNet
	}
	resources := corev1.ResourceList{
		corev1.ResourceCPU:    cores(s.cpu),
		corev1.ResourceMemory: *resource.NewQuantity(s.memory, resource.BinarySI),
	}
	pod.Containers = []corev1.Container{{
		Name: container, Image: s.image, ImagePullPolicy: d.Pull,
		Env: []corev1.EnvVar{
			{Name: "ONRUSH_TICKET_FILE", Value: ticketFile},
			{Name: "HOME", Value: workFolder},
			{Name: "TMPDIR", Value: workFolder},
			{Name: "GOMAXPROCS", Value: strconv.Itoa(max(1, int(math.Ceil(s.cpu))))},
			{Name: "GOMEMLIMIT", Value: strconv.FormatInt(s.memory/10*9, 10)},
		},
		// Requests and limits are one: a task that gets more on an idle node than on a
		// busy one measures the node.
		Resources: corev1.ResourceRequirements{Requests: resources, Limits: resources},
		// What the end of the log says is the best word for a failure.
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: pointer(false),
			ReadOnlyRootFilesystem:   pointer(true),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		VolumeMounts: []corev1.VolumeMount{
			{Name: "work", MountPath: workFolder},
			// Each pod is shown the ticket of its own index alone.
			{Name: "tickets", MountPath: ticketFile, SubPathExpr: "$(JOB_COMPLETION_INDEX)", ReadOnly: true},
		},
	}}
	return pod
}

// tickets makes the Secret of a Job. The Job owns it, so it goes with it.
func (d *Driver) tickets(job *batchv1.Job, byIndex []string) *corev1.Secret {
	data := map[string][]byte{}
	for i, ticket := range byIndex {
		data[strconv.Itoa(i)] = []byte(ticket)
	}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: job.Name, Namespace: job.Namespace, Labels: job.Labels,
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "batch/v1", Kind: "Job", Name: job.Name, UID: job.UID,
			}},
		},
		Immutable: pointer(true), // kubelets need not watch it
		Data:      data,
	}
}

func cores(cpu float64) resource.Quantity {
	return *resource.NewMilliQuantity(int64(math.Ceil(cpu*1000)), resource.DecimalSI)
}

func pointer[T any](v T) *T { return &v }
