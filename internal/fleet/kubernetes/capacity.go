package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"math"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// Capacity implements fleet.Driver: the tightest of the region's limit, the
// namespace's quota and, where they may be looked at, the nodes' free room.
func (d *Driver) Capacity(ctx context.Context) (load.Capacity, error) {
	found, err := d.look(ctx, "")
	if err != nil {
		return load.Capacity{}, err
	}
	s := d.sizeOf(fleet.TaskSpec{})
	capacity := load.Capacity{Limit: d.Limit, InUse: inUse(found), Note: "the cluster at " + d.host + " names no limit"}
	if d.Limit > 0 {
		capacity.Note = "limit of the region's settings"
	}
	narrow := func(more int, note string) {
		if limit := capacity.InUse + more; capacity.Limit == 0 || limit < capacity.Limit {
			capacity.Limit, capacity.Note = limit, note
		}
	}
	if capacity.Quotas, err = d.quotas(ctx, s); err != nil {
		return load.Capacity{}, err
	}
	for _, q := range capacity.Quotas {
		narrow(q.Tasks, fmt.Sprintf("quota of namespace %s: %s", d.Namespace, q.Name))
	}
	row, why, err := d.nodes(ctx, s)
	switch {
	case isDenied(err):
		capacity.Note += "; the nodes' room is not known: their list is refused"
	case err != nil:
		return load.Capacity{}, err
	default:
		row.InUse = float64(capacity.InUse)
		row.Limit = row.InUse + float64(row.Tasks)
		capacity.Quotas = append(capacity.Quotas, row)
		if !d.Autoscaler {
			narrow(row.Tasks, why)
		}
	}
	return capacity, nil
}

func isDenied(err error) bool {
	var known *fleet.StartError
	return errors.As(err, &known) && known.Kind == fleet.Denied
}

// nodes says how many more tasks of a size the nodes hold now.
func (d *Driver) nodes(ctx context.Context, s size) (load.Quota, string, error) {
	nodes, err := ask(ctx, d, "list nodes", func(ctx context.Context) (*corev1.NodeList, error) {
		return d.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	})
	if err != nil {
		return load.Quota{}, "", err
	}
	pods, err := ask(ctx, d, "list pods of all namespaces", func(ctx context.Context) (*corev1.PodList, error) {
		return d.client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{
			ResourceVersion: "0", FieldSelector: "status.phase!=Succeeded,status.phase!=Failed",
		})
	})
	if err != nil {
		return load.Quota{}, "", err
	}
	taken := map[string]*room{}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if taken[pod.Spec.NodeName] == nil {
			taken[pod.Spec.NodeName] = &room{}
		}
		taken[pod.Spec.NodeName].add(pod)
	}
	more, usable := 0, 0
	for i := range nodes.Items {
		node := &nodes.Items[i]
		if !d.takes(node) {
			continue
		}
		usable++
		more += fits(node, taken[node.Name], s)
	}
	why := fmt.Sprintf("free room of %d of %d nodes", usable, len(nodes.Items))
	return load.Quota{Name: why, Unit: "pods", Tasks: more}, why, nil
}

// room is what pods take of a node.
type room struct {
	pods   int
	cpu    float64
	memory int64
}

func (r *room) add(pod *corev1.Pod) {
	r.pods++
	var cpu float64
	var memory int64
	for _, c := range pod.Spec.Containers {
		cpu += c.Resources.Requests.Cpu().AsApproximateFloat64()
		memory += c.Resources.Requests.Memory().Value()
	}
	for _, c := range pod.Spec.InitContainers { // they run before the others, one at a time
		cpu = max(cpu, c.Resources.Requests.Cpu().AsApproximateFloat64())
		memory = max(memory, c.Resources.Requests.Memory().Value())
	}
	r.cpu += cpu + pod.Spec.Overhead.Cpu().AsApproximateFloat64()
	r.memory += memory + pod.Spec.Overhead.Memory().Value()
}

func fits(node *corev1.Node, taken *room, s size) int {
	if taken == nil {
		taken = &room{}
	}
	free := math.Min(
		(node.Status.Allocatable.Cpu().AsApproximateFloat64()-taken.cpu)/s.cpu+1e-9,
		float64(node.Status.Allocatable.Memory().Value()-taken.memory)/float64(s.memory),
	)
	free = math.Min(free, float64(int(node.Status.Allocatable.Pods().Value())-taken.pods))
	return int(math.Max(0, math.Floor(free)))
}

// takes says whether tasks may be placed on a node at all.
func (d *Driver) takes(node *corev1.Node) bool {
	if node.Spec.Unschedulable {
		return false
	}
	for key, value := range d.Selector {
		if found, ok := node.Labels[key]; !ok || found != value {
			return false
		}
	}
	for _, taint := range node.Spec.Taints {
		if taint.Effect != corev1.TaintEffectPreferNoSchedule && !d.tolerates(taint) {
			return false
		}
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status != corev1.ConditionTrue {
			return false
		}
	}
	return true
}

func (d *Driver) tolerates(taint corev1.Taint) bool {
	for _, t := range d.Tolerations {
		key := t.Key == "" || t.Key == taint.Key
		value := t.Operator == corev1.TolerationOpExists || t.Value == taint.Value
		if key && value && (t.Effect == "" || t.Effect == taint.Effect) {
			return true
		}
	}
	return false
}
