// Package sign says who sends a request: Basic, Bearer and AWS Signature
// Version 4.
//
// It turns what a scenario calls auth into header lines and knows nothing of
// connections, templates or files. It is written after the published
// specifications (RFC 7617, RFC 6750, and AWS's "Signature Version 4 for API
// requests"). Read this file first, then canonical.go, which has what of a
// request is signed.
package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"strings"
	"time"

	"onrush.dev/onrush/internal/engine/httpload/proto"
	"onrush.dev/onrush/internal/load"
)

// Basic is the value of Authorization for a user and a password.
func Basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// Bearer is the value of Authorization for a token.
func Bearer(token string) string { return "Bearer " + token }

// Unsigned stands for the hash of a body that is not signed. Only S3 takes it,
// and over TLS alone.
const Unsigned = "UNSIGNED-PAYLOAD"

// Hash is what Sign wants to know of a body.
func Hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// HashOf is Hash for a body that is read: once, before the load begins.
func HashOf(body io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Signer signs requests. Its zero value is ready; it is for one goroutine. It
// keeps the key of the day, which takes four times the work of a signature.
type Signer struct {
	key     hash.Hash // HMAC with the signing key
	keyOf   keyed
	buf     []byte // what is signed
	names   []byte
	lines   []line
	scratch []byte
	params  []param
}

// keyed is all that a signing key depends on.
type keyed struct{ secret, day, region, service string }

const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeFormat = "20060102T150405Z"
)

// Sign adds the fields that sign a request: its method, authority (the value of
// Host), path with query as they are sent, the fields given, and its body by
// Hash or Unsigned. What is added later is not signed and stays allowed.
func (s *Signer) Sign(fields []proto.Field, k *load.SigV4, method, authority, path, bodyHash string, now time.Time) []proto.Field {
	stamp := now.UTC().Format(timeFormat)
	day := stamp[:8]
	fields = append(fields, proto.Field{Name: "X-Amz-Date", Value: stamp})
	if isS3(k.Service) {
		fields = append(fields, proto.Field{Name: "X-Amz-Content-Sha256", Value: bodyHash})
	}
	if k.SessionToken != "" {
		fields = append(fields, proto.Field{Name: "X-Amz-Security-Token", Value: k.SessionToken})
	}
	signed := s.canonical(fields, method, authority, path, bodyHash, isS3(k.Service))
	request := sha256.Sum256(s.buf)
	scope := day + "/" + k.Region + "/" + k.Service + "/aws4_request"

	s.buf = append(s.buf[:0], algorithm...)
	s.buf = append(s.buf, '\n')
	s.buf = append(s.buf, stamp...)
	s.buf = append(s.buf, '\n')
	s.buf = append(s.buf, scope...)
	s.buf = append(s.buf, '\n')
	s.buf = hex.AppendEncode(s.buf, request[:])
	s.useKey(keyed{k.SecretKey, day, k.Region, k.Service})
	_, _ = s.key.Write(s.buf)
	signature := s.key.Sum(s.scratch[:0])
	s.scratch = signature

	s.buf = append(s.buf[:0], algorithm+" Credential="...)
	s.buf = append(s.buf, k.AccessKey...)
	s.buf = append(s.buf, '/')
	s.buf = append(s.buf, scope...)
	s.buf = append(s.buf, ", SignedHeaders="...)
	s.buf = append(s.buf, signed...)
	s.buf = append(s.buf, ", Signature="...)
	s.buf = hex.AppendEncode(s.buf, signature)
	return append(fields, proto.Field{Name: "Authorization", Value: string(s.buf)})
}

// isS3 says whether a service is one of S3's, which sign the path as it is and
// want to be told the body's hash.
func isS3(service string) bool { return service == "s3" || strings.HasPrefix(service, "s3-") }

// useKey makes the signing key of the day, unless it is the last one.
func (s *Signer) useKey(of keyed) {
	if s.key != nil && s.keyOf == of {
		s.key.Reset()
		return
	}
	key := []byte("AWS4" + of.secret)
	for _, part := range []string{of.day, of.region, of.service, "aws4_request"} {
		mac := hmac.New(sha256.New, key)
		_, _ = io.WriteString(mac, part)
		key = mac.Sum(nil)
	}
	s.key, s.keyOf = hmac.New(sha256.New, key), of
}
