package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"onrush.dev/onrush/internal/fleet"
)

const (
	// callTime bounds one call: an API server that stopped answers nothing at all.
	callTime = 10 * time.Second
	// outage is how long calls are tried again while the API server is down.
	outage = 45 * time.Second
)

// ask makes a call, and makes it again while the API server is down or throttles.
func ask[T any](ctx context.Context, d *Driver, what string, call func(context.Context) (T, error)) (T, error) {
	begin, pause := time.Now(), 200*time.Millisecond
	for {
		one, cancel := context.WithTimeout(ctx, callTime)
		answer, err := call(one)
		cancel()
		if err == nil {
			return answer, nil
		}
		if ctx.Err() != nil || !isDown(err) || time.Since(begin) > outage {
			return answer, d.explain(what, err)
		}
		// Many servers and regions may have lost the same API server at once.
		wait := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // no secret
		select {
		case <-ctx.Done():
			wait.Stop()
			return answer, d.explain(what, err)
		case <-d.done:
			wait.Stop()
			return answer, d.explain(what, err)
		case <-wait.C:
		}
		pause = min(2*pause, 5*time.Second)
	}
}

// isDown tells a server that may answer later from one that has answered.
func isDown(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return true // no answer at all
	}
	return apierrors.IsTooManyRequests(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || apierrors.IsServiceUnavailable(err) ||
		apierrors.IsInternalError(err) || status.Status().Code >= http.StatusInternalServerError
}

// explain puts the API server's refusal into words.
func (d *Driver) explain(what string, err error) error {
	known := &fleet.StartError{Reason: fmt.Sprintf("region %s: %s: %s", d.Name, what, oneLine(err.Error()))}
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("region %s: %s: %w", d.Name, what, err)
	case isDown(err):
		known.Kind = fleet.Down
		known.Reason = fmt.Sprintf("region %s: %s: the cluster at %s does not answer: %s", d.Name, what, d.host, oneLine(err.Error()))
		known.Remedy = "see whether its API server is up and can be reached from here"
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota"):
		known.Kind, known.Remedy = fleet.Quota, "raise the quota of namespace "+d.Namespace+", or lower tasks"
	case apierrors.IsForbidden(err):
		known.Kind, known.Remedy = fleet.Denied, "grant what the region's role lists (docs/regions.md)"
	case apierrors.IsUnauthorized(err):
		known.Kind, known.Remedy = fleet.Denied, "the credentials of the kubeconfig are refused: renew them"
	case apierrors.IsNotFound(err):
		known.Kind, known.Remedy = fleet.BadSpec, "make the namespace "+d.Namespace+", or name another one"
	default:
		known.Kind = fleet.BadSpec
	}
	return known
}
