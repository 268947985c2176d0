package httpload

import (
	"encoding/base64"
	"net/url"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// basicAuth is the header value for a URL's user and password, if it has them.
func basicAuth(u *url.Userinfo) string {
	if u == nil {
		return ""
	}
	password, _ := u.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password))
}

func (q *request) signs() bool { return false }

func (q *request) sign(*proto.Message, *values) error { return nil }

type jar struct{}

func newJar() *jar { return new(jar) }

func (j *jar) add(*proto.Message, *url.URL) {}
