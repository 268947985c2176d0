package load

import "strings"

// Mask stands where a secret is not shown. In a scenario that is saved again it
// means: as it was.
const Mask = "***"

// A secret must be stored, since a run needs it, and must never come out again:
// whoever shows a scenario shows its Masked, and whoever takes one that was
// shown fills it in with KeepSecrets.

// eachSecret visits all values of a scenario that are not for showing, with
// their paths.
func (s *Scenario) eachSecret(each func(path string, value *string)) {
	s.EachRequest(func(path string, r *Request) {
		if r.Auth == nil {
			return
		}
		each(path+".auth.bearer", &r.Auth.Bearer)
		if basic := r.Auth.Basic; basic != nil {
			each(path+".auth.basic.password", &basic.Password)
		}
		if sig := r.Auth.SigV4; sig != nil {
			each(path+".auth.sigv4.secret_key", &sig.SecretKey)
			each(path+".auth.sigv4.session_token", &sig.SessionToken)
		}
	})
}

// isSecret says whether a text is more than ${names} and may not be shown.
func isSecret(text string) bool { return expand(text, func(string) string { return "" }) != "" }

// Masked is a copy of a scenario as it may be shown: secrets are Mask, unless
// they are nothing but ${names}.
func Masked(s Scenario) Scenario {
	s = cloneAuth(s)
	s.eachSecret(func(_ string, value *string) {
		if isSecret(*value) {
			*value = Mask
		}
	})
	return s
}

// SecretPaths are the places of all secrets that Masked hides.
func SecretPaths(s Scenario) []string {
	var paths []string
	s.eachSecret(func(path string, value *string) {
		if isSecret(*value) {
			paths = append(paths, path)
		}
	})
	return paths
}

// KeepSecrets is a copy of a scenario that has what old has wherever it says
// Mask. A problem tells of each Mask for which old has nothing: old's request
// must stand at the same place or, when requests have moved, be the only one of
// that label.
func KeepSecrets(s, old Scenario) (Scenario, []Problem) {
	s = cloneAuth(s)
	var f faults
	byPath, byLabel := map[string]string{}, map[string][]string{}
	old = WithDefaults(old)
	old.EachRequest(func(path string, r *Request) { byLabel[r.Label] = append(byLabel[r.Label], path) })
	old.eachSecret(func(path string, value *string) { byPath[path] = *value })
	labels := map[string]string{} // of the new scenario, by path
	filled := WithDefaults(s)
	filled.EachRequest(func(path string, r *Request) { labels[path] = r.Label })
	oldLabels := map[string]string{}
	old.EachRequest(func(path string, r *Request) { oldLabels[path] = r.Label })
	s.eachSecret(func(path string, value *string) {
		if *value != Mask {
			return
		}
		request, field, _ := strings.Cut(path, ".auth.")
		from := request
		if like := byLabel[labels[request]]; oldLabels[request] != labels[request] && len(like) == 1 {
			from = like[0]
		}
		kept := byPath[from+".auth."+field]
		if kept == "" || kept == Mask {
			f.add(path, Mask, "the secret itself, or ${name}", "%s stands for a secret that is saved already, and none is saved here: write the secret itself, or ${name}", Mask)
			return
		}
		*value = kept
	})
	return s, f
}

// HasMask says whether a secret of the scenario is to be as it was.
func HasMask(s Scenario) bool {
	found := false
	s.eachSecret(func(_ string, value *string) { found = found || *value == Mask })
	return found
}

// cloneAuth copies a scenario as far down as its secrets.
func cloneAuth(s Scenario) Scenario {
	clone := func(requests []Request) []Request {
		copied := append([]Request(nil), requests...)
		for i := range copied {
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
