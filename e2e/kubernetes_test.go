package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"onrush.dev/onrush/internal/house/ociimage"
)

// TestKubernetes runs the scripts of testdata/kubernetes against the real cluster.
// Pods share the host's network: their load goes to loopback.
func TestKubernetes(t *testing.T) {
	t.Parallel()
	kubeconfig, ctr, client := testCluster(t)
	image := agentImage(t, ctr)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/kubernetes",
		Setup: func(env *testscript.Env) error {
			if err := setup(env); err != nil {
				return err
			}
			env.Setenv("KUBECONFIG_FILE", kubeconfig)
			env.Setenv("IMAGE", image)
			return setNamespace(t, env, client)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": cmdCode, "start": cmdStart, "says": cmdSays, "signal": cmdSignal, "finish": cmdFinish,
			"target": cmdTarget, "serve": cmdServe, "await": cmdAwait, "json": cmdJSON, "keep": cmdKeep, "whole": cmdWhole,
			// killcontainer INDEX ends its first process by force.
			"killcontainer": func(ts *testscript.TestScript, _ bool, args []string) {
				pod := runningPod(ts, client, args[0])
				id := strings.TrimPrefix(pod.Status.ContainerStatuses[0].ContainerID, "containerd://")
				ts.Check(exec.Command(ctr[0], append(ctr[1:], "tasks", "kill", "--signal", "SIGKILL", id)...).Run())
			},
			// deletepod INDEX takes it away behind the server's back, as a drain of its node does.
			"deletepod": func(ts *testscript.TestScript, _ bool, args []string) {
				pod := runningPod(ts, client, args[0])
				ts.Check(client.CoreV1().Pods(pod.Namespace).Delete(context.Background(), pod.Name, metav1.DeleteOptions{}))
			},
			// empty waits until the namespace has nothing of ours.
			"empty": func(ts *testscript.TestScript, _ bool, _ []string) {
				var left []string
				for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
					if left = leftIn(ts, client, ts.Getenv("NAMESPACE")); len(left) == 0 {
						return
					}
				}
				ts.Fatalf("the namespace still has %s", strings.Join(left, ", "))
			},
		},
	})
}

// testCluster is the real cluster: its kubeconfig, the command that works on its
// node's images, and a client.
func testCluster(t *testing.T) (kubeconfig string, ctr []string, client kubernetes.Interface) {
	t.Helper()
	kubeconfig, ctr = os.Getenv("ONRUSH_TEST_KUBECONFIG"), strings.Fields(os.Getenv("ONRUSH_TEST_CTR"))
	if kubeconfig == "" || len(ctr) == 0 {
		t.Fatal("ONRUSH_TEST_KUBECONFIG or ONRUSH_TEST_CTR is not set: run scripts/components/kubernetes up and export what it prints")
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err = kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return kubeconfig, ctr, client
}

// setNamespace makes a namespace for a script, and takes it away after it.
func setNamespace(t *testing.T, env *testscript.Env, client kubernetes.Interface) error {
	made, err := client.CoreV1().Namespaces().Create(context.Background(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "onrush-e2e-"}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	env.Defer(func() {
		if err := client.CoreV1().Namespaces().Delete(context.Background(), made.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	env.Setenv("NAMESPACE", made.Name)
	return nil
}

// runningPod is the pod that runs the task with an index.
func runningPod(ts *testscript.TestScript, client kubernetes.Interface, index string) corev1.Pod {
	list, err := client.CoreV1().Pods(ts.Getenv("NAMESPACE")).List(context.Background(), metav1.ListOptions{LabelSelector: "batch.kubernetes.io/job-completion-index=" + index})
	ts.Check(err)
	for _, pod := range list.Items {
		if pod.Status.Phase == corev1.PodRunning {
			return pod
		}
	}
	ts.Fatalf("no pod with index %s runs", index)
	return corev1.Pod{}
}

func leftIn(ts *testscript.TestScript, client kubernetes.Interface, namespace string) []string {
	var left []string
	ctx, options := context.Background(), metav1.ListOptions{LabelSelector: "onrush.server"}
	pods, err := client.CoreV1().Pods(namespace).List(ctx, options)
	ts.Check(err)
	for _, p := range pods.Items {
		left = append(left, "pod "+p.Name)
	}
	jobs, err := client.BatchV1().Jobs(namespace).List(ctx, options)
	ts.Check(err)
	for _, j := range jobs.Items {
		left = append(left, "job "+j.Name)
	}
	secrets, err := client.CoreV1().Secrets(namespace).List(ctx, options)
	ts.Check(err)
	for _, s := range secrets.Items {
		left = append(left, "secret "+s.Name)
	}
	return left
}

// agentImage brings the agent that was just built onto the node, as an image.
func agentImage(t *testing.T, ctr []string) string {
	t.Helper()
	agent := filepath.Join(programs, "onrush-agent")
	content, err := os.ReadFile(agent)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	ref := "onrush.test/agent:" + hex.EncodeToString(sum[:6])
	path := filepath.Join(t.TempDir(), "agent.tar")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	err = ociimage.Write(file, ociimage.Image{
		Ref: ref, Files: []ociimage.File{{Path: "/onrush-agent", Source: agent}}, Entrypoint: []string{"/onrush-agent"}, User: "10001",
	})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(ctr[0], append(ctr[1:], "images", "import", path)...).CombinedOutput(); err != nil {
		t.Fatalf("import %s: %v: %s", ref, err, out)
	}
	return ref
}
