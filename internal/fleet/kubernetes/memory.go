package kubernetes

import (
	"context"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onrush.dev/onrush/internal/fleet"
)

// lastSeen keeps what was last seen of instances, since a pod that the cluster
// deletes takes its reason with it.
type lastSeen struct {
	mu   sync.Mutex
	byID map[string]fleet.Instance
}

// note keeps an instance that is about to end, or has.
func (l *lastSeen) note(i *fleet.Instance) {
	if i.State == fleet.Pending || i.Reason == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byID == nil {
		l.byID = map[string]fleet.Instance{}
	}
	l.byID[i.ID] = *i
}

func (l *lastSeen) of(id string) (fleet.Instance, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := l.byID[id]
	return i, ok
}

// forget lets go of a run.
func (l *lastSeen) forget(run string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, i := range l.byID {
		if i.Run == run {
			delete(l.byID, id)
		}
	}
}

// troublesAfter is how long something may be on its way before the cluster's
// warnings are read, and how often they are read then.
const troublesAfter = 3 * time.Second

// troubles are the cluster's latest warnings, by object. Some reasons stand
// nowhere else: a quota that keeps pods from being made, a volume that is missing.
type troubles struct {
	mu   sync.Mutex
	at   time.Time
	text map[string]string
}

func (t *troubles) read(ctx context.Context, d *Driver) map[string]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Since(t.at) < troublesAfter {
		return t.text
	}
	t.at = time.Now()
	events, err := ask(ctx, d, "list events", func(ctx context.Context) (*corev1.EventList, error) {
		return d.client.CoreV1().Events(d.Namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=" + corev1.EventTypeWarning, Limit: 2000})
	})
	if err != nil { // words are missing, nothing else
		d.Log.Debug("cannot read the cluster's warnings", "region", d.Name, "err", err)
		return t.text
	}
	latest := map[string]time.Time{}
	t.text = map[string]string{}
	for _, e := range events.Items {
		name, at := e.InvolvedObject.Name, eventTime(e)
		if strings.HasPrefix(name, "onrush-") && !at.Before(latest[name]) {
			latest[name], t.text[name] = at, oneLine(e.Message)
		}
	}
	return t.text
}

func eventTime(e corev1.Event) time.Time {
	for _, at := range []time.Time{e.LastTimestamp.Time, e.EventTime.Time} {
		if !at.IsZero() {
			return at
		}
	}
	return e.CreationTimestamp.Time
}

// stuck says whether something takes so long to get up that it is worth asking why.
func stuck(found []*placed, now time.Time) bool {
	for _, p := range found {
		if now.Sub(p.job.CreationTimestamp.Time) < troublesAfter {
			continue
		}
		ended := indexesOf(p.job)
		for index := range p.tasks {
			pod := p.pods[index]
			if p.stopped(index) || pod == nil && ended[index] != "" {
				continue
			}
			if pod == nil || pod.Status.Phase == corev1.PodPending && now.Sub(pod.CreationTimestamp.Time) > troublesAfter {
				return true
			}
		}
	}
	return false
}
