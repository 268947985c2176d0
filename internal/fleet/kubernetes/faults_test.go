package kubernetes_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// A quota that has room for two of three is known before anything is asked for.
func TestQuotaIsKnownBefore(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	c.quota(t, "pods", "2", "requests.cpu", "4", "count/jobs.batch", "9")
	d := open(t, c.options(t))
	answers, err := d.Start(t.Context(), specs("run", "wait", "eu-1", "eu-2", "eu-3"))
	must(t, err)
	var refused *fleet.StartError
	if answers[0].Err != nil || answers[1].Err != nil || !errors.As(answers[2].Err, &refused) || refused.Kind != fleet.Quota || refused.Remedy == "" {
		t.Fatalf("got %+v, want the third refused for the quota", answers)
	}
	for _, word := range []string{"pods", c.namespace, "eu-3"} {
		if !strings.Contains(refused.Reason, word) {
			t.Errorf("reason %q does not name %q", refused.Reason, word)
		}
	}
	await(t, d, "run", "eu-1", fleet.Up)
	await(t, d, "run", "eu-2", fleet.Up)
	capacity, err := d.Capacity(t.Context())
	must(t, err)
	if capacity.Limit != 2 || capacity.InUse != 2 || !strings.Contains(capacity.Note, "pods") || len(capacity.Quotas) < 3 {
		t.Errorf("got capacity %+v, want 2 of 2 by the quota of pods", capacity)
	}
	stop(t, d, c, "run")
}

// What belongs to another server is neither seen nor touched.
func TestServersApart(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	d := open(t, c.options(t))
	o := c.options(t)
	o.Server = "another"
	other := open(t, o)
	start(t, other, specs("run", "wait", "eu-1"))
	await(t, other, "run", "eu-1", fleet.Up)
	for _, run := range []string{"", "run"} {
		if list, err := d.List(t.Context(), run); err != nil || len(list) != 0 {
			t.Errorf("a server sees %v, %v of another one's", list, err)
		}
	}
	must(t, d.Stop(t.Context(), "run"))
	start(t, d, specs("run", "wait", "eu-1"))
	await(t, d, "run", "eu-1", fleet.Up)
	must(t, d.Stop(t.Context(), "run"))
	if got := instance(t, other, "run", "eu-1"); got.State != fleet.Up {
		t.Errorf("another server's task is %+v after a stop that is not its own", got)
	}
	stop(t, other, c, "run")
}

// quota gives the namespace one, and waits until it counts.
func (c *cluster) quota(t *testing.T, pairs ...string) {
	t.Helper()
	hard := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		hard[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	_, err := c.CoreV1().ResourceQuotas(c.namespace).Create(t.Context(), &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "tight"}, Spec: corev1.ResourceQuotaSpec{Hard: hard},
	}, metav1.CreateOptions{})
	must(t, err)
	eventually(t, "the quota to count", func() bool {
		q, err := c.CoreV1().ResourceQuotas(c.namespace).Get(t.Context(), "tight", metav1.GetOptions{})
		return err == nil && len(q.Status.Hard) == len(hard)
	})
}

func TestDoNotGetUp(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	root := image(t, "onrush.test/root", "sleep 1000", "")
	word := image(t, "onrush.test/word", "sleep 1000", "somebody")
	tests := map[string]struct {
		image string
		cpu   float64
		state fleet.State
		words []string
	}{
		"an image that is nowhere":       {"onrush.test/no-such:1", 0, fleet.Gone, []string{"onrush.test/no-such:1", "not on node", "pull_policy"}},
		"a name that is none":            {"Onrush//x", 0, fleet.Gone, []string{"Onrush//x", "no name of an image"}},
		"an image that runs as root":     {root, 0, fleet.Gone, []string{"runAsNonRoot", "USER"}},
		"an image with a user by a name": {word, 0, fleet.Gone, []string{"non-numeric user", "USER"}},
		"more cores than a node has":     {"", 64, fleet.Pending, []string{"no node can take it", "Insufficient cpu", "lower the region's cpu"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, c.options(t))
			run := "run-" + strings.ReplaceAll(name, " ", "-")
			list := specs(run, "wait", "eu-1")
			list[0].Image, list[0].CPU = test.image, test.cpu
			start(t, d, list)
			got := await(t, d, run, "eu-1", test.state, test.words...)
			t.Logf("%s: %s", got.State, got.Reason)
			stop(t, d, c, run)
		})
	}
}

// A registry that cannot be had is named with its own words.
func TestRegistryOutOfReach(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	o := c.options(t)
	o.Pull = corev1.PullAlways
	o.Image = "127.0.0.1:1/nothing:1"
	d := open(t, o)
	start(t, d, specs("run", "wait", "eu-1"))
	got := await(t, d, "run", "eu-1", fleet.Pending, "cannot be pulled", "127.0.0.1:1/nothing:1", "refused")
	t.Log(got.Reason)
	stop(t, d, c, "run")
}

// Whatever ends a task, no load runs twice: its index is never started again.
func TestEndsAndIsNotStartedAgain(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	hungry := image(t, "onrush.test/hungry", `echo eating; exec tail -c 200000000 /dev/zero`, "10001")
	tests := map[string]struct {
		image string
		end   func(*testing.T, *corev1.Pod)
		words []string
	}{
		"out of memory": {hungry, nil, []string{"out of memory", "signal 9", "24MiB", "raise the region's memory"}},
		"deleted by hand": {"", func(t *testing.T, pod *corev1.Pod) {
			must(t, c.CoreV1().Pods(c.namespace).Delete(t.Context(), pod.Name, metav1.DeleteOptions{}))
		}, []string{"deleted"}},
		"evicted": {"", func(t *testing.T, pod *corev1.Pod) {
			must(t, c.CoreV1().Pods(c.namespace).EvictV1(t.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: c.namespace}}))
		}, []string{"drained"}},
		"killed": {"", func(t *testing.T, pod *corev1.Pod) {
			c.kill(t, fleet.Instance{Run: pod.Labels["onrush.run"], ID: strings.TrimSuffix(pod.Name, pod.Name[strings.LastIndex(pod.Name, "-"):])})
		}, []string{"signal 9"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, c.options(t))
			run := "run-" + strings.ReplaceAll(name, " ", "-")
			list := specs(run, "wait", "eu-1", "eu-2")
			list[0].Image = test.image
			started := start(t, d, list)
			await(t, d, run, "eu-2", fleet.Up)
			var pod *corev1.Pod
			if test.end != nil {
				pod = c.pod(t, await(t, d, run, "eu-1", fleet.Up))
				test.end(t, pod)
			}
			got := await(t, d, run, "eu-1", fleet.Gone, test.words...)
			t.Log(got.Reason)
			start(t, d, list) // after a crash of the server, say
			for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
				if again := instance(t, d, run, "eu-1"); again.State != fleet.Gone {
					t.Fatalf("after its end it is %+v", again)
				}
				if pods := c.podsOf(t, started[0].Instance); pod != nil && len(pods) > 0 && pods[0] != pod.Name || len(pods) > 1 {
					t.Fatalf("it has pods %v, after %s", pods, pod.Name)
				}
			}
			if other := instance(t, d, run, "eu-2"); other.State != fleet.Up {
				t.Errorf("the other task is %+v", other)
			}
			stop(t, d, c, run)
		})
	}
}

func (c *cluster) podsOf(t *testing.T, id string) []string {
	t.Helper()
	pods, err := c.CoreV1().Pods(c.namespace).List(t.Context(), metav1.ListOptions{})
	must(t, err)
	var names []string
	for _, p := range pods.Items {
		if strings.HasPrefix(p.Name, id+"-") {
			names = append(names, p.Name)
		}
	}
	return names
}

// The cluster itself ends tasks whose server is gone for good.
func TestDeadline(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	d := open(t, c.options(t))
	list := specs("run", "wait", "eu-1")
	list[0].Deadline = time.Now().Add(time.Hour)
	start(t, d, list)
	i := await(t, d, "run", "eu-1", fleet.Up)
	jobs, err := c.BatchV1().Jobs(c.namespace).List(t.Context(), metav1.ListOptions{})
	must(t, err)
	job := &jobs.Items[0]
	if s := job.Spec.ActiveDeadlineSeconds; s == nil || *s < 3500 || *s > 3600 {
		t.Errorf("the job's deadline is %v, want an hour", s)
	}
	if ttl := job.Spec.TTLSecondsAfterFinished; ttl == nil || *ttl > 24*3600 {
		t.Errorf("the job stays %v seconds after its end", ttl)
	}
	// An hour is too long for a test: the deadline is drawn near.
	_, err = c.BatchV1().Jobs(c.namespace).Patch(t.Context(), job.Name, types.MergePatchType, []byte(`{"spec":{"activeDeadlineSeconds":1}}`), metav1.PatchOptions{})
	must(t, err)
	got := await(t, d, "run", "eu-1", fleet.Gone, "deadline")
	if got.ID != i.ID {
		t.Errorf("got %+v, want instance %s", got, i.ID)
	}
	stop(t, d, c, "run")
}

// Each pod sees its own ticket, and can do next to nothing.
func TestPodIsAlone(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	o := c.options(t)
	o.Image = image(t, "onrush.test/looker", `
echo "ticket $(cat $ONRUSH_TICKET_FILE)"; ls -R /run /var 2>/dev/null
touch /here 2>&1; touch /tmp/there && echo "wrote in /tmp"
cat /proc/self/status | head -60; id; env; exit 0`, "10001")
	o.Annotations = map[string]string{"example.org/team": "load"}
	d := open(t, o)
	list := append(specs("run", "first-secret", "eu-1"), specs("run", "second-secret", "eu-2")...)
	start(t, d, list)
	for task, secrets := range map[string][2]string{"eu-1": {"first-secret", "second-secret"}, "eu-2": {"second-secret", "first-secret"}} {
		i := await(t, d, "run", task, fleet.Gone, "exit code 0")
		log, err := d.Logs(t.Context(), "run", task, true)
		must(t, err)
		text := new(strings.Builder)
		if _, err := copyAll(text, log); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"ticket " + secrets[0], "Read-only file system", "wrote in /tmp", "CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2", "uid=10001"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%s: the log lacks %q:\n%s", task, want, text)
			}
		}
		for _, bad := range []string{secrets[1], "serviceaccount"} {
			if strings.Contains(text.String(), bad) {
				t.Errorf("%s: the log holds %q", task, bad)
			}
		}
		if pod := c.pod(t, i); pod.Annotations["example.org/team"] != "load" || pod.Spec.ServiceAccountName != "default" {
			t.Errorf("the pod has annotations %v, account %q", pod.Annotations, pod.Spec.ServiceAccountName)
		}
	}
	stop(t, d, c, "run")
}

// Pods that the namespace refuses are named with the cluster's words; a stop of a
// task that has no pod yet keeps it from ever running.
func TestPodsAreRefused(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	limit, err := c.CoreV1().LimitRanges(c.namespace).Create(t.Context(), &corev1.LimitRange{
		ObjectMeta: metav1.ObjectMeta{Name: "tight"},
		Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
			Type: corev1.LimitTypeContainer, Max: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Mi")},
		}}},
	}, metav1.CreateOptions{})
	must(t, err)
	d := open(t, c.options(t))
	start(t, d, specs("run", "wait", "eu-1", "eu-2"))
	for _, task := range []string{"eu-1", "eu-2"} {
		t.Log(await(t, d, "run", task, fleet.Pending, "its pod cannot be made", "maximum memory usage").Reason)
	}
	must(t, d.Stop(t.Context(), "run", "eu-2"))
	must(t, c.CoreV1().LimitRanges(c.namespace).Delete(t.Context(), limit.Name, metav1.DeleteOptions{}))
	eventually(t, "one task to be up and the stopped one's late pod to be ended", func() bool {
		list, err := d.List(t.Context(), "run")
		must(t, err)
		jobs, err := c.BatchV1().Jobs(c.namespace).List(t.Context(), metav1.ListOptions{})
		must(t, err)
		ended := jobs.Items[0].Status.CompletedIndexes
		if failed := jobs.Items[0].Status.FailedIndexes; failed != nil {
			ended += *failed
		}
		return len(list) == 1 && list[0].Task == "eu-1" && list[0].State == fleet.Up && ended == "1"
	}, func() any { return c.left(t, "run") })
	stop(t, d, c, "run")
}

// Nothing is wrong with a check of a region in which nothing is wrong; what is
// wrong is named, with its remedy.
func TestCheck(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	d := open(t, c.options(t))
	found, err := d.Check(t.Context())
	must(t, err)
	for _, f := range found {
		if f.State != load.FindingOK {
			t.Errorf("a good region: %+v", f)
		}
	}
	if left := c.left(t, ""); len(left) != 0 {
		t.Errorf("the check left %v", left)
	}
	c.quota(t, "pods", "0")
	o := c.options(t)
	o.CPU = 64
	o.Account, o.PullSecrets = "nobody", []corev1.LocalObjectReference{{Name: "no-secret"}}
	found, err = open(t, o).Check(t.Context())
	must(t, err)
	wantFinding(t, found, "quota", load.FindingFailed, "pods", "raise")
	wantFinding(t, found, "nodes", load.FindingFailed, "64 cores", "lower the region's cpu")
	wantFinding(t, found, "service account", load.FindingFailed, "nobody", "make it")
	wantFinding(t, found, "pull secret", load.FindingFailed, "no-secret", "make it")

	o = c.options(t)
	o.Namespace = "no-such-place"
	found, err = open(t, o).Check(t.Context())
	must(t, err)
	wantFinding(t, found, "job", load.FindingFailed, "no-such-place", "make the namespace")
	started, err := open(t, o).Start(t.Context(), specs("run", "wait", "eu-1"))
	if err == nil {
		err = started[0].Err
	}
	wantKind(t, err, fleet.BadSpec, "no-such-place")
}

func wantFinding(t *testing.T, found []load.Finding, check string, state load.FindingState, text, remedy string) {
	t.Helper()
	for _, f := range found {
		if f.Check == check {
			if f.State != state || !strings.Contains(f.Text, text) || !strings.Contains(f.Remedy, remedy) {
				t.Errorf("got %+v, want %s with %q and the remedy %q", f, state, text, remedy)
			}
			return
		}
	}
	t.Errorf("no finding of %s in %+v", check, found)
}

func wantKind(t *testing.T, err error, kind fleet.StartKind, words ...string) {
	t.Helper()
	var known *fleet.StartError
	if !errors.As(err, &known) || known.Kind != kind || known.Remedy == "" {
		t.Fatalf("got %v, want one of kind %s with a remedy", err, kind)
	}
	for _, w := range words {
		if !strings.Contains(known.Error(), w) {
			t.Errorf("%q does not name %q", known.Error(), w)
		}
	}
}
