package server

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/all"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/script"
)

// inspector reads what scripts say, for plans. A console plans at every
// keystroke, so answers are kept.
type inspector struct {
	open func(ctx context.Context, key string) (io.ReadCloser, error)

	mu    sync.Mutex
	known map[[32]byte]load.ScriptFacts
	slots chan struct{} // tools at work at once
}

const (
	mostKnown  = 256
	toolsAtOne = 2
)

func newInspector(open func(ctx context.Context, key string) (io.ReadCloser, error)) *inspector {
	return &inspector{open: open, known: map[[32]byte]load.ScriptFacts{}, slots: make(chan struct{}, toolsAtOne)}
}

// Inspect is control's: facts are nil where the tool is not on this machine.
func (i *inspector) Inspect(ctx context.Context, s load.Scenario, files map[string]string) (*load.ScriptFacts, []load.Override, error) {
	made, err := all.New(s.Engine)
	if err != nil {
		return nil, nil, err
	}
	e, ok := made.(engine.Script)
	if !ok {
		return nil, nil, nil
	}
	facts, err := i.facts(ctx, e, s, files[s.Script])
	switch {
	case load.ErrorCode(err) == load.Unavailable && ctx.Err() == nil:
		return nil, nil, nil // the tasks will see
	case err != nil:
		return nil, nil, onField("script", s.Script, err)
	}
	overrides, err := e.Override(s, facts)
	if err != nil {
		return nil, nil, onField("load", "", err)
	}
	return &facts, overrides, nil
}

// onField puts an error about the script at its field.
func onField(field, found string, err error) error {
	var fault *load.Error
	if !errors.As(err, &fault) || fault.Code != load.Invalid {
		return err
	}
	fault.Problems = append(fault.Problems, load.Problem{Path: field, Found: found, Message: fault.Message})
	return fault
}

func (i *inspector) facts(ctx context.Context, e engine.Script, s load.Scenario, sum string) (load.ScriptFacts, error) {
	key, err := keyOf(s, sum)
	if err != nil {
		return load.ScriptFacts{}, err
	}
	i.mu.Lock()
	facts, ok := i.known[key]
	i.mu.Unlock()
	if ok {
		return facts, nil
	}
	select {
	case i.slots <- struct{}{}:
		defer func() { <-i.slots }()
	case <-ctx.Done():
		return facts, ctx.Err()
	}
	facts, err = i.read(ctx, e, s, sum)
	if err != nil {
		return facts, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.known) >= mostKnown {
		clear(i.known)
	}
	i.known[key] = facts
	return facts, nil
}

// keyOf is what facts depend on.
func keyOf(s load.Scenario, sum string) (key [32]byte, err error) {
	data, err := json.Marshal([]any{s.Engine, s.Script, s.Entry, s.Env, s.Properties, sum})
	return sha256.Sum256(data), err
}

func (i *inspector) read(ctx context.Context, e engine.Script, s load.Scenario, sum string) (facts load.ScriptFacts, err error) {
	work, err := os.MkdirTemp("", "onrush-inspect-")
	if err != nil {
		return facts, err
	}
	defer os.RemoveAll(work)
	content := filepath.Join(work, "content")
	if err := i.fetch(ctx, sum, content); err != nil {
		return facts, err
	}
	layout, err := script.LayOut(content, filepath.Join(work, "script"), s.Script, s.Engine, s.Entry)
	if err != nil {
		return facts, err
	}
	return e.Inspect(ctx, engine.Bundle{Dir: layout.Dir, Entry: layout.Entry, Entries: layout.Entries, Scenario: s})
}

func (i *inspector) fetch(ctx context.Context, sum, to string) error {
	in, err := i.open(ctx, load.FileKey(sum))
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("inspect script: %w", err)
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
