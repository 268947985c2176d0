package kubernetes

import (
	"maps"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// What cannot be made to happen in a cluster of one node within a test.
func TestWords(t *testing.T) {
	t.Parallel()
	now := metav1.Now()
	past := metav1.NewTime(now.Add(-time.Hour))
	pod := func(change func(*corev1.Pod)) *corev1.Pod {
		p := &corev1.Pod{Spec: corev1.PodSpec{NodeName: "n1", Containers: []corev1.Container{{
			Name: container, Image: "img:1", Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}},
		}}}}
		change(p)
		return p
	}
	container := func(s corev1.ContainerState) []corev1.ContainerStatus {
		return []corev1.ContainerStatus{{Name: container, State: s}}
	}
	waits := func(reason, message string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.ContainerStatuses = container(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}})
		}
	}
	ended := func(code int32, reason, message string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.Phase = corev1.PodFailed
			p.Status.ContainerStatuses = container(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, Message: message}})
		}
	}
	tests := map[string]struct {
		pod     *corev1.Pod
		trouble string
		state   fleet.State
		words   []string
	}{
		"no such image":         {pod(waits("ImagePullBackOff", "failed to resolve: img:1: not found")), "", fleet.Gone, []string{"img:1", "cannot be pulled", "not found"}},
		"no rights to an image": {pod(waits("ErrImagePull", "401 Unauthorized")), "", fleet.Gone, []string{"Unauthorized"}},
		"a busy registry":       {pod(waits("ErrImagePull", "429 Too Many Requests")), "", fleet.Pending, []string{"Too Many Requests"}},
		"another processor":     {pod(waits("ErrImagePull", "no match for platform in manifest")), "", fleet.Gone, []string{"platform"}},
		"a slow mount":          {pod(waits("ContainerCreating", "")), "MountVolume.SetUp failed for volume \"tickets\"", fleet.Pending, []string{"made ready on node n1", "MountVolume"}},
		"no program":            {pod(ended(128, "StartError", "exec: \"/agent\": no such file")), "", fleet.Gone, []string{"img:1 cannot run", "no such file"}},
		"a Go panic":            {pod(ended(2, "Error", "ok\npanic: oh\n\ngoroutine 1\n")), "", fleet.Gone, []string{"exit code 2: panic: oh"}},
		"a signal":              {pod(ended(143, "Error", "bye")), "", fleet.Gone, []string{"signal 15"}},
		"out of memory":         {pod(ended(137, "OOMKilled", "")), "", fleet.Gone, []string{"out of memory", "signal 9", "1GiB"}},
		"a child out of memory": {pod(ended(1, "OOMKilled", "")), "", fleet.Gone, []string{"a process of it was killed", "exit code 1"}},
		"evicted for its disk": {pod(func(p *corev1.Pod) {
			ended(137, "Error", "")(p)
			p.Status.Reason, p.Status.Message = "Evicted", "The node was low on resource: ephemeral-storage."
		}), "", fleet.Gone, []string{"evicted by its node", "ephemeral-storage"}},
		"evicted before it ran": {pod(func(p *corev1.Pod) {
			p.Status = corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Message: "low on memory"}
		}), "", fleet.Gone, []string{"evicted", "low on memory"}},
		"refused by its node": {pod(func(p *corev1.Pod) {
			p.Status = corev1.PodStatus{Phase: corev1.PodFailed, Reason: "OutOfcpu", Message: "Node didn't have enough resource: cpu"}
		}), "", fleet.Gone, []string{"node n1 did not take it", "OutOfcpu"}},
		"preempted": {pod(func(p *corev1.Pod) {
			ended(143, "Error", "")(p)
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "PreemptionByScheduler", Message: "for pod x"}}
		}), "", fleet.Gone, []string{"higher priority", "for pod x"}},
		"on a lost node": {pod(func(p *corev1.Pod) {
			p.Status.Phase = corev1.PodRunning
			p.DeletionTimestamp = &past
			p.Status.ContainerStatuses = container(corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: past}})
		}), "", fleet.Gone, []string{"node n1 does not answer"}},
		"about to be drained": {pod(func(p *corev1.Pod) {
			p.Status.Phase = corev1.PodRunning
			p.DeletionTimestamp = &now
			p.Status.ContainerStatuses = container(corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: past}})
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI"}}
		}), "", fleet.Up, []string{"n1 is being drained"}},
		"not seen yet": {pod(func(p *corev1.Pod) { p.Spec.NodeName = "" }), "", fleet.Pending, []string{"waits for a node"}},
	}
	for name, test := range tests {
		i := fleet.Instance{State: fleet.Pending}
		new(Driver).fromPod(&i, test.pod, test.trouble)
		if i.State != test.state {
			t.Errorf("%s: %s, want %s", name, i.State, test.state)
		}
		for _, w := range test.words {
			if !strings.Contains(i.Reason, w) {
				t.Errorf("%s: reason %q does not hold %q", name, i.Reason, w)
			}
		}
	}
}

func TestWithoutPod(t *testing.T) {
	t.Parallel()
	d := new(Driver)
	failed := "1,3-4"
	job := &batchv1.Job{Status: batchv1.JobStatus{CompletedIndexes: "0", FailedIndexes: &failed}}
	want := map[int]string{0: indexDone, 1: indexFailed, 3: indexFailed, 4: indexFailed}
	if got := indexesOf(job); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	i := fleet.Instance{ID: "a", State: fleet.Pending}
	if d.fromJob(&i, job, "", `pods "x" is forbidden: exceeded quota: q`); i.State != fleet.Pending || !strings.Contains(i.Reason, "raise the namespace's quota") {
		t.Errorf("got %+v", i)
	}
	// What was seen of a pod outlives it.
	seen := fleet.Instance{ID: "a", Run: "r", State: fleet.Up, Reason: "evicted: node n1 is being drained"}
	d.last.note(&seen)
	i = fleet.Instance{ID: "a", Run: "r", State: fleet.Pending}
	if d.fromJob(&i, job, indexFailed, ""); i.State != fleet.Gone || i.Reason != seen.Reason {
		t.Errorf("got %+v, want the reason of before", i)
	}
	d.last.forget("r")
	i = fleet.Instance{ID: "a", Run: "r"}
	if d.fromJob(&i, job, indexFailed, ""); i.Reason != deletedWords {
		t.Errorf("got %+v", i)
	}
	job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: batchv1.JobReasonDeadlineExceeded}}
	if d.fromJob(&i, job, indexFailed, ""); !strings.Contains(i.Reason, "deadline") {
		t.Errorf("got %+v", i)
	}
}

func TestQuotaScopes(t *testing.T) {
	t.Parallel()
	class := func(op corev1.ScopeSelectorOperator, values ...string) corev1.ResourceQuotaSpec {
		return corev1.ResourceQuotaSpec{ScopeSelector: &corev1.ScopeSelector{MatchExpressions: []corev1.ScopedResourceSelectorRequirement{
			{ScopeName: corev1.ResourceQuotaScopePriorityClass, Operator: op, Values: values},
		}}}
	}
	scopes := func(s ...corev1.ResourceQuotaScope) corev1.ResourceQuotaSpec {
		return corev1.ResourceQuotaSpec{Scopes: s}
	}
	for name, test := range map[string]struct {
		spec     corev1.ResourceQuotaSpec
		priority string
		want     bool
	}{
		"no scope":                 {corev1.ResourceQuotaSpec{}, "", true},
		"pods with a deadline":     {scopes(corev1.ResourceQuotaScopeTerminating), "", false},
		"pods without one":         {scopes(corev1.ResourceQuotaScopeNotTerminating, corev1.ResourceQuotaScopeNotBestEffort), "", true},
		"best effort":              {scopes(corev1.ResourceQuotaScopeBestEffort), "", false},
		"another priority":         {class(corev1.ScopeSelectorOpIn, "high"), "low", false},
		"this priority":            {class(corev1.ScopeSelectorOpIn, "high"), "high", true},
		"not this priority":        {class(corev1.ScopeSelectorOpNotIn, "high"), "high", false},
		"any priority, has none":   {class(corev1.ScopeSelectorOpExists), "", false},
		"without one, and has one": {class(corev1.ScopeSelectorOpDoesNotExist), "low", false},
	} {
		d := &Driver{Options: Options{Priority: test.priority}}
		if got := d.inScope(test.spec); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestNodesThatTakeTasks(t *testing.T) {
	t.Parallel()
	capacity := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("8Gi"), corev1.ResourcePods: resource.MustParse("10")}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"pool": "load"}}, Status: corev1.NodeStatus{Allocatable: capacity}}
	for name, test := range map[string]struct {
		taken *room
		size  size
		want  int
	}{
		"by cores":         {nil, size{cpu: 0.5, memory: 1 << 20}, 8},
		"by memory":        {nil, size{cpu: 0.1, memory: 3 << 30}, 2},
		"by pods":          {&room{pods: 9}, size{cpu: 0.1, memory: 1}, 1},
		"less than others": {&room{cpu: 3.9}, size{cpu: 0.5, memory: 1}, 0},
		"over-full":        {&room{cpu: 9, pods: 12}, size{cpu: 0.5, memory: 1}, 0},
		"tenths that fit":  {&room{cpu: 3.7}, size{cpu: 0.1, memory: 1}, 3},
	} {
		if got := fits(node, test.taken, test.size); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
	taint := corev1.Taint{Key: "dedicated", Value: "load", Effect: corev1.TaintEffectNoSchedule}
	for name, test := range map[string]struct {
		toleration []corev1.Toleration
		want       bool
	}{
		"none":           {nil, false},
		"the same":       {[]corev1.Toleration{{Key: "dedicated", Operator: corev1.TolerationOpEqual, Value: "load", Effect: corev1.TaintEffectNoSchedule}}, true},
		"another value":  {[]corev1.Toleration{{Key: "dedicated", Operator: corev1.TolerationOpEqual, Value: "web"}}, false},
		"another effect": {[]corev1.Toleration{{Key: "dedicated", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute}}, false},
		"every":          {[]corev1.Toleration{{Operator: corev1.TolerationOpExists}}, true},
	} {
		d := &Driver{Options: Options{Tolerations: test.toleration, Selector: map[string]string{"pool": "load"}}}
		tainted := node.DeepCopy()
		tainted.Spec.Taints = []corev1.Taint{taint}
		if got := d.takes(tainted); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	for name, change := range map[string]func(*corev1.Node){
		"cordoned":     func(n *corev1.Node) { n.Spec.Unschedulable = true },
		"another pool": func(n *corev1.Node) { n.Labels = nil },
		"not ready":    func(n *corev1.Node) { n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady}} },
	} {
		changed := node.DeepCopy()
		change(changed)
		if (&Driver{Options: Options{Selector: map[string]string{"pool": "load"}}}).takes(changed) {
			t.Errorf("a node that is %s takes tasks", name)
		}
	}
}

// Whatever regions, runs and tasks are called, what is made can be made.
func FuzzNames(f *testing.F) {
	f.Add("eu", "r06h1hbbfb1m321cr", "eu-1", "s")
	f.Add("_", "RUN.with-all_kinds", strings.Repeat("t", 100), "")
	f.Add(strings.Repeat("r", 63), "----", "..", "x y")
	f.Fuzz(func(t *testing.T, region, run, task, server string) {
		d := &Driver{Options: Options{Place: fleet.Place{Region: load.Region{Name: region}, Server: server}, Namespace: "n"}}
		if checkNames(run, task) != nil {
			return
		}
		job := d.job(run, size{cpu: 1, memory: 1 << 30, image: "i"}, []string{task})
		if faults := validation.IsDNS1123Label(instanceID(job.Name, 99999) + "-abcde"); len(faults) > 0 {
			t.Errorf("run %q makes the job %q: %v", run, job.Name, faults)
		}
		for _, labels := range []map[string]string{job.Labels, job.Spec.Template.Labels} {
			for key, value := range labels {
				if faults := validation.IsValidLabelValue(value); len(faults) > 0 || value == "" {
					t.Errorf("label %s is %q: %v", key, value, faults)
				}
			}
		}
		p := d.read(job)
		if p == nil || p.run != run || len(p.tasks) != 1 || p.tasks[0] != task {
			t.Errorf("run %q, task %q are read back as %+v", run, task, p)
		}
		if other := d.job(run+"x", size{}, []string{task}); other.Name == job.Name {
			t.Errorf("two runs make the job %s", job.Name)
		}
	})
}

func FuzzSettings(f *testing.F) {
	f.Add("pool=load,a=b", "dedicated=load:NoSchedule,*", "a,b", "x=y")
	f.Add("=", "=:,::", ",,", "a=b=c")
	f.Fuzz(func(t *testing.T, selector, tolerations, secrets, annotations string) {
		o, err := readOptions(fleet.Place{Region: load.Region{Name: "eu", Settings: map[string]string{
			setSelector: selector, setTolerations: tolerations, setSecrets: secrets, setAnnotations: annotations,
		}}})
		if err != nil {
			if load.ErrorCode(err) != load.Invalid {
				t.Errorf("error %v has no code", err)
			}
			return
		}
		for key, value := range o.Selector {
			if len(validation.IsQualifiedName(key)) > 0 || len(validation.IsValidLabelValue(value)) > 0 {
				t.Errorf("the selector %q lets %q=%q through", selector, key, value)
			}
		}
		for _, toleration := range o.Tolerations {
			if toleration.Key == "" && toleration.Operator != corev1.TolerationOpExists {
				t.Errorf("the tolerations %q let %+v through", tolerations, toleration)
			}
		}
	})
}
