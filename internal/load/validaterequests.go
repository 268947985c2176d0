package load

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

func (s *Scenario) checkRequests(f *faults) {
	switch {
	case len(s.Requests) > 0 && len(s.Flows) > 0:
		f.add("flows", plural(len(s.Flows), "flow"), "one of requests and flows", "requests and flows both say what is sent: write only one of them")
	case len(s.Requests) == 0 && len(s.Flows) == 0 && or(s.Engine, EngineHTTP) == EngineHTTP:
		f.add("requests", "", "at least one request", "the http engine has nothing to send: write at least one request with its url")
	}
	weighted := 0
	for i := range s.Requests {
		if s.Requests[i].Weight != 0 {
			weighted++
		}
	}
	checkWeights(f, "requests", "request", weighted, len(s.Requests))
	s.checkFlows(f)
	s.EachRequest(func(path string, r *Request) { s.checkRequest(f, path, r) })
}

func checkWeights(f *faults, path, noun string, weighted, all int) {
	if weighted > 0 && weighted < all {
		f.add(path, plural(weighted, "weight"), "a weight on all or on none", "%d of %s have a weight: either all have one or none has", weighted, plural(all, noun))
	}
}

// maxRequests is the most that one scenario sends, in all its flows.
const maxRequests = 1000

func (s *Scenario) checkFlows(f *faults) {
	weighted, all := 0, 0
	seen := map[string]int{}
	for i := range s.Flows {
		flow, here := &s.Flows[i], at("flows", i)
		if flow.Weight != 0 {
			weighted++
		}
		first, twice := seen[flow.Name]
		switch {
		case strings.TrimSpace(flow.Name) == "" || len(flow.Name) > maxNameLength || strings.ContainsAny(flow.Name, "\n\r\x00"):
			f.add(here+".name", flow.Name, "one line of 1 to 100 letters", "a flow needs a name of 1 to 100 letters")
		case twice:
			f.add(here+".name", flow.Name, "another name", "flows[%d] has the name %q already: give this one another name", first, flow.Name)
		default:
			seen[flow.Name] = i
		}
		if len(flow.Requests) == 0 {
			f.add(here+".requests", "", "at least one request", "the flow %q has nothing to send: write at least one request with its url", flow.Name)
		}
		all += len(flow.Requests)
		for j := range flow.Requests {
			if w := flow.Requests[j].Weight; w != 0 {
				f.add(at(here+".requests", j)+".weight", strconv.Itoa(w), "no weight in a flow", "the requests of a flow are all sent, in their order: leave the weight out, or give it to the flow")
			}
		}
	}
	checkWeights(f, "flows", "flow", weighted, len(s.Flows))
	if all > maxRequests {
		f.add("flows", plural(all, "request"), fmt.Sprintf("at most %d", maxRequests), "the flows have %d requests together, at most %d are allowed", all, maxRequests)
	}
}

func (s *Scenario) checkRequest(f *faults, here string, r *Request) {
	checkMethod(f, here+".method", r.Method)
	s.checkURL(f, here+".url", r.URL)
	checkHeaders(f, here+".headers", r.Headers)
	if r.Body != "" && r.BodyFile != "" {
		f.add(here+".body_file", r.BodyFile, "one of body and body_file", "body and body_file both say what is sent: write only one")
	}
	if r.Auth != nil {
		checkAuth(f, here+".auth", r)
	}
	checkExpect(f, here+".expect", &r.Expect)
	for _, name := range sortedKeys(r.Extract) {
		checkExtract(f, JoinPath(here+".extract", name), name, r.Extract[name])
	}
	checkLabel(f, here+".label", r.Label)
	if r.ThinkTime != nil {
		s.checkPause(f, here+".think_time", *r.ThinkTime)
	}
}

// maxLabel keeps figures of a label within a message.
const maxLabel = 200

func checkLabel(f *faults, path, label string) {
	if len(label) > maxLabel || strings.ContainsAny(label, "\n\r\x00") {
		f.add(path, label, "one line of at most 200 letters", "a label is one line of at most %d letters", maxLabel)
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
