package agent

import (
	"context"
	"fmt"
	"maps"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/target"
)

// startTarget starts the sample target on this task's loopback, where the order
// asks for it, and puts its URL in place of the scenario's variable. It ends
// with the task.
func (a *agent) startTarget(ctx context.Context) error {
	if !a.order.SampleTarget {
		return nil
	}
	t, err := target.Start(ctx, target.Options{Log: a.Log})
	if err != nil {
		return fmt.Errorf("start the sample target: %w", err)
	}
	variables := maps.Clone(a.order.Scenario.Variables)
	if variables == nil {
		variables = map[string]string{}
	}
	variables[load.TargetVariable] = t.URL()
	a.order.Scenario.Variables = variables
	a.Log.Info("the sample target runs inside this task", "url", t.URL())
	return nil
}
