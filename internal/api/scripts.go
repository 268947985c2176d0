package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/blob"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/script"
)

func (a *api) registerScripts() {
	handle(a, route{
		method: "POST", path: "/scripts", id: "upload-script", tag: "files", summary: "Upload a script with all that lies beside it",
		description: "One part for each file, its path in the part's filename. A single file, or one zip, is kept as it is; several files become one zip. The answer says which engine it is for and which file would be run.",
		role:        load.Operator,
	}, a.uploadScript)
	// Described after it is registered: a form whose fields are known beforehand
	// would be read into memory.
	describeMultipart(a.huma.OpenAPI().Paths[prefix+"/scripts"].Post)
}

func describeMultipart(op *huma.Operation) {
	file := &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	op.RequestBody = &huma.RequestBody{
		Required: true, Description: "The files.",
		Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
			Type: huma.TypeObject, Properties: map[string]*huma.Schema{"file": file}, Required: []string{"file"},
		}}},
	}
}

// multipartIn is the input of a form with files, read as it comes.
type multipartIn struct {
	Engine string `query:"engine" enum:"k6,jmeter,locust" doc:"Where the files do not tell."`
	Entry  string `query:"entry" maxLength:"1000" doc:"The file that is run, where several could be."`

	parts  *multipart.Reader
	length int64
}

// Resolve implements huma.Resolver.
func (m *multipartIn) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	m.length = r.ContentLength
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return []error{&huma.ErrorDetail{Message: "the body is no multipart/form-data with files", Location: "body"}}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{&patient{r.Body, http.NewResponseController(w)}, r.Body}
	parts, err := r.MultipartReader()
	if err != nil {
		return []error{&huma.ErrorDetail{Message: "the body is no multipart/form-data with files", Location: "body"}}
	}
	m.parts = parts
	return nil
}

var _ huma.Resolver = (*multipartIn)(nil)

// mostParts bounds the files of one form; more belong into a zip.
const mostParts = 2000

func (a *api) uploadScript(ctx context.Context, in *multipartIn) (*body[wire.UploadedScript], error) {
	if in.length > a.MaxUpload+(1<<20) {
		return nil, load.Errorf(load.TooLarge, "the files have %d bytes: at most %d are allowed", in.length, a.MaxUpload)
	}
	work, err := os.MkdirTemp("", "onrush-script-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	received := filepath.Join(work, "received")
	names, err := a.receive(in.parts, received)
	if err != nil {
		return nil, err
	}
	content, name := filepath.Join(received, filepath.FromSlash(names[0])), path.Base(names[0])
	if len(names) > 1 {
		content, name = filepath.Join(work, "bundle.zip"), "bundle.zip"
		if err := packReceived(content, received, names); err != nil {
			return nil, err
		}
	}
	layout, err := script.LayOut(content, filepath.Join(work, "script"), name, in.Engine, in.Entry)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(content)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	stored, err := blob.PutContent(ctx, a.Blob, file, "", a.MaxUpload)
	if err != nil {
		return nil, err
	}
	a.Log.InfoContext(ctx, "script stored", "user", caller(ctx).User, "sha256", stored.SHA256, "size", stored.Size, "files", len(names))
	return answer(wire.UploadedScript{
		StoredFile: stored, Name: name, Engine: layout.Engine, Entry: layout.Entry, Entries: layout.Entries,
	}), nil
}

// receive writes the form's files below dir, as they come.
func (a *api) receive(parts *multipart.Reader, dir string) (names []string, err error) {
	left := a.MaxUpload
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, load.Errorf(load.Invalid, "the form cannot be read: %w", err)
		}
		name := partName(part)
		switch {
		case name == "":
			continue // a field that is no file
		case !filepath.IsLocal(filepath.FromSlash(name)) || strings.ContainsAny(name, "\\\x00"):
			return nil, load.Errorf(load.Invalid, "a file is named %q: its name must be a path below the script's folder, with '/'", name)
		case len(names) == mostParts:
			return nil, load.Errorf(load.TooLarge, "the form has more than %d files: put them into a zip", mostParts)
		}
		n, err := receiveOne(part, filepath.Join(dir, filepath.FromSlash(name)), left)
		if err != nil {
			return nil, err
		}
		left -= n
		names = append(names, path.Clean(name))
	}
	if len(names) == 0 {
		return nil, load.Errorf(load.Invalid, "the form has no file: send one part with a filename for each")
	}
	return names, nil
}

// partName is a part's filename with its folders, which package multipart would
// cut off.
func partName(part *multipart.Part) string {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	return params["filename"]
}

func receiveOne(part io.Reader, to string, left int64) (n int64, err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return 0, err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, load.Errorf(load.Invalid, "the form has the file %q twice", filepath.Base(to))
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	n, err = io.Copy(out, io.LimitReader(part, left+1))
	if err == nil && n > left {
		err = load.Errorf(load.TooLarge, "the files are larger than what is allowed together")
	}
	return n, err
}

func packReceived(to, dir string, names []string) error {
	out, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("pack the files: %w", err)
	}
	return errors.Join(script.Pack(out, dir, names, ""), out.Close())
}
