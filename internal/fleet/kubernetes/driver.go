package kubernetes

import (
	"cmp"
	"log/slog"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// Options are a region's settings.
type Options struct {
	fleet.Place
	Kubeconfig  string
	Context     string
	Namespace   string // empty: the context's
	Account     string
	Selector    map[string]string
	Tolerations []corev1.Toleration
	PullSecrets []corev1.LocalObjectReference
	Pull        corev1.PullPolicy
	HostNetwork bool
	Priority    string
	Annotations map[string]string
	Autoscaler  bool          // nodes are added when needed
	Grace       time.Duration // between the gentle and the forced end of a pod; default 10 s
}

// What a task gets when nobody says.
const (
	defaultCPU    = 1
	defaultMemory = 1 << 30
)

// Driver runs tasks as pods. What it knows it reads from the cluster; what it
// keeps in memory only makes words better and saves calls.
type Driver struct {
	Options
	client   kubernetes.Interface
	host     string     // of the API server, for messages
	starting sync.Mutex // the limit holds over concurrent calls
	done     chan struct{}
	closed   sync.Once
	troubles troubles
	last     lastSeen
}

var _ fleet.Driver = (*Driver)(nil)

// New makes the driver of one region. It asks the cluster nothing yet.
func New(o Options) (*Driver, error) {
	o.Grace = cmp.Or(o.Grace, 10*time.Second)
	o.Pull = cmp.Or(o.Pull, corev1.PullIfNotPresent)
	if o.CPU == 0 {
		o.CPU = defaultCPU
	}
	if o.Memory == 0 {
		o.Memory = defaultMemory
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Version = cmp.Or(o.Version, "dev")
	config, namespace, err := connect(o)
	if err != nil {
		return nil, err
	}
	o.Namespace = cmp.Or(o.Namespace, namespace, corev1.NamespaceDefault)
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, load.Errorf(load.Invalid, "region %s: kubeconfig: %w", o.Name, err)
	}
	return &Driver{Options: o, client: client, host: config.Host, done: make(chan struct{})}, nil
}

// connect finds the cluster, as kubectl would.
func connect(o Options) (*rest.Config, string, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules() // KUBECONFIG, then the user's own file
	rules.WarnIfAllMissing = false
	rules.ExplicitPath = o.Kubeconfig
	found := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: o.Context})
	config, err := found.ClientConfig() // falls back to the cluster that the server runs in
	if err != nil {
		return nil, "", load.Errorf(load.Invalid, "region %s: %s %q, %s %q: %w", o.Name, setKubeconfig, o.Kubeconfig, setContext, o.Context, err)
	}
	namespace, _, err := found.Namespace()
	if err != nil {
		return nil, "", load.Errorf(load.Invalid, "region %s: %s %q: %w", o.Name, setKubeconfig, o.Kubeconfig, err)
	}
	config.UserAgent = "onrush/" + o.Version
	config.ContentType = "application/vnd.kubernetes.protobuf" // a third of the work of JSON with hundreds of pods
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	config.QPS, config.Burst = 50, 100
	config.WarningHandlerWithContext = warnings{}
	return config, namespace, nil
}

// Close implements fleet.Driver.
func (d *Driver) Close() error {
	d.closed.Do(func() { close(d.done) })
	return nil
}
