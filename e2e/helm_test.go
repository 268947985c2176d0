package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const chart = "../deploy/helm/onrush"

// object is one of those that a chart makes.
type object struct {
	Kind     string
	Metadata struct{ Name, Namespace string }
	Rules    []struct {
		APIGroups []string `yaml:"apiGroups"`
		Resources []string
		Verbs     []string
	}
}

func objects(t *testing.T, text []byte) map[string]object {
	t.Helper()
	all := map[string]object{}
	for decoder := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var o object
		err := decoder.Decode(&o)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if o.Kind != "" {
			all[o.Kind+" "+o.Metadata.Name] = o
		}
	}
}

// TestChartRendersAndRefuses: the chart is sound, says which value is wrong, and
// gives the server exactly the rights that the driver says it needs.
func TestChartRendersAndRefuses(t *testing.T) {
	t.Parallel()
	helm := componentEnv(t, "ONRUSH_TEST_HELM", "helm")
	command(t, "", nil, helm, "lint", "--strict", chart)
	everything := []string{
		helm, "template", "onrush", chart, "--namespace", "load", "--set", "ingress.enabled=true", "--set", "ingress.host=onrush.test",
		"--set", "ingress.tlsSecret=tls", "--set", "networkPolicy.enabled=true", "--set", "server.tlsSecret=own", "--set", "server.adminSecret=admin",
		"--set", "server.databaseSecret=db", "--set", "region.limit=3", "--set-json", `pullSecrets=["registry"]`,
		"--set-json", `server.trustedProxies=["10.0.0.0/8"]`, "--set-json", `regions=[{"name":"eu","driver":"ecs"}]`,
	}
	all := objects(t, []byte(command(t, "", nil, everything...)))
	for _, want := range []string{
		"Deployment onrush", "Service onrush", "Ingress onrush", "NetworkPolicy onrush", "NetworkPolicy onrush-tasks", "PersistentVolumeClaim onrush-data",
		"ConfigMap onrush", "ServiceAccount onrush", "ServiceAccount onrush-task",
	} {
		if _, ok := all[want]; !ok {
			t.Errorf("there is no %s", want)
		}
	}
	needed, err := os.ReadFile("../internal/fleet/kubernetes/role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	driver := objects(t, needed)
	for ours, theirs := range map[string]string{"Role onrush-region": "Role onrush-region", "ClusterRole load-onrush-nodes": "ClusterRole onrush-region-nodes"} {
		if got, want := all[ours].Rules, driver[theirs].Rules; len(want) == 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("the chart's %s gives %v, the driver needs %v", ours, got, want)
		}
	}
	alone := objects(t, []byte(command(t, "", nil, helm, "template", "onrush", chart, "--set", "region.enabled=false", "--set", "persistence.enabled=false")))
	for name := range alone {
		if strings.Contains(name, "Role") || strings.Contains(name, "Claim") {
			t.Errorf("a server without a region and a volume gets a %s", name)
		}
	}
	for value, want := range map[string]string{
		"service.type=Loadbalancer": "type", "region.memory=lots": "memory", "serverr.port=1": "serverr", "ingress.enabled=true": "host", "server.publicURL=onrush.test": "publicURL",
	} {
		if out, err := tryCommand(t.Context(), "", nil, helm, "template", "onrush", chart, "--set", value); err == nil || !strings.Contains(out, want) {
			t.Errorf("%s: got %v, %s, want an error that names %q", value, err, out, want)
		}
	}
}

// TestChartInACluster installs the chart in a real cluster, makes runs whose tasks
// are pods, and uninstalls it: what stays is the volume that was asked to stay.
//
// The cluster has no proxy for services, so server and tasks share the node's
// network here; load goes to its loopback.
func TestChartInACluster(t *testing.T) {
	t.Parallel()
	helm := componentEnv(t, "ONRUSH_TEST_HELM", "helm")
	kubeconfig := componentEnv(t, "ONRUSH_TEST_KUBECONFIG", "kubernetes")
	ctr := strings.Fields(componentEnv(t, "ONRUSH_TEST_CTR", "kubernetes"))
	for _, name := range []string{"server-all", "agent-all"} {
		command(t, "", nil, append(ctr, "images", "import", imageFile(t, name))...)
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	c := charted{t: t, helm: helm, kubeconfig: kubeconfig, cluster: cluster, namespace: fmt.Sprintf("onrush-chart-%d", os.Getpid()), port: freePort(t)}
	c.prepare("a password for tests")
	values := []string{
		"image.tag=test", "image.pullPolicy=Never", "region.image.pullPolicy=Never", "server.adminSecret=admin", "persistence.size=1Gi",
		"server.hostNetwork=true", "server.port=" + c.port, "server.publicURL=http://127.0.0.1:" + c.port, "region.serverURL=http://127.0.0.1:" + c.port,
		"region.settings.host_network=yes", "region.cpu=0.2", "region.memory=512MiB", "region.limit=4",
		"server.resources.requests.cpu=100m", "server.resources.requests.memory=128Mi",
	}
	args := []string{"install", "onrush", chart, "--namespace", c.namespace, "--set", strings.Join(values, ",")}
	c.run(append(args, "--dry-run=server")...) // as the API server sees it
	t.Cleanup(func() { _, _ = c.try("uninstall", "onrush", "--namespace", c.namespace, "--wait", "--timeout", "2m") })
	c.run(append(args, "--wait", "--timeout", deployWithin.String())...)
	server := "http://127.0.0.1:" + c.port
	awaitURL(t, server+"/api/v1/health", func() string { return "the server of the chart does not answer" })

	u := logIn(t, server, "a password for tests")
	u.command("regions", "check", "kubernetes")
	target := startTarget(t)
	for _, engine := range []string{"http", "k6"} {
		t.Logf("a run of %s took %.1fs", engine, u.run(engine, scenarioOf(t, engine, target, "kubernetes")).Seconds())
	}
	c.run("uninstall", "onrush", "--namespace", c.namespace, "--wait", "--timeout", "3m")
	c.onlyVolumeIsLeft()
}

// charted is one release in a namespace of its own.
type charted struct {
	t                           *testing.T
	helm, kubeconfig, namespace string
	port                        string
	cluster                     kubernetes.Interface
}

func (c charted) try(args ...string) (string, error) {
	return tryCommand(context.Background(), "", []string{"KUBECONFIG=" + c.kubeconfig, "HELM_CACHE_HOME=" + os.TempDir()}, append([]string{c.helm}, args...)...)
}

func (c charted) run(args ...string) {
	c.t.Helper()
	if out, err := c.try(args...); err != nil {
		c.t.Fatalf("helm %s: %v\n%s\n%s", args[0], err, out, c.explain())
	}
}

// prepare makes the namespace, the password, and a volume: this cluster makes none
// by itself.
func (c charted) prepare(password string) {
	c.t.Helper()
	ctx := c.t.Context()
	data := filepath.Join(c.t.TempDir(), "data")
	if err := errors.Join(os.Mkdir(data, 0o755), os.Chown(data, 65532, 65532)); err != nil {
		c.t.Fatal(err)
	}
	// The node's containers come to it through the test's own folder.
	for dir := filepath.Dir(data); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			c.t.Fatal(err)
		}
	}
	if _, err := c.cluster.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: c.namespace}}, metav1.CreateOptions{}); err != nil {
		c.t.Fatal(err)
	}
	volume := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: c.namespace},
		Spec: corev1.PersistentVolumeSpec{
			Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
			ClaimRef:                      &corev1.ObjectReference{Namespace: c.namespace, Name: "onrush-data"},
			PersistentVolumeSource:        corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: data}},
		},
	}
	if _, err := c.cluster.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{}); err != nil {
		c.t.Fatal(err)
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "admin"}, StringData: map[string]string{"password": password}}
	if _, err := c.cluster.CoreV1().Secrets(c.namespace).Create(ctx, secret, metav1.CreateOptions{}); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		ctx := context.Background()
		err := errors.Join(
			c.cluster.CoreV1().Namespaces().Delete(ctx, c.namespace, metav1.DeleteOptions{}),
			c.cluster.CoreV1().PersistentVolumes().Delete(ctx, c.namespace, metav1.DeleteOptions{}),
		)
		if err != nil {
			c.t.Error(err)
		}
	})
}

// explain tells why pods are not what they should be.
func (c charted) explain() string {
	var out strings.Builder
	pods, err := c.cluster.CoreV1().Pods(c.namespace).List(context.Background(), metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	for _, p := range pods.Items {
		fmt.Fprintf(&out, "pod %s: %s %s\n", p.Name, p.Status.Phase, p.Status.Message)
		for _, s := range p.Status.ContainerStatuses {
			fmt.Fprintf(&out, "  %s: %+v\n", s.Name, s.State)
		}
		if text, err := c.cluster.CoreV1().Pods(c.namespace).GetLogs(p.Name, &corev1.PodLogOptions{}).DoRaw(context.Background()); err == nil {
			fmt.Fprintf(&out, "%s\n", text)
		}
	}
	events, err := c.cluster.CoreV1().Events(c.namespace).List(context.Background(), metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	for _, e := range events.Items {
		fmt.Fprintf(&out, "%s %s: %s\n", e.InvolvedObject.Kind, e.InvolvedObject.Name, e.Message)
	}
	return out.String()
}

// onlyVolumeIsLeft looks at what an uninstalled release leaves.
func (c charted) onlyVolumeIsLeft() {
	c.t.Helper()
	ctx := c.t.Context()
	claims, err := c.cluster.CoreV1().PersistentVolumeClaims(c.namespace).List(ctx, metav1.ListOptions{})
	if err != nil || len(claims.Items) != 1 || claims.Items[0].Name != "onrush-data" {
		c.t.Errorf("the volume was asked to stay; there are %d claims, %v", len(claims.Items), err)
	}
	// What goes with its owner goes a little later.
	var left []string
	for deadline := time.Now().Add(deployWithin); time.Now().Before(deadline); {
		if left, err = c.left(); err == nil && len(left) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			c.t.Fatal(ctx.Err())
		case <-time.After(500 * time.Millisecond):
		}
	}
	c.t.Errorf("helm uninstall leaves %s (%v)", strings.Join(left, ", "), err)
}

// left names what there still is of the release and of its tasks.
func (c charted) left() ([]string, error) {
	ctx, none := c.t.Context(), metav1.ListOptions{}
	mine := metav1.ListOptions{LabelSelector: "app.kubernetes.io/instance=onrush"}
	var left []string
	var faults []error
	note := func(kind string, n int, err error) {
		faults = append(faults, err)
		if n > 0 {
			left = append(left, fmt.Sprintf("%d %s", n, kind))
		}
	}
	jobs, err := c.cluster.BatchV1().Jobs(c.namespace).List(ctx, none)
	note("jobs", len(jobs.Items), err)
	pods, err := c.cluster.CoreV1().Pods(c.namespace).List(ctx, none)
	note("pods", len(pods.Items), err)
	roles, err := c.cluster.RbacV1().Roles(c.namespace).List(ctx, none)
	note("roles", len(roles.Items), err)
	everywhere, err := c.cluster.RbacV1().ClusterRoles().List(ctx, mine)
	note("cluster roles", len(everywhere.Items), err)
	accounts, err := c.cluster.CoreV1().ServiceAccounts(c.namespace).List(ctx, mine)
	note("accounts", len(accounts.Items), err)
	secrets, err := c.cluster.CoreV1().Secrets(c.namespace).List(ctx, none)
	note("secrets beside the password", len(secrets.Items)-1, err)
	services, err := c.cluster.CoreV1().Services(c.namespace).List(ctx, none)
	note("services", len(services.Items), err)
	return left, errors.Join(faults...)
}
