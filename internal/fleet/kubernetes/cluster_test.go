package kubernetes_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	client "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/fleettest"
	"onrush.dev/onrush/internal/fleet/kubernetes"
	"onrush.dev/onrush/internal/house/ociimage"
	"onrush.dev/onrush/internal/load"
)

const (
	kubeconfigEnv = "ONRUSH_TEST_KUBECONFIG"
	ctrEnv        = "ONRUSH_TEST_CTR"
	patience      = 4 * time.Minute // long, since machines are slow and noisy
)

// cluster is the real one that tests run against.
type cluster struct {
	client.Interface
	config    *rest.Config
	namespace string // of this test alone
}

func connect(t *testing.T) *cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a cluster")
	}
	path := os.Getenv(kubeconfigEnv)
	if path == "" {
		t.Fatalf("%s is not set: run scripts/components/kubernetes up and export what it prints", kubeconfigEnv)
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS, config.Burst = 200, 400
	c, err := client.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return &cluster{Interface: c, config: config}
}

// fresh connects with a namespace for this test, which goes with it.
func fresh(t *testing.T) *cluster {
	t.Helper()
	c := connect(t)
	made, err := c.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "onrush-test-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.namespace = made.Name
	t.Cleanup(func() {
		if err := c.CoreV1().Namespaces().Delete(context.Background(), made.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	// Pods are refused until the namespace's own account is there.
	eventually(t, "a service account", func() bool {
		_, err := c.CoreV1().ServiceAccounts(made.Name).Get(t.Context(), "default", metav1.GetOptions{})
		return err == nil
	})
	return c
}

// options are those of a small region.
func (c *cluster) options(t *testing.T) kubernetes.Options {
	t.Helper()
	return kubernetes.Options{
		Place: fleet.Place{
			Region: load.Region{Name: "eu", Driver: "kubernetes", CPU: 0.05, Memory: 24 << 20, Image: taskImage(t)},
			Server: "test-" + c.namespace,
		},
		Kubeconfig: os.Getenv(kubeconfigEnv), Namespace: c.namespace, Pull: corev1.PullNever, Grace: time.Second,
	}
}

func open(t *testing.T, o kubernetes.Options) *kubernetes.Driver {
	t.Helper()
	d, err := kubernetes.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// taskImage is an image whose tasks do what their ticket says.
func taskImage(t *testing.T) string {
	t.Helper()
	return image(t, "onrush.test/task", `ONRUSH_TICKET=$(cat "$ONRUSH_TICKET_FILE")`+fleettest.Program, "10001")
}

var importing sync.Mutex

// image brings an image of a shell script onto the node.
func image(t *testing.T, name, script, user string) string {
	t.Helper()
	ctr := strings.Fields(os.Getenv(ctrEnv))
	if len(ctr) == 0 {
		t.Fatalf("%s is not set: run scripts/components/kubernetes up and export what it prints", ctrEnv)
	}
	sum := sha256.Sum256([]byte(script + user))
	ref := name + ":" + hex.EncodeToString(sum[:6])
	importing.Lock()
	defer importing.Unlock()
	if out, err := exec.Command(ctr[0], append(ctr[1:], "images", "list", "-q", "name=="+ref)...).Output(); err == nil && len(bytes.TrimSpace(out)) > 0 {
		return ref
	}
	path := filepath.Join(t.TempDir(), "image.tar")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	err = ociimage.Write(file, ociimage.Image{Ref: ref, Files: ociimage.Busybox(), Entrypoint: []string{"/bin/sh", "-c", script}, User: user})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(ctr[0], append(ctr[1:], "images", "import", path)...).CombinedOutput(); err != nil {
		t.Fatalf("import %s: %v: %s", ref, err, out)
	}
	return ref
}

// left is what the cluster still has of a run.
func (c *cluster) left(t *testing.T, run string) []string {
	t.Helper()
	options := metav1.ListOptions{}
	if run != "" {
		options.LabelSelector = "onrush.run=" + run
	}
	var found []string
	pods, err := c.CoreV1().Pods(c.namespace).List(context.Background(), options)
	must(t, err)
	for _, p := range pods.Items {
		found = append(found, "pod/"+p.Name)
	}
	jobs, err := c.BatchV1().Jobs(c.namespace).List(context.Background(), options)
	must(t, err)
	for _, j := range jobs.Items {
		found = append(found, "job/"+j.Name)
	}
	secrets, err := c.CoreV1().Secrets(c.namespace).List(context.Background(), options)
	must(t, err)
	for _, s := range secrets.Items {
		found = append(found, "secret/"+s.Name)
	}
	return found
}

// pod finds the pod of an instance.
func (c *cluster) pod(t *testing.T, i fleet.Instance) *corev1.Pod {
	t.Helper()
	pods, err := c.CoreV1().Pods(c.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "onrush.run=" + i.Run})
	must(t, err)
	for n := range pods.Items {
		if strings.HasPrefix(pods.Items[n].Name, i.ID+"-") {
			return &pods.Items[n]
		}
	}
	t.Fatalf("no pod of instance %s", i.ID)
	return nil
}

// kill ends an instance's first process by force, behind everybody's back.
func (c *cluster) kill(t *testing.T, i fleet.Instance) {
	t.Helper()
	id := strings.TrimPrefix(c.pod(t, i).Status.ContainerStatuses[0].ContainerID, "containerd://")
	ctr := strings.Fields(os.Getenv(ctrEnv))
	if out, err := exec.Command(ctr[0], append(ctr[1:], "tasks", "kill", "--signal", "SIGKILL", id)...).CombinedOutput(); err != nil {
		t.Fatalf("kill %s: %v: %s", i.ID, err, out)
	}
}

// specs makes a spec per task that plays the given part.
func specs(run, part string, tasks ...string) []fleet.TaskSpec {
	var list []fleet.TaskSpec
	for _, task := range tasks {
		list = append(list, fleet.TaskSpec{Run: run, Task: task, Region: "eu", Ticket: part})
	}
	return list
}

// many names tasks.
func many(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("eu-%d", i+1))
	}
	return names
}

func start(t *testing.T, d *kubernetes.Driver, list []fleet.TaskSpec) []fleet.Started {
	t.Helper()
	started, err := d.Start(t.Context(), list)
	must(t, err)
	for i, a := range started {
		if a.Err != nil {
			t.Fatalf("task %s: %v", list[i].Task, a.Err)
		}
	}
	return started
}

func instance(t *testing.T, d *kubernetes.Driver, run, task string) fleet.Instance {
	t.Helper()
	list, err := d.List(t.Context(), run)
	must(t, err)
	for _, i := range list {
		if i.Task == task {
			return i
		}
	}
	return fleet.Instance{}
}

// await waits until an instance is in a state and its reason holds some words.
func await(t *testing.T, d *kubernetes.Driver, run, task string, state fleet.State, words ...string) fleet.Instance {
	t.Helper()
	var got fleet.Instance
	eventually(t, fmt.Sprintf("%s to be %s with %q", task, state, words), func() bool {
		got = instance(t, d, run, task)
		for _, w := range words {
			if !strings.Contains(got.Reason, w) {
				return false
			}
		}
		return got.State == state
	}, func() any { return got })
	return got
}

func stop(t *testing.T, d *kubernetes.Driver, c *cluster, run string) {
	t.Helper()
	must(t, d.Stop(t.Context(), run))
	var left []string
	eventually(t, "nothing to be left of "+run, func() bool { left = c.left(t, run); return len(left) == 0 }, func() any { return left })
}

// eventually waits until something is so; what says how it is when it never gets so.
func eventually(t *testing.T, hope string, so func() bool, what ...func() any) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			var seen []any
			for _, w := range what {
				seen = append(seen, w())
			}
			t.Fatalf("waited for %s; now: %+v", hope, seen)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func copyAll(to io.Writer, from io.ReadCloser) (int64, error) {
	defer from.Close()
	return io.Copy(to, from)
}
