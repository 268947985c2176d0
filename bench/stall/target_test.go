//go:build linux

package main

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
)

func TestTheTargetAnswersEachRequestOnce(t *testing.T) {
	t.Parallel()
	client, inside := net.Pipe()
	j := &journal{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		(&server{}).answerAll(inside, j)
	}()
	go func() {
		_, _ = io.WriteString(client, strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 3))
	}()
	in := bufio.NewReader(client)
	for range 3 {
		got := make([]byte, len(answer))
		if _, err := io.ReadFull(in, got); err != nil || string(got) != answer {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	client.Close()
	<-done
	if len(j.answers) != 3 {
		t.Errorf("%d answers noted, want 3", len(j.answers))
	}
}
