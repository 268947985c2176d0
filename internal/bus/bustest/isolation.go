package bustest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"onrush.dev/onrush/internal/bus"
	"onrush.dev/onrush/internal/load"
)

// attack connects with a ticket's credentials and a client that keeps to none
// of our rules.
func (s *suite) attack(ticket bus.Ticket) *nats.Conn {
	s.Helper()
	key, err := nkeys.FromSeed([]byte(ticket.Seed))
	s.must(err)
	options := []nats.Option{
		nats.UserJWT(func() (string, error) { return ticket.JWT, nil }, key.Sign),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}
	if !strings.HasPrefix(ticket.URLs[0], "ws:") {
		pool := x509.NewCertPool()
		for _, der := range [][]byte{ticket.CA, ticket.Roots} {
			authorities, err := x509.ParseCertificates(der)
			s.must(err)
			for _, authority := range authorities {
				pool.AddCert(authority)
			}
		}
		options = append(options, nats.Secure(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}))
	}
	nc, err := nats.Connect(ticket.URLs[0], options...)
	s.must(err)
	s.Cleanup(nc.Close)
	return nc
}

// foreign are subjects that are none of task "mine", attempt 1, of a run.
func foreign(run, other string) []string {
	var subjects []string
	for _, kind := range []string{"win", "evt", "order", "clock", "cmd"} {
		subjects = append(subjects,
			fmt.Sprintf("onrush.%s.%s.theirs.1", run, kind),
			fmt.Sprintf("onrush.%s.%s.mine.0", run, kind),
			fmt.Sprintf("onrush.%s.%s.mine.2", run, kind),
			fmt.Sprintf("onrush.%s.%s.mine.1", other, kind),
			fmt.Sprintf("onrush.%s.%s.mine.1.more", run, kind),
		)
	}
	return append(subjects,
		"onrush."+run+".cmd.mine.1", // its own to hear, not to say
		"_onrush."+run+".theirs.1.ack.1", "_onrush."+run+".mine.0.ack.1",
		"_INBOX.x", "anything",
		"$JS.API.STREAM.PURGE.run_"+run, "$JS.API.STREAM.DELETE.run_"+run,
		"$JS.API.STREAM.DELETE.run_"+other, "$JS.API.CONSUMER.CREATE.run_"+run, "$JS.API.INFO",
		"$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.PING.CONNZ",
	)
}

func testPublishIsolation(_ *testing.T, s *suite) {
	run, other := s.run(), s.run()
	nc := s.attack(s.ticket(run, "mine", 1))
	const mark = "planted"
	var heard []string
	planted := make(chan *nats.Msg, 1000)
	own := "onrush." + run + ".win.mine.1"
	for _, subject := range append(foreign(run, other), own) {
		_, err := s.hub.NC.ChanSubscribe(subject, planted)
		s.must(err)
	}
	s.must(s.hub.NC.Flush())
	for _, subject := range foreign(run, other) {
		s.must(nc.Publish(subject, []byte(mark)))
		s.must(nc.PublishRequest(subject, "onrush."+run+".evt.mine.1", nil))
	}
	s.must(nc.PublishMsg(&nats.Msg{Subject: own, Data: []byte(mark), Header: nats.Header{nats.MsgIdHdr: []string{run + "/mine/1/win/1"}}})) // after all others: once it is heard, they would have been
	s.must(nc.Flush())
	for len(heard) == 0 || heard[len(heard)-1] != own {
		select {
		case m := <-planted:
			if string(m.Data) == mark {
				heard = append(heard, m.Subject)
			}
		case <-time.After(patience):
			s.Fatal("the ticket cannot publish its own windows")
		}
	}
	if len(heard) != 1 {
		s.Fatalf("a ticket of task mine of run %s published on %v", run, heard[:len(heard)-1])
	}
	s.take(run, 1)
	if got := s.all(run); len(got) != 1 || got[0].Task != "mine" || got[0].Attempt != 1 {
		s.Fatalf("the run's stream holds %+v", got)
	}
	if got := s.all(other); len(got) != 0 {
		s.Fatalf("another run's stream holds %+v", got)
	}
}

func testSubscribeIsolation(_ *testing.T, s *suite) {
	run, other := s.run(), s.run()
	nc := s.attack(s.ticket(run, "mine", 1))
	got := make(chan string, 1000)
	subscribe := func(subject string) {
		_, err := nc.Subscribe(subject, func(m *nats.Msg) { got <- subject + " gave " + m.Subject })
		s.must(err)
	}
	mine := "onrush." + run + ".cmd.mine.1"
	targets := foreign(run, other)
	for _, subject := range append(targets, ">", "*.>", "onrush.>", "onrush.*.cmd.*.*", "_onrush.>", "_INBOX.>", "$JS.>", "$SYS.>") {
		if subject != mine {
			subscribe(subject)
		}
	}
	subscribe("_onrush." + run + ".mine.1.>")
	s.must(nc.Flush())
	for _, subject := range targets {
		if subject != mine && subject[0] != '$' {
			s.must(s.hub.NC.Publish(subject, []byte("secret")))
		}
	}
	last := "_onrush." + run + ".mine.1.last"
	s.must(s.hub.NC.Publish(last, nil))
	for {
		select {
		case heard := <-got:
			if heard == "_onrush."+run+".mine.1.> gave "+last {
				return
			}
			s.Errorf("a ticket of task mine of run %s listened to others: %s", run, heard)
		case <-time.After(patience):
			s.Fatal("the ticket does not hear its own inbox")
		}
	}
}

// Whoever answers an agent may publish everywhere: the agent must not choose
// where to.
func testReplyIsolation(_ *testing.T, s *suite) {
	run := s.run()
	s.orders(run, func(string, int) (load.Order, error) { return load.Order{}, nil })
	victim := s.dial(run, "theirs", 1)
	s.must(victim.PublishWindow(1, []byte("keep me")))
	s.flush(victim)
	nc := s.attack(s.ticket(run, "mine", 1))
	replies := []string{
		"$JS.API.STREAM.PURGE.run_" + run, "$JS.API.STREAM.DELETE.run_" + run,
		"onrush." + run + ".evt.theirs.1", "onrush." + run + ".win.theirs.1",
	}
	for _, kind := range []string{"win", "evt", "order", "clock"} {
		for _, reply := range replies {
			s.must(nc.PublishRequest("onrush."+run+"."+kind+".mine.1", reply, nil))
		}
	}
	s.must(nc.Flush())
	inbox := "_onrush." + run + ".mine.1.done"
	done, err := nc.SubscribeSync(inbox)
	s.must(err)
	for _, kind := range []string{"order", "clock", "win"} { // each answered after those before
		s.must(nc.PublishRequest("onrush."+run+"."+kind+".mine.1", inbox, nil))
		_, err := done.NextMsg(patience)
		s.must(err)
	}
	got := s.all(run)
	if len(got) == 0 || string(got[0].Data) != "keep me" || got[0].StreamSeq != 1 {
		s.Fatalf("the stream was tampered with: it begins with %+v", got)
	}
	for _, m := range got[1:] {
		if m.Task != "mine" {
			s.Errorf("a reply was planted as a message of task %s: %q", m.Task, m.Data)
		}
	}
}
