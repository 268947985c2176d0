package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
)

// parts in the order of their start.
var parts = []string{"etcd", "apiserver", "controller-manager", "scheduler", "containerd", "kubelet"}

// ports are free ones, chosen at every start: other clusters may be here too.
type ports struct{ etcd, peer, api, kubelet int }

// admin is the token of the cluster's administrator.
const admin = "onrush-test-admin"

// host is what a cluster takes of its machine beside its folder. Clusters of
// several folders take different ones.
type host struct {
	bridge  string // of the pods' network
	network string // its first half is the services', its second the pods': "10.207"
	groups  string // control group above all pods: what is in it may be ended
}

// hostOf derives them from the cluster's folder.
func hostOf(dir string) host {
	sum := sha256.Sum256([]byte(dir))
	return host{
		bridge:  "onrush" + hex.EncodeToString(sum[:3]),
		network: fmt.Sprintf("10.%d", 192+int(sum[3])%60),
		groups:  "/onrush-test-kubernetes-" + hex.EncodeToString(sum[:3]),
	}
}

// gateway is the bridge's address. The bridge is made before the first pod, so
// that the API server can listen there, where host and pods both reach it.
func (h host) gateway() string { return h.network + ".128.1" }

func (h host) podRange() string { return h.network + ".128.0/17" }

// apiService is the address that pods find in KUBERNETES_SERVICE_HOST. One rule
// of iptables leads from there to the API server, in place of a kube-proxy.
func (h host) apiService() string { return h.network + ".0.1" }

// command is how a part is started.
func (c *cluster) command(name, hyper string, p ports) []string {
	config := "--kubeconfig=" + c.file("kubeconfig")
	switch name {
	case "etcd":
		client, peer := fmt.Sprintf("http://127.0.0.1:%d", p.etcd), fmt.Sprintf("http://127.0.0.1:%d", p.peer)
		return []string{
			hyper, "etcd", "--data-dir", c.file("etcd"), "--unsafe-no-fsync", "--log-level=warn",
			"--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
			"--initial-advertise-peer-urls", peer, "--initial-cluster", "default=" + peer,
		}
	case "apiserver":
		return []string{
			hyper, "apiserver", fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", p.etcd),
			"--bind-address=" + c.gateway(), "--advertise-address=" + c.gateway(), fmt.Sprintf("--secure-port=%d", p.api),
			"--cert-dir=" + c.file("certs"), "--tls-cert-file=" + c.file("certs", "api.crt"), "--tls-private-key-file=" + c.file("certs", "api.key"),
			"--authorization-mode=RBAC", "--token-auth-file=" + c.file("tokens.csv"), "--anonymous-auth=false",
			"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file=" + c.file("certs", "accounts.key"),
			"--service-account-signing-key-file=" + c.file("certs", "accounts.key"), "--service-cluster-ip-range=" + c.network + ".0.0/24",
			"--endpoint-reconciler-type=none", "--kubelet-preferred-address-types=Hostname", "--max-requests-inflight=800",
			"--kubelet-certificate-authority=", "--event-ttl=1h", "--watch-cache=true",
		}
	case "controller-manager":
		return []string{
			hyper, "controller-manager", config, "--leader-elect=false", "--secure-port=0",
			"--service-account-private-key-file=" + c.file("certs", "accounts.key"), "--root-ca-file=" + c.file("certs", "api.crt"),
			"--kube-api-qps=300", "--kube-api-burst=600", "--concurrent-gc-syncs=10",
		}
	case "scheduler":
		return []string{hyper, "scheduler", config, "--leader-elect=false", "--secure-port=0", "--kube-api-qps=300", "--kube-api-burst=600"}
	case "containerd":
		return []string{"containerd", "--config", c.file("containerd.toml")}
	default:
		// The name localhost lets the API server reach the kubelet without DNS.
		return []string{
			hyper, "kubelet", config, "--config=" + c.file("kubelet.yaml"), "--root-dir=" + c.file("kubelet"),
			"--hostname-override=localhost", "--cert-dir=" + c.file("kubelet-certs"),
		}
	}
}

// write writes the parts' files.
func (c *cluster) write(p ports) error {
	for _, dir := range []string{"log", "pid", "cni", "certs"} {
		if err := os.MkdirAll(c.file(dir), 0o755); err != nil {
			return err
		}
	}
	if err := c.certificates(); err != nil {
		return err
	}
	authority, err := os.ReadFile(c.file("certs", "api.crt"))
	if err != nil {
		return err
	}
	fill := strings.NewReplacer(
		"DIR", c.dir, "GATEWAY", c.gateway(), "BRIDGE", c.bridge, "RANGE", c.podRange(), "TOKEN", admin, "GROUP", c.groups,
		"APIPORT", fmt.Sprint(p.api), "KUBELETPORT", fmt.Sprint(p.kubelet), "AUTHORITY", base64Of(authority),
	)
	for name, text := range map[string]string{
		"kubeconfig": kubeconfig, "tokens.csv": "TOKEN,admin,admin,system:masters\n", "kubelet.yaml": kubeletConfig,
		"containerd.toml": containerdConfig, "cni/10-bridge.conflist": cniConfig,
	} {
		if err := os.WriteFile(c.file(name), []byte(fill.Replace(text)), 0o600); err != nil {
			return err
		}
	}
	return nil
}

const kubeconfig = `apiVersion: v1
kind: Config
current-context: test
clusters:
- name: test
  cluster: {server: "https://GATEWAY:APIPORT", certificate-authority-data: AUTHORITY}
users:
- name: admin
  user: {token: TOKEN}
contexts:
- name: test
  context: {cluster: test, user: admin}
`

const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: KUBELETPORT
healthzPort: 0
readOnlyPort: 0
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
containerRuntimeEndpoint: unix://DIR/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: GROUP
failCgroupV1: false
failSwapOn: false
maxPods: 600
podPidsLimit: -1
resolvConf: ""
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
kubeAPIQPS: 200
kubeAPIBurst: 400
eventRecordQPS: 0
nodeStatusUpdateFrequency: 5s
shutdownGracePeriod: 0s
volumePluginDir: DIR/kubelet-plugins
podLogsDir: DIR/pods
`

// The settings that differ from a machine of one's own: without the right to
// lower scores of the out-of-memory killer every sandbox dies in runc.
const containerdConfig = `version = 2
root = "DIR/containerd"
state = "DIR/containerd-state"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "DIR/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "onrush.test/pause:1"
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  disable_hugetlb_controller = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "DIR/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
    SystemdCgroup = false
`

const cniConfig = `{"cniVersion": "0.4.0", "name": "BRIDGE", "plugins": [
  {"type": "bridge", "bridge": "BRIDGE", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "DIR/addresses", "ranges": [[{"subnet": "RANGE"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}
]}
`
