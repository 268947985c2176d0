package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"onrush.dev/onrush/internal/load"
)

// Links makes and checks the links by which agents fetch their run's files.
// A link names one file of one run, is signed, and expires.
type Links struct {
	key  []byte
	life time.Duration
	now  func() time.Time
}

// NewLinks makes Links. key signs them: all servers of one store need the same
// one. now is the clock, nil means time.Now.
func NewLinks(key []byte, life time.Duration, now func() time.Time) *Links {
	if now == nil {
		now = time.Now
	}
	return &Links{key, life, now}
}

// URL is the link to a run's file. base is the server's address as the run's
// agents reach it, such as http://10.0.0.5:8080.
func (l *Links) URL(base, run, sum string) string {
	claim := run + "." + sum + "." + strconv.FormatInt(l.now().Add(l.life).Unix(), 10)
	return strings.TrimSuffix(base, "/") + prefix + "/agent/files/" + claim + "." + l.sign(claim)
}

// check returns what a link's token names, or refuses it.
func (l *Links) check(token string, now time.Time) (run, sum string, err error) {
	return read(token, l.sign, now)
}

// read returns the two parts of a token's claim when its signature is right and its
// time is not over.
func read(token string, sign func(claim string) string, now time.Time) (first, second string, err error) {
	refused := load.Errorf(load.Forbidden, "the link is not valid")
	cut := strings.LastIndexByte(token, '.')
	if cut < 0 || !hmac.Equal([]byte(sign(token[:cut])), []byte(token[cut+1:])) {
		return "", "", refused
	}
	parts := strings.Split(token[:cut], ".")
	if len(parts) != 3 {
		return "", "", refused
	}
	end, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return "", "", refused
	}
	if now.Unix() >= end {
		return "", "", load.Errorf(load.Forbidden, "the link has expired")
	}
	return parts[0], parts[1], nil
}

func (l *Links) sign(claim string) string {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte("agent file link\n" + claim)) // never fails, by its contract
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
