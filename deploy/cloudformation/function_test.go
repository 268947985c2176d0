package cloudformation_test

import (
	"bufio"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/server"
)

// runFunction is what Lambda does with a function, for one event a line: it imports
// the code anew and calls the handler.
const runFunction = `
import json, sys, types
for line in sys.stdin:
    asked = json.loads(line)
    module = types.ModuleType("index")
    exec(compile(asked["code"], "index.py", "exec"), module.__dict__)
    class Context:
        def get_remaining_time_in_millis(self): return asked["left"]
    module.handler(asked["event"], Context())
    print("", "done", flush=True)
`

// registrar is the function that registers regions, out of the template.
type registrar struct {
	*stand
	code  string
	token string // ARN of the secret with the server's token
	props map[string]string

	events io.Writer
	output *bufio.Reader
}

// start starts the process that runs the function.
func (r *registrar) start(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Getenv("ONRUSH_TEST_AWS_PYTHON"), "-u", "-c", runFunction)
	cmd.Env = []string{
		"AWS_ENDPOINT_URL=" + r.url, "AWS_DEFAULT_REGION=eu-west-1", "NO_PROXY=127.0.0.1", "AWS_ACCESS_KEY_ID=" + r.keys.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + r.keys.SecretAccessKey, "AWS_SESSION_TOKEN=" + r.keys.SessionToken,
	}
	events, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.events, r.output = events, bufio.NewReader(output)
	t.Cleanup(func() {
		events.Close()
		_ = cmd.Wait() // ended with the test's context
	})
}

// handle runs the function with an event and returns what it wrote.
func (r *registrar) handle(t *testing.T, event map[string]any) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"code": r.code, "event": event, "left": 1000})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.events.Write(append(text, '\n')); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for {
		line, err := r.output.ReadString('\n')
		if err != nil {
			t.Fatalf("the function ended: %v\n%s", err, out.String())
		}
		if line == " done\n" {
			return out.String()
		}
		out.WriteString(line)
	}
}

// answer is what a function tells CloudFormation.
type answer struct{ Status, Reason, PhysicalResourceId, StackId, RequestId, LogicalResourceId string } //nolint:staticcheck // AWS's names

// functionCode is the code of a function in the region's template.
func functionCode(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(regionFile)
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	properties := template.Resources[name].Properties
	var function struct {
		Code struct {
			ZipFile string `yaml:"ZipFile"`
		} `yaml:"Code"`
	}
	if err := properties.Decode(&function); err != nil || function.Code.ZipFile == "" {
		t.Fatalf("the template has no code of %s: %v", name, err)
	}
	return function.Code.ZipFile
}

// send runs the function with an event and returns what it answered.
func (r *registrar) send(t *testing.T, kind, id string, change map[string]string) answer {
	t.Helper()
	answers := make(chan answer, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		var got answer
		body, err := io.ReadAll(req.Body)
		// The address is signed for a request without a type.
		if err != nil || req.Method != http.MethodPut || req.Header.Get("Content-Type") != "" || json.Unmarshal(body, &got) != nil {
			t.Errorf("answered %s %q %s %v", req.Method, req.Header.Get("Content-Type"), body, err)
		}
		answers <- got
	}))
	defer receiver.Close()
	props := map[string]string{}
	for name, value := range r.props {
		props[name] = value
	}
	for name, value := range change {
		props[name] = value
	}
	event := map[string]any{
		"RequestType": kind, "ResponseURL": receiver.URL + "/answer?signed", "StackId": "stack", "RequestId": "request", "LogicalResourceId": "Registration",
		"ResourceType": "Custom::OnrushRegion", "ResourceProperties": props,
	}
	if id != "" {
		event["PhysicalResourceId"] = id
	}
	out := r.handle(t, event)
	if secret := r.secretText(t, "us-east-1", r.token); strings.Contains(out, secret) {
		t.Errorf("the function's log holds the token:\n%s", out)
	}
	got := <-answers
	if got.StackId != "stack" || got.RequestId != "request" || got.LogicalResourceId != "Registration" || got.PhysicalResourceId == "" || got.Reason == "" {
		t.Errorf("%s: answered %+v", kind, got)
	}
	return got
}

// TestRegistrar runs the function against a real server, through the whole life
// of an entry and all that can go wrong.
func TestRegistrar(t *testing.T) {
	t.Parallel()
	s := open(t)
	srv, err := server.Start(t.Context(), server.Config{DataDir: t.TempDir(), NoLogin: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close(t.Context()) })
	api := client.New(srv.URL(), srv.Token())
	region := func(cluster string, limit int) string {
		text, err := json.Marshal(map[string]any{"driver": "ecs", "limit": limit, "settings": map[string]string{"aws_region": "eu-west-1", "cluster": cluster, "subnets": "subnet-1"}})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	token := s.secret(t, "us-east-1", "token", srv.Token()+"\n") // another region than the function's
	r := &registrar{stand: s, code: functionCode(t, "Registrar"), token: token, props: map[string]string{
		"Server": srv.URL(), "Token": token, "Name": "dublin", "Region": region("one", 5),
	}}
	r.start(t)
	ours := srv.URL() + "/regions/dublin"
	want := func(step string, got answer, status, id, reason string) {
		t.Helper()
		if got.Status != status || got.PhysicalResourceId != id || !strings.Contains(got.Reason, reason) {
			t.Errorf("%s: got %+v, want %s for %s with %q", step, got, status, id, reason)
		}
	}
	limit := func(want int) {
		t.Helper()
		kept, err := api.Region(t.Context(), "dublin")
		if want < 0 && load.ErrorCode(err) == load.NotFound {
			return
		}
		if err != nil || kept.Limit != want {
			t.Errorf("the server has %+v, %v, want a limit of %d", kept, err, want)
		}
	}

	want("create", r.send(t, "Create", "", nil), "SUCCESS", ours, "registered")
	limit(5)
	want("again, after a lost answer", r.send(t, "Create", "", nil), "SUCCESS", ours, "registered")
	want("change", r.send(t, "Update", ours, map[string]string{"Region": region("one", 7)}), "SUCCESS", ours, "registered")
	limit(7)
	want("another stack", r.send(t, "Create", "", map[string]string{"Region": region("two", 1)}), "FAILED", "not-registered", "choose another RegionName")
	want("which it then deletes", r.send(t, "Delete", "not-registered", map[string]string{"Region": region("two", 1)}), "SUCCESS", "not-registered", "registered")
	want("another's entry", r.send(t, "Delete", ours, map[string]string{"Region": region("two", 1)}), "SUCCESS", ours, "no such region of this stack")
	limit(7)
	want("bad settings", r.send(t, "Update", ours, map[string]string{"Region": `{"driver":"ecs","settings":{"aws_region":"eu-west-1","cluster":"one"}}`}), "FAILED", ours, "subnets")
	want("no such driver", r.send(t, "Update", ours, map[string]string{"Region": `{"driver":"abacus"}`}), "FAILED", ours, "abacus")
	limit(7)
	want("delete", r.send(t, "Delete", ours, nil), "SUCCESS", ours, "removed")
	limit(-1)
	want("delete again", r.send(t, "Delete", ours, nil), "SUCCESS", ours, "no such region")

	bad := s.secret(t, "us-east-1", "bad", "onrt_wrong")
	want("wrong token", r.send(t, "Create", "", map[string]string{"Token": bad}), "FAILED", "not-registered", "put the token of an admin into the secret "+bad)
	weak := s.secret(t, "us-east-1", "weak", viewerToken(t, api))
	want("a viewer's token", r.send(t, "Create", "", map[string]string{"Token": weak}), "FAILED", "not-registered", "has to be an admin's")
	want("no secret", r.send(t, "Create", "", map[string]string{"Token": token + "x"}), "FAILED", "not-registered", "ResourceNotFoundException")
	gone := map[string]string{"Server": "http://127.0.0.1:1"}
	want("no server", r.send(t, "Create", "", gone), "FAILED", "not-registered", "cannot be reached")
	want("the server went first", r.send(t, "Delete", "http://127.0.0.1:1/regions/dublin", gone), "SUCCESS", "http://127.0.0.1:1/regions/dublin", "nothing was removed there")
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(busy.Close)
	want("a balancer without a server", r.send(t, "Delete", "x", map[string]string{"Server": busy.URL}), "FAILED", "x", "answered 503")
}

func viewerToken(t *testing.T, api *client.Client) string {
	t.Helper()
	made, err := api.CreateToken(t.Context(), "tests", load.Viewer, 1)
	if err != nil {
		t.Fatal(err)
	}
	return made.Secret
}
