package sign

import (
	"path"
	"slices"
	"strings"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// line is a header line that is signed, its name in small letters.
type line struct{ name, value string }

// param is one parameter of a query, decoded and encoded anew.
type param struct{ name, value string }

// canonical writes into buf what of a request is signed, in the one form that
// both sides know, and returns the list of signed headers.
func (s *Signer) canonical(fields []proto.Field, method, authority, target, bodyHash string, s3 bool) string {
	where, query, _ := strings.Cut(target, "?")
	s.buf = append(s.buf[:0], method...)
	s.buf = append(s.buf, '\n')
	s.buf = appendPath(s.buf, where, s3)
	s.buf = append(s.buf, '\n')
	s.appendQuery(query)
	s.buf = append(s.buf, '\n')

	s.lines = append(s.lines[:0], line{"host", authority})
	for _, f := range fields {
		if name := strings.ToLower(f.Name); isSigned(name) {
			s.lines = append(s.lines, line{name, f.Value})
		}
	}
	slices.SortStableFunc(s.lines, func(a, b line) int { return strings.Compare(a.name, b.name) })
	s.names = s.names[:0]
	for i, l := range s.lines {
		if i > 0 && s.lines[i-1].name == l.name { // lines of one name are one line
			s.buf[len(s.buf)-1] = ','
			s.buf = appendValue(s.buf, l.value)
			s.buf = append(s.buf, '\n')
			continue
		}
		if i > 0 {
			s.names = append(s.names, ';')
		}
		s.names = append(s.names, l.name...)
		s.buf = append(s.buf, l.name...)
		s.buf = append(s.buf, ':')
		s.buf = appendValue(s.buf, l.value)
		s.buf = append(s.buf, '\n')
	}
	s.buf = append(s.buf, '\n')
	s.buf = append(s.buf, s.names...)
	s.buf = append(s.buf, '\n')
	s.buf = append(s.buf, bodyHash...)
	return string(s.names)
}

// isSigned leaves out what is written or changed on the way, by us or by
// others.
func isSigned(name string) bool {
	switch name {
	case "host", "authorization", "connection", "expect", "user-agent", "accept-encoding", "content-length",
		"transfer-encoding", "proxy-authorization", "cookie", "x-amzn-trace-id", "te", "trailer", "upgrade":
		return false
	}
	return true
}

// appendValue trims a value and makes one space of several.
func appendValue(b []byte, value string) []byte {
	space := false
	for _, c := range []byte(strings.Trim(value, " \t")) {
		if space && c == ' ' {
			continue
		}
		space = c == ' '
		b = append(b, c)
	}
	return b
}

// appendPath writes the path. Services other than S3 sign it normalized and
// escaped once more than it is sent; S3 signs it as it is sent, in its own way
// of escaping.
func appendPath(b []byte, sent string, s3 bool) []byte {
	if s3 {
		if sent == "" {
			return append(b, '/')
		}
		return escape(b, unescape(sent, false), true)
	}
	clean := path.Clean("/" + sent)
	if clean != "/" && strings.HasSuffix(sent, "/") {
		clean += "/"
	}
	return escape(b, clean, true)
}

// appendQuery writes the parameters, sorted by their escaped names and values.
func (s *Signer) appendQuery(query string) {
	if query == "" {
		return
	}
	s.params = s.params[:0]
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		if part == "" {
			continue
		}
		s.params = append(s.params, param{normal(name), normal(value)})
	}
	slices.SortFunc(s.params, func(a, b param) int {
		if order := strings.Compare(a.name, b.name); order != 0 {
			return order
		}
		return strings.Compare(a.value, b.value)
	})
	for i, p := range s.params {
		if i > 0 {
			s.buf = append(s.buf, '&')
		}
		s.buf = append(s.buf, p.name...)
		s.buf = append(s.buf, '=')
		s.buf = append(s.buf, p.value...)
	}
}

// normal escapes a part of a query as AWS does, however it was escaped.
func normal(part string) string {
	if isUnreserved(part) {
		return part
	}
	return string(escape(nil, unescape(part, true), false))
}

func isUnreserved(s string) bool {
	for i := range len(s) {
		if !unreserved(s[i]) {
			return false
		}
	}
	return true
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

func escape(b []byte, s string, slash bool) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if unreserved(c) || slash && c == '/' {
			b = append(b, c)
			continue
		}
		b = append(b, '%', digits[c>>4], digits[c&15])
	}
	return b
}

// unescape takes %XX back. In a query a plus stands for a space.
func unescape(s string, plus bool) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '%' && i+2 < len(s) && hexValue(s[i+1]) >= 0 && hexValue(s[i+2]) >= 0:
			b = append(b, byte(hexValue(s[i+1])<<4|hexValue(s[i+2])))
			i += 2
		case s[i] == '+' && plus:
			b = append(b, ' ')
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

// hexValue is what a hexadecimal digit counts, or -1.
func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
