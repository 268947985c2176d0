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
// base is as in URL.
func (l *Links) KeepURL(base, run, task string) string {
	claim := run + "." + base64.RawURLEncoding.EncodeToString([]byte(task)) + "." + strconv.FormatInt(l.now().Add(keepLife).Unix(), 10)
	return strings.TrimSuffix(base, "/") + prefix + "/agent/artifacts/" + claim + "." + l.signKeep(claim)
}

// checkKeep returns what such a link names, or refuses it.
func (l *Links) checkKeep(token string, now time.Time) (run, task string, err error) {
	run, coded, err := read(token, l.signKeep, now)
	if err != nil {
		return "", "", err
	}
	name, err := base64.RawURLEncoding.DecodeString(coded)
	if err != nil {
		return "", "", load.Errorf(load.Forbidden, "the link is not valid")
	}
	return run, string(name), nil
}

func (l *Links) signKeep(claim string) string {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte("agent artifact link\n" + claim)) // never fails, by its contract
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
