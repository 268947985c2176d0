package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/server"
)

// TestTasksOfAnotherNetwork runs tasks in a network namespace of their own: they
// share nothing with the server but a wire, as on another machine, and one
// address on it is all that they have of the server.
func TestTasksOfAnotherNetwork(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes network namespaces: not in the short tests")
	}
	space, here := network(t)
	listener, err := net.Listen("tcp", here+":0")
	if err != nil {
		t.Fatal(err)
	}
	target := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.NotFoundHandler()}}
	target.Start()
	t.Cleanup(target.Close)
	port := freePort(t, here)
	s, err := server.Start(t.Context(), server.Config{
		DataDir: t.TempDir(), Listen: port, Ephemeral: true,
		Regions:      []load.Region{{Name: "far", Driver: "local", Server: "http://" + port}},
		AgentCommand: []string{"nsenter", "--net=/run/netns/" + space, agent},
		Log:          slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	c := client.New(s.LocalURL(), s.Token())
	source := "name: far\nrequests: [{url: '" + target.URL + "'}]\nload: {users: 2, requests: 50}\nregions: [{name: far, tasks: 2}]\n"
	report := runToEnd(t, c, source)
	if report.Run.Outcome != load.Completed || report.Total.Requests != 50 || report.Accounting.SamplesSent != 50 {
		t.Errorf("outcome %s, %d requests, %d samples sent; cause %q", report.Run.Outcome, report.Total.Requests, report.Accounting.SamplesSent, report.Run.Cause)
	}
}

// network makes a namespace with a wire to this one, and returns its name and
// the address at this end.
func network(t *testing.T) (space, here string) {
	t.Helper()
	id := os.Getpid() % 10000
	space, near, far := fmt.Sprintf("onrush-%d", id), fmt.Sprintf("orn%d", id), fmt.Sprintf("orf%d", id)
	here = fmt.Sprintf("10.203.%d.1", id%250)
	there := fmt.Sprintf("10.203.%d.2", id%250)
	t.Cleanup(func() {
		_ = exec.Command("ip", "link", "del", near).Run() // both ends go
		_ = exec.Command("ip", "netns", "del", space).Run()
	})
	for _, args := range []string{
		"netns add " + space,
		"link add " + near + " type veth peer name " + far,
		"link set " + far + " netns " + space,
		"addr add " + here + "/24 dev " + near,
		"link set " + near + " up",
		"-n " + space + " addr add " + there + "/24 dev " + far,
		"-n " + space + " link set " + far + " up",
	} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s (as root): %v %s", args, err, out)
		}
	}
	return space, here
}

func freePort(t *testing.T, host string) string {
	t.Helper()
	listener, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
