package kubernetes_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/kubernetes"
	"onrush.dev/onrush/internal/load"
)

// kubeconfig is a file of a cluster that is nowhere.
func kubeconfig(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	must(t, os.WriteFile(path, []byte(`{apiVersion: v1, kind: Config, current-context: c, clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}],
users: [{name: u, user: {token: t}}], contexts: [{name: c, context: {cluster: c, user: u, namespace: here}}]}`), 0o600))
	return path
}

func TestSettings(t *testing.T) {
	t.Parallel()
	path := kubeconfig(t)
	tests := map[string]struct {
		settings map[string]string
		faults   []string // words of the error; none: it is allowed
	}{
		"all of them": {map[string]string{
			"context": "c", "namespace": "load-tests", "service_account": "task", "node_selector": "pool=load, kubernetes.io/arch=amd64",
			"tolerations": "dedicated=load:NoSchedule,spot,gpu:NoExecute,*", "pull_secrets": "a, b", "pull_policy": "Always",
			"host_network": "yes", "priority_class": "low", "annotations": "example.org/team=load,x=a b", "autoscaler": "yes",
		}, nil},
		"none":                   {nil, nil},
		"a namespace":            {map[string]string{"namespace": "Load Tests"}, []string{"region eu", "namespace", "Load Tests"}},
		"a selector":             {map[string]string{"node_selector": "pool"}, []string{"node_selector", `"pool"`, "KEY=VALUE"}},
		"a selector's key":       {map[string]string{"node_selector": "a b=c"}, []string{"node_selector", "a b=c"}},
		"a toleration":           {map[string]string{"tolerations": "=x"}, []string{"tolerations", "KEY[=VALUE][:EFFECT]"}},
		"a toleration's effect":  {map[string]string{"tolerations": "a:Never"}, []string{"tolerations", "NoSchedule"}},
		"a pull policy":          {map[string]string{"pull_policy": "sometimes"}, []string{"pull_policy", "sometimes", "IfNotPresent, Always, Never"}},
		"a yes or no":            {map[string]string{"host_network": "perhaps"}, []string{"host_network", "no, yes"}},
		"a secret":               {map[string]string{"pull_secrets": "a,B!"}, []string{"pull_secrets", "B!"}},
		"a context that is none": {map[string]string{"context": "elsewhere"}, []string{"region eu", "elsewhere"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := map[string]string{"kubeconfig": path}
			for k, v := range test.settings {
				settings[k] = v
			}
			d, err := kubernetes.Kind().Open(fleet.Place{Region: load.Region{Name: "eu", Settings: settings}})
			if len(test.faults) == 0 {
				must(t, err)
				must(t, d.Close())
				return
			}
			if load.ErrorCode(err) != load.Invalid {
				t.Fatalf("got %v, want an error of code invalid", err)
			}
			for _, word := range test.faults {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %q does not hold %q", err, word)
				}
			}
		})
	}
}

func TestNoSuchKubeconfig(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "nothing")
	_, err := kubernetes.Kind().Open(fleet.Place{Region: load.Region{Name: "eu", Settings: map[string]string{"kubeconfig": path}}})
	if load.ErrorCode(err) != load.Invalid || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error of code invalid that names the file", err)
	}
}
