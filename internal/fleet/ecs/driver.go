package ecs

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// Options are a region's settings. What is empty is left to AWS, where the
// fields do not say otherwise.
type Options struct {
	Region string // its name
	Server string // the mark of the server whose tasks these are
	Limit  int    // most tasks at once; 0: no limit
	Image  string // of tasks that name none
	CPU    float64
	Memory int64 // bytes
	Log    *slog.Logger

	AWSRegion, Cluster      string
	Subnets, SecurityGroups []string
	PublicIP                bool
	CapacityKind            string // on_demand, spot, spot_then_on_demand; default on_demand
	Architecture            string // x86_64, arm64; default x86_64
	ExecutionRole, TaskRole string // ARNs
	LogGroup                string
	PlatformVersion         string
	EphemeralStorage        int32 // GiB; 0: Fargate's 20
	Tags                    map[string]string
	RoleARN, ExternalID     string
	Endpoint                string

	// credentials are those of a test; nil: the usual chain.
	credentials aws.CredentialsProvider
	timing      timing
}

// timing is how long things may take. Zero values take the defaults.
type timing struct {
	call     time.Duration // one call of the API
	refresh  time.Duration // least time between two looks at all tasks
	capacity time.Duration // how long Start waits for Fargate to have room
	down     time.Duration // how long an API that does not answer is tried again
	missing  time.Duration // how long a new task may be unknown to AWS
	backoff  time.Duration // the first wait after a failure
	poll     time.Duration // between two looks for new lines of a log
	words    time.Duration // how long after its end a task's last line is looked for
	grace    time.Duration // between the gentle and the forced end
	rate     float64       // launches a second; see newAPI
}

func (t timing) withDefaults() timing {
	t.call = cmp.Or(t.call, 20*time.Second)
	t.refresh = cmp.Or(t.refresh, 2*time.Second)
	t.capacity = cmp.Or(t.capacity, 3*time.Minute)
	t.down = cmp.Or(t.down, 90*time.Second)
	t.missing = cmp.Or(t.missing, time.Minute)
	t.backoff = cmp.Or(t.backoff, 500*time.Millisecond)
	t.poll = cmp.Or(t.poll, time.Second)
	t.words = cmp.Or(t.words, 10*time.Second)
	t.grace = cmp.Or(t.grace, 15*time.Second)
	t.rate = cmp.Or(t.rate, launchRate)
	return t
}

// Driver runs tasks on Fargate. What it holds in memory is what it has seen of
// AWS, and what it has asked for since.
type Driver struct {
	Options
	api    *api
	family string // of the task definitions, and so of the tasks, of this server and region

	// looking is held for a look at all tasks.
	looking chan struct{}

	mu       sync.Mutex
	tasks    map[string]*task        // by ARN
	looked   time.Time               // begin of the last look that succeeded
	every    time.Duration           // between looks: grows with their calls
	hurried  bool                    // the next one is to come at once
	tried    time.Time               // begin of the last look that failed
	trouble  error                   // why it did
	claims   map[key]*claim          // starts under way
	cancels  map[*startCall]struct{} // calls of Start under way
	quotas   quotaCache
	defining sync.Mutex
	defined  map[string]string // hash of content -> ARN
}

var _ fleet.Driver = (*Driver)(nil)

// key names an instance before it is one.
type key struct {
	run, task string
	attempt   int
}

// New makes the driver of one region. It calls nothing yet.
func New(o Options) (*Driver, error) {
	o.CapacityKind = cmp.Or(o.CapacityKind, onDemand)
	o.Architecture = cmp.Or(o.Architecture, "x86_64")
	o.timing = o.timing.withDefaults()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if _, err := fit(o.CPU, o.Memory); err != nil {
		return nil, load.Errorf(load.Invalid, "region %s: %w", o.Region, err)
	}
	calls, err := newAPI(o)
	if err != nil {
		return nil, load.Errorf(load.Invalid, "region %s: AWS settings: %w", o.Region, err)
	}
	d := &Driver{
		Options: o, api: calls, family: family(o.Server, o.Region), every: o.timing.refresh,
		looking: make(chan struct{}, 1), tasks: map[string]*task{}, claims: map[key]*claim{},
		cancels: map[*startCall]struct{}{}, defined: map[string]string{},
	}
	return d, nil
}

// family names all that one server has in one region: ListTasks finds tasks by
// it, running and stopped, where startedBy could be the only filter.
func family(server, region string) string {
	sum := sha256.Sum256([]byte(server))
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, region)
	return "onrush-" + hex.EncodeToString(sum[:4]) + "-" + clean
}

// Close implements fleet.Driver: the driver holds nothing but connections, which
// end when they are idle.
func (d *Driver) Close() error { return nil }

// sleep waits, and tells whether the whole time has passed.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
