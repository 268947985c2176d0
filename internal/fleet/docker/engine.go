package docker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"

	"onrush.dev/onrush/internal/fleet"
)

// Most that one call of an engine may take before the engine counts as down.
const (
	withinLook  = 15 * time.Second // lists and looks
	withinStart = 2 * time.Minute  // creating, starting and removing a container on a busy machine
	withinPull  = 15 * time.Minute
)

// askAgainAfter is how long a down engine is left alone.
const askAgainAfter = time.Second

// factsFor is how long what an engine says of its machine is taken as true.
const factsFor = time.Minute

// engine is one Docker engine of a region.
type engine struct {
	host string // as the settings say it
	api  *client.Client
	log  *slog.Logger
	// starting has a place for each container that may be started at once.
	starting chan struct{}
	proving  chan struct{} // see prove
	pulls    pulls

	mu      sync.Mutex
	down    error     // why it does not answer; nil: it does
	since   time.Time // when it went down
	again   time.Time // not to be asked before
	facts   system.Info
	factsAt time.Time
	lacks   features
	proved  bool                        // a start was well, with what it lacks known
	details map[string]detail           // by container's id, of those that List told of
	last    map[string][]fleet.Instance // by run: what it said last, for while it is down
}

// features are what an engine may not be able to give to containers; they are
// left out once it said so.
type features struct {
	noFile bool // it may not raise the limit of open files so far
	init   bool // it has no docker-init
}

// downError says that an engine does not answer, as opposed to refusing.
type downError struct {
	host string
	err  error
}

func (e *downError) Error() string { return "engine " + e.host + " does not answer: " + words(e.err) }
func (e *downError) Unwrap() error { return e.err }

func isDown(err error) bool {
	var down *downError
	return errors.As(err, &down)
}

// call makes one call of the engine, bounded in time, and notes whether it
// answers. What the engine itself refuses comes back as it is.
func (e *engine) call(ctx context.Context, within time.Duration, do func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.mu.Lock()
	if e.down != nil && time.Now().Before(e.again) {
		err := e.down
		e.mu.Unlock()
		return err
	}
	e.mu.Unlock()
	bounded, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("no answer within %s", within))
	defer cancel()
	err := do(bounded)
	switch {
	case err == nil:
		e.answered()
	case ctx.Err() != nil:
		return ctx.Err()
	case bounded.Err() != nil:
		return e.silent(context.Cause(bounded))
	case client.IsErrConnectionFailed(err):
		return e.silent(err)
	default:
		e.answered()
	}
	return err
}

func (e *engine) answered() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.down != nil {
		e.log.Info("engine answers again", "engine", e.host, "after", time.Since(e.since).Round(time.Second))
	}
	e.down = nil
}

func (e *engine) silent(why error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if e.down == nil {
		e.since = now
		e.log.Warn("engine does not answer", "engine", e.host, "err", words(why))
	}
	e.down = &downError{e.host, why}
	e.again = now.Add(askAgainAfter)
	return e.down
}

// info is what the engine says of itself and its machine.
func (e *engine) info(ctx context.Context) (system.Info, error) {
	e.mu.Lock()
	if !e.factsAt.IsZero() && time.Since(e.factsAt) < factsFor && e.down == nil {
		defer e.mu.Unlock()
		return e.facts, nil
	}
	e.mu.Unlock()
	var got client.SystemInfoResult
	err := e.call(ctx, withinLook, func(ctx context.Context) (err error) {
		got, err = e.api.Info(ctx, client.InfoOptions{})
		return err
	})
	if err != nil {
		return system.Info{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.facts, e.factsAt = got.Info, time.Now()
	return e.facts, nil
}

func (e *engine) without() features {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lacks
}

// learn notes from a refusal what the engine cannot give to containers, and
// says whether it was that: then the same is to be tried without it.
func (e *engine) learn(err error) bool {
	text := err.Error()
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case strings.Contains(text, "rlimit"):
		if !e.lacks.noFile {
			e.log.Warn("engine may not give tasks as many open files as set, they get its own most", "engine", e.host)
		}
		e.lacks.noFile = true
	case strings.Contains(text, "docker-init"):
		if !e.lacks.init {
			e.log.Warn("engine has no docker-init: what a task's children leave behind is not reaped", "engine", e.host)
		}
		e.lacks.init = true
	default:
		return false
	}
	return true
}

// prove lets one start go alone until one was well: what the engine cannot give
// is then known before many containers are made in vain.
func (e *engine) prove(ctx context.Context) (done func(well bool), err error) {
	e.mu.Lock()
	proved := e.proved
	e.mu.Unlock()
	if proved {
		return func(bool) {}, nil
	}
	select {
	case e.proving <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return func(well bool) {
		<-e.proving
		e.mu.Lock()
		defer e.mu.Unlock()
		e.proved = e.proved || well
	}, nil
}

// wake lets the engine be asked at once, although it did not answer just now.
func (e *engine) wake() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.again = time.Time{}
}

// words is an error of the client library without what people need not read.
func words(err error) string {
	text := err.Error()
	for _, prefix := range []string{"Error response from daemon: ", "error during connect: "} {
		text = strings.ReplaceAll(text, prefix, "")
	}
	return strings.Join(strings.Fields(requestRule.ReplaceAllString(text, "")), " ")
}

// requestRule is the request that an error of net/http begins with.
var requestRule = regexp.MustCompile(`\b(Get|Head|Post|Put|Delete) "[^"]*": `)
