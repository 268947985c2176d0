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

// keepLife is how long an agent may take to send what it leaves, from its
// order on: longer than any run.
const keepLife = 8 * 24 * time.Hour

// KeepURL is the link under which a task's agent sends the files that it leaves.
func (l *Links) KeepURL(run, task string) string {
	claim := run + "." + base64.RawURLEncoding.EncodeToString([]byte(task)) + "." + strconv.FormatInt(l.now().Add(keepLife).Unix(), 10)
	return l.base + prefix + "/agent/artifacts/" + claim + "." + l.signKeep(claim)
}

// checkKeep returns what such a link names, or refuses it.
func (l *Links) checkKeep(token string, now time.Time) (run, task string, err error) {
	refused := load.Errorf(load.Forbidden, "the link is not valid")
	cut := strings.LastIndexByte(token, '.')
	if cut < 0 || !hmac.Equal([]byte(l.signKeep(token[:cut])), []byte(token[cut+1:])) {
		return "", "", refused
	}
	parts := strings.Split(token[:cut], ".")
	if len(parts) != 3 {
		return "", "", refused
	}
	name, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", "", refused
	}
	end, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || now.Unix() >= end {
		return "", "", load.Errorf(load.Forbidden, "the link has expired")
	}
	return parts[0], string(name), nil
}

func (l *Links) signKeep(claim string) string {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte("agent artifact link\n" + claim)) // never fails, by its contract
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
