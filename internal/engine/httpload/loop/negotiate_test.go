package loop

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"testing"
	"time"
)

func TestNegotiate(t *testing.T) {
	t.Parallel()
	l := runLoop(t)
	c, peer, _ := dialed(t, l)
	done := make(chan error, 1)
	do(t, l, func() {
		c.Negotiate(func(nc net.Conn) error {
			for i := range 3 {
				if _, err := fmt.Fprintf(nc, "question %d\n", i); err != nil {
					return err
				}
				answer := make([]byte, 4)
				if _, err := io.ReadFull(nc, answer); err != nil {
					return err
				}
				if string(answer) != fmt.Sprintf("an %d", i) {
					return fmt.Errorf("the answer is %q", answer)
				}
			}
			_, err := nc.Write(make([]byte, 8<<20)) // more than the socket takes
			return err
		}, func(err error) { done <- err })
	})
	in := bufio.NewReader(peer)
	for i := range 3 {
		if line, err := in.ReadString('\n'); err != nil || line != fmt.Sprintf("question %d\n", i) {
			t.Fatalf("read %q, %v", line, err)
		}
		for _, b := range fmt.Appendf(nil, "an %d", i) { // in pieces
			mustWrite(t, peer, []byte{b})
			do(t, l, func() {})
		}
	}
	if _, err := io.CopyN(io.Discard, in, 8<<20); err != nil {
		t.Error(err)
	}
	if err := take(t, done); err != nil {
		t.Error(err)
	}
	// What comes after the negotiation, or came with its last words, is the session's.
	mustWrite(t, peer, []byte("hello"))
	s, got := newSpeech(), make(chan string, 1)
	s.receive = func(p []byte) error { got <- string(p); return nil }
	do(t, l, func() {
		for c.drained = false; !c.pending(); {
			time.Sleep(time.Millisecond)
		}
		c.Attach(wholeSession{s}, nil)
	})
	if text := take(t, got); text != "hello" {
		t.Errorf("received %q", text)
	}
}

// TestCloseEndsANegotiation wherever it is: not begun, reading, writing.
func TestCloseEndsANegotiation(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(net.Conn) error{
		"Reads":  func(nc net.Conn) error { _, err := nc.Read(make([]byte, 1)); return err },
		"Writes": func(nc net.Conn) error { _, err := nc.Write(make([]byte, 64<<20)); return err },
	} {
		for _, begun := range []bool{false, true} {
			l := runLoop(t)
			c, peer, _ := dialed(t, l)
			ended := make(chan error, 1)
			start := func() {
				c.Negotiate(func(nc net.Conn) error {
					err := f(nc)
					ended <- err
					return err
				}, func(err error) { t.Errorf("%s: told that it ended: %v", name, err) })
			}
			if !begun {
				do(t, l, func() { start(); c.Close(true) })
				continue
			}
			do(t, l, start)
			do(t, l, func() {})
			do(t, l, func() { c.Close(false) })
			if err := take(t, ended); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: got %v", name, err)
			}
			_ = peer.SetReadDeadline(time.Now().Add(patience))
			if _, err := io.Copy(io.Discard, peer); errors.Is(err, errAgain) {
				t.Error(err)
			}
		}
	}
}

func TestThePeerEndsANegotiation(t *testing.T) {
	t.Parallel()
	l := runLoop(t)
	c, peer, _ := dialed(t, l)
	done := make(chan error, 1)
	do(t, l, func() {
		c.Negotiate(func(nc net.Conn) error {
			_, err := io.ReadFull(nc, make([]byte, 10))
			return err
		}, func(err error) { done <- err })
	})
	mustWrite(t, peer, []byte("half"))
	_ = peer.Close()
	if err := take(t, done); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	do(t, l, func() { c.Close(false) })
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// TestTLS sends much both ways, in both versions, and sees the end for what it is.
func TestTLS(t *testing.T) {
	t.Parallel()
	config := &tls.Config{Certificates: []tls.Certificate{certificate(t)}}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, orderly := range []bool{true, false} {
			l, s := runLoop(t), newSpeech()
			c, peer, _ := dialed(t, l)
			server := tls.Server(peer, config)
			const size = 5 << 20
			received, gone := make(chan int, 1), make(chan error, 1)
			go func() {
				_, err := io.CopyN(server, server, size)
				if orderly && err == nil {
					err = server.Close()
				} else {
					_ = peer.Close()
				}
				gone <- err
			}()
			var tc *tls.Conn
			done, n := make(chan error, 1), 0
			s.receive = func(p []byte) error {
				if n += len(p); n == size {
					received <- n
				}
				return nil
			}
			do(t, l, func() {
				c.Negotiate(func(nc net.Conn) error {
					tc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true, MaxVersion: version})
					return tc.Handshake()
				}, func(err error) {
					done <- err
					if err == nil {
						c.Attach(wholeSession{s}, tc)
						upload(c, s, size)
					}
				})
			})
			if err := take(t, done); err != nil {
				t.Fatal(err)
			}
			take(t, received)
			if err := take(t, gone); err != nil {
				t.Error(err)
			}
			if err := take(t, s.ended); !errors.Is(err, io.EOF) {
				t.Errorf("Ended: %v, want the end", err)
			}
		}
	}
}

// TestTLSIsBroken in the middle: the session is told so, and not of an end.
func TestTLSIsBroken(t *testing.T) {
	t.Parallel()
	config := &tls.Config{Certificates: []tls.Certificate{certificate(t)}}
	l, s := runLoop(t), newSpeech()
	c, peer, _ := dialed(t, l)
	go func() {
		server := tls.Server(peer, config)
		if server.Handshake() == nil {
			_, _ = peer.Write([]byte("\x17\x03\x03\x00\x20 this is no record of this connection"))
			_, _ = io.Copy(io.Discard, peer)
		}
	}()
	do(t, l, func() {
		var tc *tls.Conn
		c.Negotiate(func(nc net.Conn) error {
			tc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
			return tc.Handshake()
		}, func(err error) {
			if err != nil {
				t.Error(err)
			}
			c.Attach(wholeSession{s}, tc)
		})
	})
	if err := take(t, s.ended); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("Ended: %v", err)
	}
	_ = peer.Close()
}
