package kubernetes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/fleet/kubernetes"
	"onrush.dev/onrush/internal/load"
)

// deadNode is a node that the cluster knows and that has no kubelet: pods are
// placed on it and never start. It takes nobody else's pods.
func (c *cluster) deadNode(t *testing.T, pods int) (name string) {
	t.Helper()
	room := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("500"), corev1.ResourceMemory: resource.MustParse("900Gi"),
		corev1.ResourcePods: *resource.NewQuantity(int64(pods), resource.DecimalSI),
	}
	node, err := c.CoreV1().Nodes().Create(t.Context(), &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "dead-" + c.namespace, Labels: map[string]string{"onrush.test/pool": c.namespace}},
		Spec:       corev1.NodeSpec{Taints: []corev1.Taint{{Key: "onrush.test/dead", Effect: corev1.TaintEffectNoSchedule}}},
	}, metav1.CreateOptions{})
	must(t, err)
	t.Cleanup(func() { _ = c.CoreV1().Nodes().Delete(context.Background(), node.Name, metav1.DeleteOptions{}) })
	now := metav1.Now()
	node.Status = corev1.NodeStatus{Capacity: room, Allocatable: room, Conditions: []corev1.NodeCondition{
		{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastHeartbeatTime: now, LastTransitionTime: now, Reason: "Test"},
	}}
	status, err := json.Marshal(map[string]any{"status": node.Status})
	must(t, err)
	_, err = c.CoreV1().Nodes().Patch(t.Context(), node.Name, types.MergePatchType, status, metav1.PatchOptions{}, "status")
	must(t, err)
	// The cluster taints what is new until it has seen that it is ready.
	eventually(t, "the node to be taken for ready", func() bool {
		node, err := c.CoreV1().Nodes().Get(t.Context(), node.Name, metav1.GetOptions{})
		return err == nil && len(node.Spec.Taints) == 1
	})
	return node.Name
}

// bury removes the pods of the dead node, as an administrator does: nobody there
// says that they have ended.
func (c *cluster) bury(t *testing.T) {
	t.Helper()
	zero := int64(0)
	must(t, c.CoreV1().Pods(c.namespace).DeleteCollection(t.Context(), metav1.DeleteOptions{GracePeriodSeconds: &zero}, metav1.ListOptions{}))
}

// onDead makes a region of the dead node alone.
func (c *cluster) onDead(t *testing.T) kubernetes.Options {
	t.Helper()
	o := c.options(t)
	o.Selector = map[string]string{"onrush.test/pool": c.namespace}
	o.Tolerations = []corev1.Toleration{{Key: "onrush.test/dead", Operator: corev1.TolerationOpExists}}
	return o
}

func TestTaints(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	node := c.deadNode(t, 50)
	o := c.onDead(t)
	o.Tolerations = nil
	d := open(t, o)
	start(t, d, specs("run", "wait", "eu-1"))
	t.Log(await(t, d, "run", "eu-1", fleet.Pending, "no node can take it", "untolerated taint", "tolerations").Reason)
	found, err := d.Check(t.Context())
	must(t, err)
	wantFinding(t, found, "nodes", load.FindingFailed, "0 of", "tolerations")
	stop(t, d, c, "run")

	d = open(t, c.onDead(t))
	capacity, err := d.Capacity(t.Context())
	must(t, err)
	if capacity.Limit != 50 || !strings.Contains(capacity.Note, "free room of 1 of") {
		t.Errorf("got %+v, want the dead node's room of 50", capacity)
	}
	start(t, d, specs("run", "wait", "eu-1"))
	await(t, d, "run", "eu-1", fleet.Pending, "waits for node "+node)
	taints := `[{"key":"onrush.test/dead","effect":"NoSchedule"},{"key":"onrush.test/out","effect":"NoExecute"}]`
	_, err = c.CoreV1().Nodes().Patch(t.Context(), node, types.MergePatchType, []byte(`{"spec":{"taints":`+taints+`}}`), metav1.PatchOptions{})
	must(t, err)
	t.Log(await(t, d, "run", "eu-1", fleet.Pending, "taint of node "+node).Reason)
	c.bury(t)
	t.Log(await(t, d, "run", "eu-1", fleet.Gone, node).Reason)
	stop(t, d, c, "run")
}

// Half of the tasks never start: the others are up, and the reason is told of each.
func TestHalfNeverStart(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	c.deadNode(t, 5)
	d := open(t, c.onDead(t))
	start(t, d, specs("run", "wait", many(10)...))
	eventually(t, "half of the tasks to find no node", func() bool {
		list, err := d.List(t.Context(), "run")
		must(t, err)
		placed, refused := 0, 0
		for _, i := range list {
			switch {
			case strings.Contains(i.Reason, "Too many pods"):
				refused++
			case strings.Contains(i.Reason, "waits for node dead-"):
				placed++
			}
		}
		return placed == 5 && refused == 5
	}, func() any { list, err := d.List(t.Context(), "run"); return fmt.Sprint(list, err) })
	must(t, d.Stop(t.Context(), "run"))
	c.bury(t)
	stop(t, d, c, "run")
}
