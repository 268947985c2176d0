package load

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

func (s *Scenario) checkRequests(f *faults) {
	if len(s.Requests) == 0 && or(s.Engine, EngineHTTP) == EngineHTTP {
		f.add("requests", "", "at least one request", "the http engine has nothing to send: write at least one request with its url")
	}
	weighted := 0
	labels := map[string]int{}
	for i := range s.Requests {
		r, here := &s.Requests[i], at("requests", i)
		if r.Weight != 0 {
			weighted++
		}
		checkMethod(f, here+".method", r.Method)
		s.checkURL(f, here+".url", r.URL)
		checkHeaders(f, here+".headers", r.Headers)
		if r.Body != "" && r.BodyFile != "" {
			f.add(here+".body_file", r.BodyFile, "one of body and body_file", "body and body_file both say what is sent: write only one")
		}
		for j, p := range r.Expect.Status {
			checkStatus(f, at(here+".expect.status", j), p)
		}
		checkLabel(f, here+".label", r.Label, labels, i, s)
	}
	if weighted > 0 && weighted < len(s.Requests) {
		f.add("requests", plural(weighted, "weight"), "a weight on all or on none", "%d of %s have a weight: either all have one or none has", weighted, plural(len(s.Requests), "request"))
	}
	s.checkTemplates(f)
}

// maxLabel keeps figures of a label within a message.
const maxLabel = 200

// checkLabel: two requests that the writer gave one label would have their
// figures mixed. Labels left to us may be the same: that is the same page.
func checkLabel(f *faults, path, label string, seen map[string]int, i int, s *Scenario) {
	if label == "" {
		return
	}
	if len(label) > maxLabel || strings.ContainsAny(label, "\n\r\x00") {
		f.add(path, label, "one line of at most 200 letters", "a label is one line of at most %d letters", maxLabel)
	}
	first, twice := seen[label]
	if !twice {
		seen[label] = i
		return
	}
	if r := &s.Requests[i]; label != defaultLabel(or(r.Method, "GET"), r.URL, s.Variables) {
		f.add(path, label, "another label", "requests[%d] has the label %q already, their figures would be mixed: give this one another label", first, label)
	}
}

func checkMethod(f *faults, path, method string) {
	const allowed = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, or another method in capitals"
	switch upper := strings.ToUpper(method); {
	case method == "":
	case !isToken(method) || len(method) > 40:
		f.add(path, method, allowed, "%q is no HTTP method: write %s", method, allowed)
	case method != upper:
		f.add(path, method, allowed, "methods are written in capitals: write %s, not %s", upper, method)
	case method == "CONNECT":
		f.add(path, method, allowed, "CONNECT is for proxies and sends no request: see connection.proxy")
	}
}

// isToken says whether a word can be a method or the name of a header.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		letter := (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
		if !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

func checkHeaders(f *faults, path string, headers map[string]string) {
	seen := map[string]string{}
	for _, name := range sortedKeys(headers) {
		here := JoinPath(path, name)
		lower := strings.ToLower(name)
		switch first, twice := seen[lower]; {
		case !isToken(name):
			f.add(here, name, "letters, digits, '-'", "%q cannot name a header: write letters, digits and '-'", name)
		case twice:
			f.add(here, name, "each header once", "the headers %s and %s are the same: leave one out", first, name)
		case lower == "content-length" || lower == "transfer-encoding":
			f.add(here, name, "no "+name, "%s follows from the body: leave it out", name)
		case strings.ContainsAny(headers[name], "\r\n\x00"):
			f.add(here, headers[name], "one line", "the value of header %s holds a line break, which ends a header", name)
		}
		seen[lower] = name
	}
}

const urlAllowed = "an absolute URL, such as https://shop.example/cart"

// checkURL: with variables filled in, and 1 for what a data file will give.
func (s *Scenario) checkURL(f *faults, path, text string) {
	if text == "" {
		f.add(path, "", urlAllowed, "a request needs a url")
		return
	}
	if strings.HasPrefix(text, "${") {
		if name, _, _ := strings.Cut(text[2:], "}"); s.Variables[name] == "" {
			return // a data file gives it, or checkTemplates says that nothing does
		}
	}
	full := expand(text, func(name string) string { return or(s.Variables[name], "1") })
	u, err := url.Parse(full)
	switch {
	case err != nil:
		f.add(path, text, urlAllowed, "%q is no URL: %v", text, reasonOf(err))
	case u.Scheme == "" || u.Host == "" && u.Opaque == "" || u.Opaque != "":
		f.add(path, text, urlAllowed, "%q is not absolute: write %s", text, withScheme(full))
	case u.Scheme != "http" && u.Scheme != "https":
		f.add(path, text, urlAllowed, "%q has the scheme %s: http and https are allowed", text, u.Scheme)
	case u.Hostname() == "":
		f.add(path, text, urlAllowed, "%q names no host", text)
	default:
		if port, err := strconv.Atoi(or(u.Port(), "80")); err != nil || port < 1 || port > 65535 {
			f.add(path, text, urlAllowed, "%q has the port %s: 1 to 65535 are allowed", text, u.Port())
		}
	}
}

// withScheme is what a URL without its scheme probably should be.
func withScheme(text string) string {
	text = strings.TrimLeft(text, "/")
	if host, _, _ := strings.Cut(text, "/"); strings.Contains(host, ".") || strings.Contains(host, ":") {
		return "http://" + text
	}
	return "http://HOST/" + text
}

// reasonOf leaves out the URL that url.Parse puts in front.
func reasonOf(err error) error {
	var parse *url.Error
	if errors.As(err, &parse) {
		return parse.Err
	}
	return err
}

func checkStatus(f *faults, path string, p StatusPattern) {
	if p.Min < 100 || p.Max > 599 || p.Max < p.Min {
		f.add(path, p.String(), "100 to 599", "%s is no set of statuses: write 200, 2xx or 200-299", p)
	}
}

// eachTemplate visits every text in which ${names} stand for values.
func eachTemplate(s *Scenario, each func(path, text string)) {
	for i, r := range s.Requests {
		here := at("requests", i)
		each(here+".url", r.URL)
		for _, name := range sortedKeys(r.Headers) {
			each(JoinPath(here+".headers", name), r.Headers[name])
		}
		each(here+".body", r.Body)
	}
}

// checkTemplates finds names that nothing can stand for. Where there are data
// files, their columns are known at planning only.
func (s *Scenario) checkTemplates(f *faults) {
	eachTemplate(s, func(path, text string) {
		names, closed := templateNames(text)
		if !closed {
			f.add(path, "${", "${name}", "a ${ has no }: write ${name}")
		}
		for _, name := range names {
			if _, known := s.Variables[name]; known || len(s.Data) > 0 {
				continue
			}
			variables := sortedKeys(s.Variables)
			f.add(path, "${"+name+"}", or(strings.Join(variables, ", "), "a name from variables or data"), "${%s} stands for nothing: there is no variable %q and no data file%s", name, name, didYouMean(name, variables))
		}
	})
}
