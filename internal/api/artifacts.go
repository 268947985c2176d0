package api

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/load"
)

// The bounds of what one task may leave; the agent holds to lower ones.
const (
	mostArtifacts     = 1000
	mostArtifactBytes = 4 << 30
)

func (a *api) registerArtifacts() {
	handle(a, route{
		method: "GET", path: "/runs/{id}/artifacts", id: "list-artifacts", tag: "results",
		summary: "List the files that a run's tasks left", role: load.Viewer,
	}, a.listArtifacts)
	handle(a, route{
		method: "GET", path: "/runs/{id}/tasks/{task}/artifact", id: "get-artifact", tag: "results",
		summary: "Download a file that a task left", role: load.Viewer, describe: describeBinary("application/octet-stream"),
	}, a.getArtifact)
	handle(a, route{
		method: "POST", path: "/agent/artifacts/{token}", id: "put-agent-artifact", tag: "files",
		summary: "Keep a file that a task leaves", description: "The token names run and task, is signed by the server and expires.",
		describe: describeUpload,
	}, a.putArtifact)
}

type putArtifactIn struct {
	upload
	Token string `path:"token" maxLength:"1000"`
	Name  string `query:"name" minLength:"1" maxLength:"500" doc:"The file's name within the task's artifacts."`
}

func (a *api) putArtifact(ctx context.Context, in *putArtifactIn) (*none, error) {
	runID, task, err := a.Links.checkKeep(in.Token, a.Now())
	if err != nil {
		return nil, err
	}
	run, err := a.Store.Run(ctx, runID)
	if err != nil {
		return nil, err
	}
	if run.Status == load.Ended {
		return nil, load.Errorf(load.Forbidden, "run %s has ended: its links do not hold any more", runID)
	}
	n, size := 0, in.length
	for info, err := range a.Blob.List(ctx, artifactKey(runID, task, "")) {
		if err != nil {
			return nil, err
		}
		n++
		size += info.Size
	}
	if n >= mostArtifacts || size > mostArtifactBytes || in.length > a.MaxUpload {
		return nil, load.Errorf(load.TooLarge, "task %s left %d files already: at most %d of %d GiB together are kept", task, n, mostArtifacts, mostArtifactBytes>>30)
	}
	_, err = a.Blob.Put(ctx, artifactKey(runID, task, in.Name), io.LimitReader(in.body, a.MaxUpload))
	return &none{}, err
}

func (a *api) listArtifacts(ctx context.Context, in *IDIn) (*body[wire.ArtifactList], error) {
	if _, err := a.Store.Run(ctx, in.ID); err != nil {
		return nil, err
	}
	out := wire.ArtifactList{Artifacts: []wire.Artifact{}}
	prefix := load.RunKey(in.ID, "artifacts/")
	for info, err := range a.Blob.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		task, name, ok := strings.Cut(strings.TrimPrefix(info.Key, prefix), "/")
		if ok {
			out.Artifacts = append(out.Artifacts, wire.Artifact{Task: unkeyed(task), Name: unkeyed(name), Size: info.Size})
		}
	}
	return answer(out), nil
}

type artifactIn struct {
	IDIn
	Task string `path:"task" maxLength:"200"`
	Name string `query:"name" minLength:"1" maxLength:"500" doc:"The file's name as the list has it."`
}

func (a *api) getArtifact(ctx context.Context, in *artifactIn) (*huma.StreamResponse, error) {
	if _, err := a.Store.Run(ctx, in.ID); err != nil {
		return nil, err
	}
	res, err := a.sendObject(ctx, artifactKey(in.ID, in.Task, in.Name), "application/octet-stream", path.Base(in.Name))
	if load.ErrorCode(err) == load.NotFound {
		return nil, load.Errorf(load.NotFound, "task %s of run %s left no file %q", in.Task, in.ID, in.Name)
	}
	return res, err
}

// artifactKey is where a task's file lies. A script may name its files as it
// likes, a key may not: what a key cannot hold is written as (hh).
func artifactKey(run, task, name string) string {
	return load.RunKey(run, "artifacts/"+keyed(task)+"/"+keyed(path.Clean("/" + name)[1:]))
}

func keyed(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_+@/", c) >= 0
		if c == '.' && i > 0 && name[i-1] != '/' {
			plain = true
		}
		if plain {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "(%02x)", c)
		}
	}
	return b.String()
}

func unkeyed(key string) string {
	var b strings.Builder
	for i := 0; i < len(key); i++ {
		var c byte
		if key[i] == '(' && i+3 < len(key) && key[i+3] == ')' {
			if _, err := fmt.Sscanf(key[i+1:i+3], "%02x", &c); err == nil {
				b.WriteByte(c)
				i += 3
				continue
			}
		}
		b.WriteByte(key[i])
	}
	return b.String()
}
