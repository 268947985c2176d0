package load

import (
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
)

// checkExpect: what a response must be can be compared with. The syntax of
// JSONPath is checked by package scenfile and by the engine, which have a
// library for it.
func checkExpect(f *faults, path string, e *Expect) {
	for i, p := range e.Status {
		if p.Min < 100 || p.Max > 599 || p.Max < p.Min {
			f.add(at(path+".status", i), p.String(), "100 to 599", "%s is no set of statuses: write 200, 2xx or 200-299", p)
		}
	}
	checkRegex(f, path+".body_matches", e.BodyMatches)
	for _, name := range sortedKeys(e.Headers) {
		if !isToken(name) {
			f.add(JoinPath(path+".headers", name), name, "letters, digits, '-'", "%q cannot name a header: write letters, digits and '-'", name)
		}
	}
	for _, query := range sortedKeys(e.JSON) {
		checkJSONPath(f, JoinPath(path+".json", query), query)
	}
	checkHex(f, path+".sha256", e.SHA256, 32)
	checkHex(f, path+".md5", e.MD5, 16)
}

// maxPattern bounds what a pattern costs to compile; see also maxItems of lists.
const maxPattern = 4096

func checkRegex(f *faults, path, pattern string) *regexp.Regexp {
	if pattern == "" {
		return nil
	}
	if len(pattern) > maxPattern {
		f.add(path, strconv.Itoa(len(pattern)), "at most 4096 letters", "the regular expression has %d letters, at most %d are allowed", len(pattern), maxPattern)
		return nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		f.add(path, pattern, "a regular expression (RE2)", "%q is no regular expression: %s", pattern, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re
}

func checkJSONPath(f *faults, path, query string) {
	if !strings.HasPrefix(query, "$") || len(query) > maxPattern {
		f.add(path, query, "a JSONPath, such as $.items[0].id", "%q is no JSONPath: it begins with $, as $.items[0].id", query)
	}
}

func checkHex(f *faults, path, text string, bytes int) {
	if sum, err := hex.DecodeString(text); text != "" && (err != nil || len(sum) != bytes) {
		f.add(path, text, strconv.Itoa(2*bytes)+" digits 0-9, a-f", "%q is no such checksum: write its %d hexadecimal digits", text, 2*bytes)
	}
}

func checkExtract(f *faults, path, name string, e Extract) {
	const allowed = "exactly one of json, regex and header"
	if !isName(name, "-_") {
		f.add(path, name, "letters, digits, '-', '_'", "%q cannot stand in ${name}: write letters, digits, '-' and '_', beginning with a letter or digit", name)
	}
	var given []string
	for _, one := range []struct{ field, value string }{{"json", e.JSON}, {"regex", e.Regex}, {"header", e.Header}} {
		if one.value != "" {
			given = append(given, one.field)
		}
	}
	if len(given) != 1 {
		f.add(path, strings.Join(given, " and "), allowed, "an extraction needs %s", allowed)
	}
	if e.JSON != "" {
		checkJSONPath(f, path+".json", e.JSON)
	}
	if e.Header != "" && !isToken(e.Header) {
		f.add(path+".header", e.Header, "letters, digits, '-'", "%q cannot name a header: write letters, digits and '-'", e.Header)
	}
	re := checkRegex(f, path+".regex", e.Regex)
	switch {
	case e.Group == nil:
	case e.Regex == "":
		f.add(path+".group", strconv.Itoa(*e.Group), "group with regex", "only a regular expression has groups: leave group out, or write regex")
	case re != nil && *e.Group > re.NumSubexp():
		f.add(path+".group", strconv.Itoa(*e.Group), "0 to "+strconv.Itoa(re.NumSubexp()), "%q has %s: write 0 (the whole match) to %d", e.Regex, plural(re.NumSubexp(), "group"), re.NumSubexp())
	}
}

// checkAuth: exactly one way, complete, and no second one beside it.
func checkAuth(f *faults, path string, r *Request) {
	const allowed = "exactly one of basic, bearer and sigv4"
	var given []string
	if r.Auth.Basic != nil {
		given = append(given, "basic")
		if r.Auth.Basic.User == "" || strings.Contains(r.Auth.Basic.User, ":") {
			f.add(path+".basic.user", r.Auth.Basic.User, "a user name without ':'", "basic needs a user, whose name holds no ':'")
		}
	}
	if r.Auth.Bearer != "" {
		given = append(given, "bearer")
		if strings.ContainsAny(r.Auth.Bearer, "\r\n\x00") {
			f.add(path+".bearer", Mask, "one line", "the token holds a line break, which ends a header")
		}
	}
	if sig := r.Auth.SigV4; sig != nil {
		given = append(given, "sigv4")
		for _, part := range []struct{ field, value string }{{"service", sig.Service}, {"region", sig.Region}, {"access_key", sig.AccessKey}, {"secret_key", sig.SecretKey}} {
			if part.value == "" {
				f.add(path+".sigv4."+part.field, "", "a text", "sigv4 needs service, region, access_key and secret_key: write %s", part.field)
			}
		}
	}
	if len(given) != 1 {
		f.add(path, strings.Join(given, " and "), allowed, "auth needs %s", allowed)
	}
	for _, name := range sortedKeys(r.Headers) {
		if strings.EqualFold(name, "Authorization") {
			f.add(path, "the header "+name, "one of auth and the header Authorization", "auth and headers.%s both say who sends the request: write only one", name)
		}
	}
}
