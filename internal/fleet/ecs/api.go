package ecs

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"golang.org/x/time/rate"

	"onrush.dev/onrush/internal/fleet/ecs/query"
)

// launchRate is how many RunTask calls Fargate takes a second, per account and
// region ("Throttling the RunTask API", Amazon ECS developer guide, "Fargate
// throttling quotas"). It also is the rate at which it launches tasks in the long
// run, beyond a first 100: so a call per task costs no time, and each task has
// overrides, a client token and an answer of its own.
const launchRate = 20

// Other calls have rates of their own ("Request throttling for the Amazon ECS
// API"), not below that one. Reads take half of it, to leave room for the account's
// other users, and may come in a burst.
const readBurst = 40

// shortly is for how long a call is tried again at least that AWS did not answer.
const shortly = time.Second

// api is all that the driver calls.
type api struct {
	ecs     *ecs.Client
	logs    *cloudwatchlogs.Client
	quotas  *servicequotas.Client
	sts     *sts.Client
	ec2     *query.Client
	iam     *query.Client
	metrics *query.Client

	launch, stop, read, other *pace
}

// newAPI reads credentials and the like from where AWS's own tools look: the
// environment, files, the machine's or the task's role.
func newAPI(o Options) (*api, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	client := awshttp.NewBuildableClient().WithTimeout(o.timing.call).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = workers
	})
	options := []func(*config.LoadOptions) error{config.WithRegion(o.AWSRegion), config.WithHTTPClient(client), config.WithLogger(logging.Nop{})}
	if o.Endpoint != "" {
		options = append(options, config.WithBaseEndpoint(o.Endpoint))
	}
	if o.credentials != nil {
		options = append(options, config.WithCredentialsProvider(o.credentials))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, err
	}
	if o.RoleARN != "" {
		cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), o.RoleARN, func(r *stscreds.AssumeRoleOptions) {
			r.RoleSessionName = "onrush"
			if o.ExternalID != "" {
				r.ExternalID = &o.ExternalID
			}
		}))
	}
	return &api{
		// Repeating a call is the driver's own business: it knows for how long, and
		// what may be repeated.
		ecs:     ecs.NewFromConfig(cfg, func(o *ecs.Options) { o.Retryer = aws.NopRetryer{} }),
		logs:    cloudwatchlogs.NewFromConfig(cfg),
		quotas:  servicequotas.NewFromConfig(cfg),
		sts:     sts.NewFromConfig(cfg),
		ec2:     &query.Client{Config: cfg, Service: "ec2", Version: "2016-11-15"},
		iam:     &query.Client{Config: cfg, Service: "iam", Version: "2010-05-08"},
		metrics: &query.Client{Config: cfg, Service: "monitoring", Version: "2010-08-01"},
		launch:  newPace(o.timing.rate, int(o.timing.rate)),
		stop:    newPace(o.timing.rate, int(o.timing.rate)),
		read:    newPace(o.timing.rate/2, readBurst),
		other:   newPace(o.timing.rate/2, readBurst), // of other services than ECS
	}, nil
}

// pace holds calls to a rate that AWS bears: it halves when AWS throttles, and
// comes back in small steps as calls succeed.
type pace struct {
	*rate.Limiter
	mu   sync.Mutex
	full float64
	now  float64
}

func newPace(perSecond float64, burst int) *pace {
	return &pace{Limiter: rate.NewLimiter(rate.Limit(perSecond), burst), full: perSecond, now: perSecond}
}

func (p *pace) slower() { p.set(func(now float64) float64 { return max(now/2, p.full/16) }) }
func (p *pace) faster() { p.set(func(now float64) float64 { return min(now+p.full/20, p.full) }) }

func (p *pace) set(next func(float64) float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := next(p.now); now != p.now {
		p.now = now
		p.SetLimit(rate.Limit(now))
	}
}

// patient repeats a call that AWS throttled, or that it did not answer, until it
// succeeds, is refused, or has failed for so long. The wait before a repetition
// doubles, up to 10 s, and a random part of it is taken, so that many do not come
// back at the same instant.
func (d *Driver) patient(ctx context.Context, p *pace, patience time.Duration, call func(context.Context) error) error {
	begin := time.Now()
	for try := 0; ; try++ {
		if err := p.Wait(ctx); err != nil {
			return context.Cause(ctx)
		}
		err, bound := call(ctx), patience
		switch sort(err) {
		case fine:
			p.faster()
			return nil
		case throttled:
			p.slower()
		case unanswered:
			bound = max(patience, shortly) // a connection that broke is no outage
		case refused:
			return err
		}
		if ctx.Err() != nil || time.Since(begin) >= bound || !sleep(ctx, d.wait(try)) {
			return err
		}
	}
}

// ask calls a service that takes forms.
func (d *Driver) ask(ctx context.Context, service *query.Client, action string, form url.Values, into any) error {
	return d.patient(ctx, d.api.other, 0, func(ctx context.Context) error { return service.Call(ctx, action, form, into) })
}

// wait is how long to wait before a repetition.
func (d *Driver) wait(try int) time.Duration {
	most := min(d.timing.backoff<<min(try, 10), 10*time.Second)
	return most/2 + rand.N(most/2+1)
}

// asked makes a call whose outcome must be known, also when ctx ends meanwhile.
func (d *Driver) asked(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.timing.call)
	defer cancel()
	err := call(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return &silence{after: d.timing.call, err: err}
	}
	return err
}
