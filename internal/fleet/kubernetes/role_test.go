package kubernetes_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	authentication "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/kubernetes"
	"onrush.dev/onrush/internal/load"
)

// way is a way to the API server that can be watched and cut.
type way struct {
	url   string
	mu    sync.Mutex
	calls map[string]bool // "create batch jobs"
	cut   chan struct{}   // closed when the server answers again; nil: it answers
	meet  func(call string) (through bool)
}

// wayTo puts a proxy before the API server.
func wayTo(t *testing.T, c *cluster) *way {
	t.Helper()
	target, err := url.Parse(c.config.Host)
	must(t, err)
	config := rest.AnonymousClientConfig(c.config)
	transport, err := rest.TransportFor(config)
	must(t, err)
	w := &way{calls: map[string]bool{}}
	proxy := &httputil.ReverseProxy{
		Transport: transport, FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.calls[callOf(r)] = true
		cut, meet := w.cut, w.meet
		w.mu.Unlock()
		if cut != nil { // a server that is stopped takes connections and says nothing
			select {
			case <-r.Context().Done():
				return
			case <-cut:
			}
		}
		if meet == nil || meet(callOf(r)) {
			proxy.ServeHTTP(rw, r)
		}
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// kubeconfig is the way as a file, with a token.
func (w *way) kubeconfig(t *testing.T, token string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, clusters: [{name: c, cluster: {server: %q, insecure-skip-tls-verify: true}}],
users: [{name: u, user: {token: %q}}], contexts: [{name: c, context: {cluster: c, user: u}}]}`, w.url, token)
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func (w *way) stop() (again func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	cut := make(chan struct{})
	w.cut = cut
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.cut = nil
		close(cut)
	}
}

// callOf names a call as rights name it.
func callOf(r *http.Request) string {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	group := ""
	switch {
	case parts[0] == "api" && len(parts) > 2:
		parts = parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		group, parts = parts[1], parts[3:]
	default:
		return r.URL.Path // no resource
	}
	place := "cluster"
	if parts[0] == "namespaces" && len(parts) > 2 {
		place, parts = "namespace", parts[2:]
	}
	what := parts[0]
	if len(parts) > 2 {
		what += "/" + parts[2]
	}
	verb := map[string]string{"POST": "create", "PATCH": "patch", "PUT": "update", "GET": "get", "DELETE": "delete"}[r.Method]
	if len(parts) == 1 {
		switch verb {
		case "get":
			verb = "list"
		case "delete":
			verb = "deletecollection"
		}
	}
	return strings.Join([]string{place, verb, group, what}, " ")
}

// roles reads role.yaml.
func roles(t *testing.T) (rbac.Role, rbac.ClusterRole) {
	t.Helper()
	var role rbac.Role
	var nodes rbac.ClusterRole
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(kubernetes.Role), 4096)
	must(t, decoder.Decode(&role))
	must(t, decoder.Decode(&nodes))
	if len(role.Rules) == 0 || len(nodes.Rules) == 0 {
		t.Fatal("role.yaml has no rules")
	}
	return role, nodes
}

// The page that users read shows the same rights as role.yaml.
func TestRoleInDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/regions.md")
	must(t, err)
	_, text, _ := strings.Cut(string(page), "kind: Role\n")
	text, _, _ = strings.Cut(text, "```")
	var shown rbac.Role
	must(t, yaml.Unmarshal([]byte(text), &shown))
	role, _ := roles(t)
	if !reflect.DeepEqual(shown.Rules, role.Rules) {
		t.Errorf("docs/regions.md shows the rights %v, role.yaml has %v", shown.Rules, role.Rules)
	}
	for _, s := range kubernetes.Kind().Settings {
		if !strings.Contains(string(page), "| `"+s.Name+"` |") {
			t.Errorf("docs/regions.md does not explain the setting %s", s.Name)
		}
	}
}

// server makes an account with the given rules, and returns its token.
func (c *cluster) server(t *testing.T, role *rbac.Role, nodes *rbac.ClusterRole) string {
	t.Helper()
	who := []rbac.Subject{{Kind: "ServiceAccount", Name: "server", Namespace: c.namespace}}
	_, err := c.CoreV1().ServiceAccounts(c.namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "server"}}, metav1.CreateOptions{})
	must(t, err)
	if role != nil {
		_, err = c.RbacV1().Roles(c.namespace).Create(t.Context(), role, metav1.CreateOptions{})
		must(t, err)
		_, err = c.RbacV1().RoleBindings(c.namespace).Create(t.Context(), &rbac.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "server"}, Subjects: who, RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "Role", Name: role.Name},
		}, metav1.CreateOptions{})
		must(t, err)
	}
	if nodes != nil {
		nodes.Name += "-" + c.namespace
		_, err = c.RbacV1().ClusterRoles().Create(t.Context(), nodes, metav1.CreateOptions{})
		must(t, err)
		_, err = c.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbac.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: nodes.Name}, Subjects: who, RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: nodes.Name},
		}, metav1.CreateOptions{})
		must(t, err)
		t.Cleanup(func() {
			_ = c.RbacV1().ClusterRoleBindings().Delete(context.Background(), nodes.Name, metav1.DeleteOptions{})
			_ = c.RbacV1().ClusterRoles().Delete(context.Background(), nodes.Name, metav1.DeleteOptions{})
		})
	}
	token, err := c.CoreV1().ServiceAccounts(c.namespace).CreateToken(t.Context(), "server", &authentication.TokenRequest{}, metav1.CreateOptions{})
	must(t, err)
	return token.Status.Token
}

// Everything works with the rights of role.yaml alone, and each of them is used.
func TestRoleIsTrue(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	role, nodes := roles(t)
	granted := map[string]bool{}
	for place, rules := range map[string][]rbac.PolicyRule{"namespace": role.Rules, "cluster": nodes.Rules} {
		for _, r := range rules {
			for _, what := range r.Resources {
				for _, verb := range r.Verbs {
					granted[strings.Join([]string{place, verb, r.APIGroups[0], what}, " ")] = true
				}
			}
		}
	}
	w := wayTo(t, c)
	o := c.options(t)
	o.Kubeconfig = w.kubeconfig(t, c.server(t, &role, &nodes))
	d := open(t, o)
	eventually(t, "the rights to hold", func() bool {
		found, err := d.Check(t.Context())
		must(t, err)
		return !slices.ContainsFunc(found, func(f load.Finding) bool { return f.State != load.FindingOK })
	}, func() any { found, err := d.Check(t.Context()); return fmt.Sprint(found, err) })
	_, err := d.Capacity(t.Context())
	must(t, err)
	start(t, d, specs("run", "wait", "eu-1", "eu-2"))
	await(t, d, "run", "eu-1", fleet.Up)
	log, err := d.Logs(t.Context(), "run", "eu-1", false)
	must(t, err)
	must(t, log.Close())
	must(t, d.Stop(t.Context(), "run", "eu-1"))
	_, err = c.CoreV1().LimitRanges(c.namespace).Create(t.Context(), &corev1.LimitRange{
		ObjectMeta: metav1.ObjectMeta{Name: "tight"},
		Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
			Type: corev1.LimitTypeContainer, Max: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Mi")},
		}}},
	}, metav1.CreateOptions{})
	must(t, err)
	start(t, d, specs("run", "wait", "eu-3"))
	await(t, d, "run", "eu-3", fleet.Pending, "maximum memory usage") // read from events
	stop(t, d, c, "run")

	w.mu.Lock()
	defer w.mu.Unlock()
	everybodys := []string{ // what every account may do
		"cluster create authorization.k8s.io selfsubjectaccessreviews", "cluster create authentication.k8s.io selfsubjectreviews", "/version",
	}
	for call := range w.calls {
		if !granted[call] && !slices.Contains(everybodys, call) {
			t.Errorf("the driver calls %q, which role.yaml does not grant", call)
		}
	}
	for right := range granted {
		if !w.calls[right] {
			t.Errorf("role.yaml grants %q, which the driver does not use", right)
		}
	}
}

// A server without rights is told which ones it lacks, and how it gets them.
func TestDenied(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	w := wayTo(t, c)
	role, _ := roles(t)
	role.Rules = slices.DeleteFunc(role.Rules, func(r rbac.PolicyRule) bool { return slices.Contains(r.Resources, "secrets") })
	o := c.options(t)
	o.Kubeconfig = w.kubeconfig(t, c.server(t, &role, nil))
	d := open(t, o)
	var found []load.Finding
	eventually(t, "the rights to hold", func() bool {
		var err error
		found, err = d.Check(t.Context())
		must(t, err)
		return slices.ContainsFunc(found, func(f load.Finding) bool {
			return f.Check == "permission" && f.State == load.FindingFailed && strings.HasSuffix(f.Text, ": create secrets")
		})
	}, func() any { return found })
	wantFinding(t, found, "permission", load.FindingFailed, "create secrets", "kind: Role")
	// Half of a start is none: the Job does not stay without its tickets.
	answers, err := d.Start(t.Context(), specs("run", "wait", "eu-1"))
	must(t, err)
	wantKind(t, answers[0].Err, fleet.Denied, "secrets", "role")
	eventually(t, "nothing to be left", func() bool { return len(c.left(t, "run")) == 0 })
	capacity, err := d.Capacity(t.Context())
	must(t, err)
	if !strings.Contains(capacity.Note, "refused") {
		t.Errorf("got note %q, want it to say that nodes are not known", capacity.Note)
	}

	o.Kubeconfig = w.kubeconfig(t, "no-such-token")
	stranger := open(t, o)
	_, err = stranger.Start(t.Context(), specs("run", "wait", "eu-1"))
	wantKind(t, err, fleet.Denied, "renew")
	found, err = stranger.Check(t.Context())
	must(t, err)
	wantFinding(t, found, "credentials", load.FindingFailed, "", "renew")
}

// The API server is down for a while: tasks go on, and what was asked for in that
// time is done after it, once.
func TestOutage(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	w := wayTo(t, c)
	o := c.options(t)
	role, nodes := roles(t)
	o.Kubeconfig = w.kubeconfig(t, c.server(t, &role, &nodes))
	d := open(t, o)
	eventually(t, "the rights to hold", func() bool { _, err := d.List(t.Context(), ""); return err == nil })
	start(t, d, specs("run", "wait", "eu-1"))
	before := await(t, d, "run", "eu-1", fleet.Up)

	again := w.stop()
	begin := time.Now()
	asked := make(chan error, 1)
	go func() {
		answers, err := d.Start(t.Context(), specs("run", "wait", "eu-1", "eu-2"))
		if err == nil {
			for _, a := range answers {
				err = a.Err
			}
		}
		asked <- err
	}()
	found, err := d.Check(t.Context()) // it does not wait for the end of the outage
	must(t, err)
	wantFinding(t, found, "reach", load.FindingFailed, "does not answer", "API server")
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("a check of a server that is down took %s", took)
	}
	select {
	case err := <-asked:
		t.Fatalf("the start ended during the outage: %v", err)
	case <-time.After(max(0, 30*time.Second-time.Since(begin))):
	}
	again()
	must(t, <-asked)
	if after := await(t, d, "run", "eu-1", fleet.Up); !after.Started.Equal(before.Started) {
		t.Errorf("the task started again at %s, first at %s", after.Started, before.Started)
	}
	await(t, d, "run", "eu-2", fleet.Up)
	stop(t, d, c, "run")
}
