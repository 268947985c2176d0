package httpload

import (
	"bufio"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/enginetest"
	"onrush.dev/onrush/internal/load"
)

const head = "HTTP/1.1 200 OK\r\n"

// faultCase is a way to fail and the cause it is to be counted under.
type faultCase struct {
	does   behaviour
	cause  load.Cause
	scheme string // default http
	edit   func(*load.Scenario)
	status int // that the requests are to have; 0: none
}

func faultCases() map[string]faultCase {
	http2 := func(s *load.Scenario) { s.Connection.HTTP = "2" }
	large := strings.Repeat("x", 4096)
	return map[string]faultCase{
		"Resets":              {does: resets, cause: load.CauseReset},
		"Stalls":              {does: stalls, cause: load.CauseTimeout},
		"StallsInHead":        {does: saysAndWaits("HTTP/1.1 2"), cause: load.CauseTimeout},
		"StallsInBody":        {does: saysAndWaits(head + "Content-Length: 10\r\n\r\nhalf"), cause: load.CauseTimeout, status: 200},
		"ClosesUnanswered":    {does: says(""), cause: load.CauseClosed},
		"ClosesInHead":        {does: says("HTTP/1.1 200 O"), cause: load.CauseClosed},
		"ClosesInBody":        {does: says(head + "Content-Length: 10\r\n\r\nhalf"), cause: load.CauseClosed, status: 200},
		"ClosesInChunk":       {does: says(head + "Transfer-Encoding: chunked\r\n\r\n9\r\nhalf"), cause: load.CauseClosed, status: 200},
		"Garbage":             {does: says("\x00\x01\x02 nothing to see\r\n\r\n"), cause: load.CauseMalformed},
		"GarbageWithoutEnd":   {does: saysAndWaits("SSH-2.0"), cause: load.CauseMalformed},
		"GarbageInHeaders":    {does: says(head + "no colon here\r\n\r\n"), cause: load.CauseMalformed},
		"GarbageInChunks":     {does: saysAndWaits(head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), cause: load.CauseMalformed, status: 200},
		"GarbageAsLength":     {does: says(head + "Content-Length: many\r\n\r\n"), cause: load.CauseMalformed},
		"EndlessBody":         {does: repeats(head+"\r\n", large), cause: load.CauseTimeout, status: 200},
		"EndlessChunks":       {does: repeats(head+"Transfer-Encoding: chunked\r\n\r\n", "1000\r\n"+large+"\r\n"), cause: load.CauseTimeout, status: 200},
		"EndlessHeaders":      {does: repeats(head, "X-More: "+large+"\r\n"), cause: load.CauseMalformed},
		"EndlessHeaderLine":   {does: repeats(head+"X-More: ", large), cause: load.CauseMalformed},
		"EndlessInterim":      {does: repeats("", "HTTP/1.1 103 Early Hints\r\n\r\n"), cause: load.CauseMalformed},
		"PlainTextForTLS":     {does: saysAtOnce("HTTP/1.1 400 Bad Request\r\n\r\n"), cause: load.CauseTLS, scheme: "https"},
		"GarbageForTLS":       {does: saysAtOnce("\x16\x03\x03\xff\xff garbage"), cause: load.CauseTLS, scheme: "https"},
		"DeafForTLS":          {does: deaf, cause: load.CauseTimeout, scheme: "https"},
		"ResetForTLS":         {does: resets, cause: load.CauseReset, scheme: "https"},
		"HTTP2Garbage":        {does: saysAtOnce("HTTP/1.1 400 Bad Request\r\n\r\n" + large), cause: load.CauseMalformed, edit: http2},
		"HTTP2Deaf":           {does: deaf, cause: load.CauseTimeout, edit: http2},
		"HTTP2Closes":         {does: closes, cause: load.CauseClosed, edit: http2},
		"UnexpectedStatus":    {does: keepsSaying("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), cause: load.CauseStatus, status: 404},
		"UnexpectedBody":      {does: keepsSaying(head + "Content-Length: 4\r\n\r\nnope"), cause: load.CauseBody, status: 200, edit: wantBody},
		"LongerThanAllowed":   {does: saysAndWaits(head + "Content-Length: 1000000\r\n\r\n"), cause: load.CauseTooLarge, status: 200, edit: smallBodies},
		"LargerThanAllowed":   {does: repeats(head+"\r\n", large), cause: load.CauseTooLarge, status: 200, edit: smallBodies},
		"RedirectsForEver":    {does: keepsSaying("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), cause: load.CauseRedirect, status: 302},
		"RedirectsToNowhere":  {does: keepsSaying("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), cause: load.CauseRedirect, status: 302},
		"RedirectsToOtherURL": {does: keepsSaying("HTTP/1.1 302 Found\r\nLocation: mailto:a@b\r\nContent-Length: 0\r\n\r\n"), cause: load.CauseRedirect, status: 302},
	}
}

func wantBody(s *load.Scenario)    { s.Requests[0].Expect.BodyContains = "yes" }
func smallBodies(s *load.Scenario) { s.Connection.MaxBody = 100_000 }

// TestEveryFaultHasItsCause runs against each fault in both models: every
// request is counted once, under the right cause, and the run ends in time.
func TestEveryFaultHasItsCause(t *testing.T) {
	t.Parallel()
	for name, c := range faultCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFault(t, c.does)
			scheme := c.scheme
			if scheme == "" {
				scheme = "http"
			}
			checkCause(t, f.url(scheme), c)
		})
	}
}

func checkCause(t *testing.T, url string, c faultCase) {
	t.Helper()
	s := load.Scenario{Requests: []load.Request{{URL: url, Timeout: load.Duration(20 * time.Second)}}}
	if c.cause == load.CauseTimeout {
		s.Requests[0].Timeout = load.Duration(300 * time.Millisecond)
	}
	if c.edit != nil {
		c.edit(&s)
	}
	begin := time.Now()
	runs := map[load.Model][]*enginetest.Task{
		load.Closed: startTasks(t, 1, load.Order{Model: load.Closed, Scenario: s, Profile: enginetest.Endless(3), Requests: 5}, nil),
		load.Open:   startTasks(t, 1, load.Order{Model: load.Open, Scenario: s, Profile: enginetest.Hold(30, 200*time.Millisecond)}, nil),
	}
	for model, tasks := range runs {
		got := sum(tasks)
		if took := time.Since(begin); took > 15*time.Second {
			t.Errorf("%s: the run took %s", model, took)
		}
		if got.Requests < 5 || got.Requests != got.Started || got.Causes[c.cause] != got.Requests {
			t.Errorf("%s: %d requests (%d begun) with causes %v, want all %s", model, got.Requests, got.Started, got.Causes, c.cause)
		}
		if c.status != 0 && got.Statuses[c.status] != got.Requests {
			t.Errorf("%s: got statuses %v, want all %d", model, got.Statuses, c.status)
		}
		if c.status == 0 && len(got.Statuses) != 0 {
			t.Errorf("%s: got statuses %v, want none", model, got.Statuses)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	// A port that is taken but not listened on: nobody else can begin to.
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	checkCause(t, "http://"+c.LocalAddr().String()+"/", faultCase{cause: load.CauseRefused})
}

func TestConnectFailsWithoutLocalAddress(t *testing.T) {
	t.Parallel()
	f := newFault(t, answers)
	checkCause(t, f.url("http"), faultCase{cause: load.CauseConnect, edit: func(s *load.Scenario) {
		s.Connection.LocalAddresses = []string{"::1"}
	}})
}

// TestMemoryDoesNotGrowWithBodies reads bodies of 100 MB, four at once, and looks
// at the heap meanwhile. It runs by itself: the heap is everybody's.
func TestMemoryDoesNotGrowWithBodies(t *testing.T) {
	f := newFault(t, func(f *fault, c net.Conn, in *bufio.Reader) {
		f.request(in)
		say(c, head+"Content-Length: 104857600\r\n\r\n")
		for piece, err := make([]byte, 1<<20), error(nil); err == nil; {
			_, err = c.Write(piece)
		}
	})
	tasks := startTasks(t, 1, load.Order{
		Model: load.Closed, Profile: enginetest.Endless(4), Requests: 4,
		Scenario: load.Scenario{Requests: []load.Request{{URL: f.url("http")}}},
	}, nil)
	done, most := make(chan struct{}), uint64(0)
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	got := sum(tasks)
	close(done)
	watch.Wait()
	if got.BytesIn < 400<<20 || got.Failures != 0 {
		t.Errorf("read %d bytes, failures %v", got.BytesIn, got.Causes)
	}
	if most > 200<<20 {
		t.Errorf("the heap grew to %d bytes", most)
	}
}
