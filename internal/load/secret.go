package load

import (
	"maps"
	"strings"
)

// Mask stands where a secret is not shown. In a scenario that is saved again it
// means: as it was.
const Mask = "***"

// A secret must be stored, since a run needs it, and must never come out again:
// whoever shows a scenario shows its Masked, and whoever takes one that was
// shown fills it in with KeepSecrets.

// spot finds the part of a value that is not for showing; from == to: there is
// none.
type spot func(value string) (from, to int)

// whole is the spot of a value that is nothing but a secret.
func whole(value string) (from, to int) { return 0, len(value) }

// inURL is the spot of the password in scheme://user:password@host.
func inURL(value string) (from, to int) {
	_, rest, ok := strings.Cut(value, "://")
	if !ok {
		return 0, 0
	}
	begin := len(value) - len(rest)
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return 0, 0
	}
	colon := strings.IndexByte(rest[:at], ':')
	if colon < 0 {
		return 0, 0
	}
	return begin + colon + 1, begin + at
}

// inHeader is the spot of what follows a scheme's name: Bearer …, Basic ….
func inHeader(value string) (from, to int) {
	scheme, rest, ok := strings.Cut(value, " ")
	switch strings.ToLower(scheme) {
	case "basic", "bearer", "digest", "dpop", "negotiate", "token", "apikey", "hawk", "aws4-hmac-sha256":
		if ok {
			return len(value) - len(rest), len(value)
		}
	}
	return whole(value)
}

// headerSpot is the spot in a request header's value; nil when it holds none.
func headerSpot(name string) spot {
	switch strings.ToLower(name) {
	case "authorization", "proxy-authorization":
		return inHeader
	case "cookie", "x-api-key", "api-key", "x-auth-token", "x-access-token":
		return whole
	}
	return nil
}

// eachSecret visits all values of a scenario that are not for showing, or hold
// such a part, with their paths. A value that is changed is kept.
func (s *Scenario) eachSecret(each func(path string, value *string, in spot)) {
	each("connection.proxy", &s.Connection.Proxy, inURL)
	s.EachRequest(func(path string, r *Request) {
		each(path+".url", &r.URL, inURL)
		for _, name := range sortedKeys(r.Headers) {
			in := headerSpot(name)
			if in == nil {
				continue
			}
			value := r.Headers[name]
			if each(JoinPath(path+".headers", name), &value, in); value != r.Headers[name] {
				r.Headers[name] = value
			}
		}
		if r.Auth == nil {
			return
		}
		each(path+".auth.bearer", &r.Auth.Bearer, whole)
		if basic := r.Auth.Basic; basic != nil {
			each(path+".auth.basic.password", &basic.Password, whole)
		}
		if sig := r.Auth.SigV4; sig != nil {
			each(path+".auth.sigv4.secret_key", &sig.SecretKey, whole)
			each(path+".auth.sigv4.session_token", &sig.SessionToken, whole)
		}
	})
}

// isSecret says whether a text is more than ${names} and may not be shown.
func isSecret(text string) bool { return expand(text, func(string) string { return "" }) != "" }

// mask is a value as it may be shown.
func (in spot) mask(value string) string {
	from, to := in(value)
	if !isSecret(value[from:to]) {
		return value
	}
	return value[:from] + Mask + value[to:]
}

// Masked is a copy of a scenario as it may be shown: secrets are Mask, unless
// they are nothing but ${names}.
func Masked(s Scenario) Scenario {
	s = cloneSecrets(s)
	s.eachSecret(func(_ string, value *string, in spot) { *value = in.mask(*value) })
	return s
}

// Shown is a value of a scenario that Masked changes: where it stands, and what
// is shown for it.
type Shown struct{ Path, Text string }

// Hidden are all values that Masked changes.
func Hidden(s Scenario) []Shown {
	var hidden []Shown
	s.eachSecret(func(path string, value *string, in spot) {
		if from, to := in(*value); isSecret((*value)[from:to]) {
			hidden = append(hidden, Shown{path, in.mask(*value)})
		}
	})
	return hidden
}

// KeepSecrets is a copy of a scenario that has what old has wherever it says
// Mask. A problem tells of each Mask for which old has nothing: old's request
// must stand at the same place or, when requests have moved, be the only one of
// that label.
func KeepSecrets(s, old Scenario) (Scenario, []Problem) {
	s = cloneSecrets(s)
	var f faults
	byPath, byLabel := map[string]string{}, map[string][]string{}
	old = WithDefaults(old)
	old.EachRequest(func(path string, r *Request) { byLabel[r.Label] = append(byLabel[r.Label], path) })
	old.eachSecret(func(path string, value *string, in spot) {
		from, to := in(*value)
		byPath[path] = (*value)[from:to]
	})
	labels := map[string]string{} // of the new scenario, by path
	filled := WithDefaults(s)
	filled.EachRequest(func(path string, r *Request) { labels[path] = r.Label })
	oldLabels := map[string]string{}
	old.EachRequest(func(path string, r *Request) { oldLabels[path] = r.Label })
	s.eachSecret(func(path string, value *string, in spot) {
		from, to := in(*value)
		if (*value)[from:to] != Mask {
			return
		}
		request, field := requestOf(path)
		place := request
		if like := byLabel[labels[request]]; oldLabels[request] != labels[request] && len(like) == 1 {
			place = like[0]
		}
		kept := byPath[place+field]
		if kept == "" || kept == Mask {
			f.add(path, *value, "the secret itself, or ${name}", "%s stands for a secret that is saved already, and none is saved here: write the secret itself, or ${name}", Mask)
			return
		}
		*value = (*value)[:from] + kept + (*value)[to:]
	})
	return s, f
}

// requestOf parts a secret's path into that of its request and the rest.
func requestOf(path string) (request, field string) {
	for _, part := range []string{".auth.", ".headers", ".url"} {
		if at := strings.LastIndex(path, part); at >= 0 && strings.Contains(path[:at], "requests[") {
			return path[:at], path[at:]
		}
	}
	return path, ""
}

// HasMask says whether a secret of the scenario is to be as it was.
func HasMask(s Scenario) bool {
	found := false
	s.eachSecret(func(_ string, value *string, in spot) {
		from, to := in(*value)
		found = found || (*value)[from:to] == Mask
	})
	return found
}

// cloneSecrets copies a scenario as far down as its secrets.
func cloneSecrets(s Scenario) Scenario {
	clone := func(requests []Request) []Request {
		copied := append([]Request(nil), requests...)
		for i := range copied {
			copied[i].Headers = maps.Clone(copied[i].Headers)
			if auth := copied[i].Auth; auth != nil {
				own := *auth
				if own.Basic != nil {
					basic := *own.Basic
					own.Basic = &basic
				}
				if own.SigV4 != nil {
					sig := *own.SigV4
					own.SigV4 = &sig
				}
				copied[i].Auth = &own
			}
		}
		return copied
	}
	s.Requests = clone(s.Requests)
	s.Flows = append([]Flow(nil), s.Flows...)
	for i := range s.Flows {
		s.Flows[i].Requests = clone(s.Flows[i].Requests)
	}
	return s
}
