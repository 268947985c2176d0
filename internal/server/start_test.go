package server_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"onrush.dev/onrush/internal/client"
	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/server"
)

// TestFailedStartKeepsTheLogin takes the port away from a server's first start:
// the password that is shown once must be left to the start that can show it.
func TestFailedStartKeepsTheLogin(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	config := server.Config{DataDir: t.TempDir(), AgentCommand: []string{agent}, Listen: taken.Addr().String()}
	if s, err := server.Start(t.Context(), config); load.ErrorCode(err) != load.Unavailable {
		t.Fatalf("started %v on a taken port: %v", s, err)
	}
	config.Listen = ""
	s, err := server.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if _, password, ok := s.FirstLogin(); !ok || password == "" {
		t.Error("nobody was ever shown the first password")
	}
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestChosenFirstPassword: a first password that was chosen is used, is told
// nobody, and a bad one leaves the folder as it was.
func TestChosenFirstPassword(t *testing.T) {
	t.Parallel()
	config := server.Config{DataDir: t.TempDir(), AgentCommand: []string{agent}, AdminPassword: "too short"}
	if s, err := server.Start(t.Context(), config); load.ErrorCode(err) != load.Invalid || !strings.Contains(err.Error(), "ONRUSH_ADMIN_PASSWORD") {
		t.Fatalf("started %v with a short password: %v", s, err)
	}
	config.AdminPassword = "a password of my own"
	s, err := server.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	if name, _, ok := s.FirstLogin(); ok {
		t.Errorf("the login of %s would be shown", name)
	}
	if _, err := client.New(s.URL(), "").Login(t.Context(), "admin", config.AdminPassword); err != nil {
		t.Error(err)
	}
}
