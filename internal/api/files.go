package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"onrush.dev/onrush/internal/blob"
	"onrush.dev/onrush/internal/load"
)

func (a *api) registerFiles() {
	handle(a, route{
		method: "POST", path: "/files", id: "upload-file", tag: "files", summary: "Upload a file that scenarios name",
		description: "Files are kept by their content's hash; uploading one that is there already changes nothing.",
		role:        load.Operator, describe: describeUpload,
	}, a.uploadFile)
	handle(a, route{
		method: "GET", path: "/files/{sha256}", id: "get-file-facts", tag: "files",
		summary: "Say whether a file is stored, and its size", role: load.Operator,
	}, a.fileFacts)
	handle(a, route{
		method: "GET", path: "/agent/files/{token}", id: "get-agent-file", tag: "files",
		summary: "Hand a run's file to its agents", description: "The token names run and file, is signed by the server and expires.",
		describe: describeBinary("application/octet-stream"),
	}, a.agentFile)
}

func describeUpload(op *huma.Operation) {
	binary := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	op.RequestBody = &huma.RequestBody{
		Required: true, Description: "The file's bytes.",
		Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: binary}},
	}
}

func describeBinary(types ...string) func(*huma.Operation) {
	return func(op *huma.Operation) {
		content := map[string]*huma.MediaType{}
		for _, t := range types {
			content[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		}
		op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: content}}
	}
}

// stall is how long an upload may go without a byte. A whole upload may take
// as long as it needs.
const stall = 30 * time.Second

// upload is the input of a raw body: it is read as it comes, never buffered.
type upload struct {
	SHA256 string `query:"sha256" maxLength:"64" doc:"The content's hash, if known: checked on arrival, and saves the server a copy."`

	body   io.Reader
	length int64
}

// Resolve implements huma.Resolver.
func (u *upload) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	u.body = &patient{r.Body, http.NewResponseController(w)}
	u.length = r.ContentLength
	return nil
}

var _ huma.Resolver = (*upload)(nil)

// patient reads a request's body for as long as bytes keep coming.
type patient struct {
	r io.Reader
	c *http.ResponseController
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.c.SetReadDeadline(time.Now().Add(stall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := p.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return n, load.Errorf(load.Invalid, "the upload stalled for %s", stall)
		}
		return n, load.Errorf(load.Invalid, "the upload broke off: %w", err)
	}
	return n, err
}

func (a *api) uploadFile(ctx context.Context, in *upload) (*body[load.StoredFile], error) {
	if in.length > a.MaxUpload {
		return nil, load.Errorf(load.TooLarge, "the file has %d bytes: at most %d are allowed", in.length, a.MaxUpload)
	}
	f, err := blob.PutContent(ctx, a.Blob, in.body, in.SHA256, a.MaxUpload)
	if err != nil {
		return nil, err
	}
	a.Log.InfoContext(ctx, "file stored", "user", caller(ctx).User, "sha256", f.SHA256, "size", f.Size)
	return answer(f), nil
}

func (a *api) fileFacts(ctx context.Context, in *struct {
	SHA256 string `path:"sha256" maxLength:"64"`
},
) (*body[load.StoredFile], error) {
	f, err := blob.StatContent(ctx, a.Blob, in.SHA256)
	return answer(f), err
}

func (a *api) agentFile(ctx context.Context, in *struct {
	Token string `path:"token" maxLength:"500"`
},
) (*huma.StreamResponse, error) {
	run, sum, err := a.Links.check(in.Token, a.Now())
	if err != nil {
		return nil, err
	}
	r, err := a.Store.Run(ctx, run)
	if err != nil {
		return nil, err
	}
	if r.Status == load.Ended {
		return nil, load.Errorf(load.Forbidden, "run %s has ended: its links do not hold any more", run)
	}
	for _, known := range r.Files {
		if known == sum {
			return a.sendObject(ctx, load.FileKey(sum), "application/octet-stream", "")
		}
	}
	return nil, load.Errorf(load.Forbidden, "run %s has no such file", run)
}

// sendObject answers with an object, or the ranges of it that are asked for.
// With a name, browsers save it under that.
func (a *api) sendObject(ctx context.Context, key, contentType, name string) (*huma.StreamResponse, error) {
	obj, err := a.Blob.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer obj.Close()
		r, w := humago.Unwrap(hc)
		w.Header().Set("Content-Type", contentType)
		if name != "" {
			w.Header().Set("Content-Disposition", "attachment; filename="+strconv.Quote(name))
		}
		http.ServeContent(w, r, "", obj.Info().Modified, obj)
	}}, nil
}
