package kubernetes

import (
	"context"
	"math"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onrush.dev/onrush/internal/load"
)

// quotas are the limits of the namespace that a start of tasks can meet.
func (d *Driver) quotas(ctx context.Context, s size) ([]load.Quota, error) {
	found, err := ask(ctx, d, "list resourcequotas", func(ctx context.Context) (*corev1.ResourceQuotaList, error) {
		return d.client.CoreV1().ResourceQuotas(d.Namespace).List(ctx, metav1.ListOptions{})
	})
	if err != nil {
		return nil, err
	}
	var rows []load.Quota
	for _, quota := range found.Items {
		if !d.inScope(quota.Spec) {
			continue
		}
		for name, limit := range quota.Status.Hard {
			need, unit := needs(name, s)
			if need == 0 {
				continue
			}
			row := load.Quota{Name: string(name), Limit: limit.AsApproximateFloat64(), Unit: unit}
			if used, ok := quota.Status.Used[name]; ok {
				row.InUse = used.AsApproximateFloat64()
			}
			row.Tasks = int(min(max(0, math.Floor((row.Limit-row.InUse)/need+1e-9)), math.MaxInt32))
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b load.Quota) int {
		if a.Tasks != b.Tasks {
			return a.Tasks - b.Tasks
		}
		return len(a.Name) - len(b.Name)
	})
	return rows, nil
}

// needs is how much of a resource one more task takes; 0: none. One Job with its
// Secret holds many tasks: of them, one must be free.
func needs(name corev1.ResourceName, s size) (amount float64, unit string) {
	switch name {
	case corev1.ResourcePods, "count/pods":
		return 1, "pods"
	case corev1.ResourceCPU, corev1.ResourceRequestsCPU, corev1.ResourceLimitsCPU:
		return s.cpu, "vCPU"
	case corev1.ResourceMemory, corev1.ResourceRequestsMemory, corev1.ResourceLimitsMemory:
		return float64(s.memory), "bytes"
	case "count/jobs.batch":
		return 1e-3, "jobs"
	case corev1.ResourceSecrets, "count/secrets":
		return 1e-3, "secrets"
	}
	return 0, ""
}

// inScope says whether a quota counts the driver's pods.
func (d *Driver) inScope(spec corev1.ResourceQuotaSpec) bool {
	for _, scope := range spec.Scopes {
		if scope == corev1.ResourceQuotaScopeBestEffort || scope == corev1.ResourceQuotaScopeTerminating {
			return false // a deadline of the Job is none of the pod's
		}
	}
	if spec.ScopeSelector == nil {
		return true
	}
	for _, m := range spec.ScopeSelector.MatchExpressions {
		switch m.ScopeName {
		case corev1.ResourceQuotaScopeBestEffort, corev1.ResourceQuotaScopeTerminating:
			return false
		case corev1.ResourceQuotaScopePriorityClass:
			has := slices.Contains(m.Values, d.Priority)
			switch m.Operator {
			case corev1.ScopeSelectorOpIn:
				if !has {
					return false
				}
			case corev1.ScopeSelectorOpNotIn:
				if has {
					return false
				}
			case corev1.ScopeSelectorOpExists:
				if d.Priority == "" {
					return false
				}
			case corev1.ScopeSelectorOpDoesNotExist:
				if d.Priority != "" {
					return false
				}
			}
		}
	}
	return true
}

// amount writes a quota's number for people.
func amount(n float64, unit string) string {
	if unit == "bytes" {
		return load.Bytes(n).String()
	}
	return strconv.FormatFloat(n, 'f', -1, 64) + " " + unit
}
