package load

import (
	"slices"
	"strings"
)

// eachText visits the texts of a request in which ${names} stand for values.
func (r *Request) eachText(path string, each func(path, text string)) {
	each(path+".url", r.URL)
	for _, name := range sortedKeys(r.Headers) {
		each(JoinPath(path+".headers", name), r.Headers[name])
	}
	each(path+".body", r.Body)
	if r.Auth == nil {
		return
	}
	each(path+".auth.bearer", r.Auth.Bearer)
	if b := r.Auth.Basic; b != nil {
		each(path+".auth.basic.user", b.User)
		each(path+".auth.basic.password", b.Password)
	}
	if v := r.Auth.SigV4; v != nil {
		each(path+".auth.sigv4.service", v.Service)
		each(path+".auth.sigv4.region", v.Region)
		each(path+".auth.sigv4.access_key", v.AccessKey)
		each(path+".auth.sigv4.secret_key", v.SecretKey)
		each(path+".auth.sigv4.session_token", v.SessionToken)
	}
}

// extracted says what is known of an extracted name at one request.
type extracted struct {
	path      string // where it is extracted first
	before    bool   // by a request before this one
	defaulted bool   // one of its extractions has a default, which it is until then
}

// eachName visits every ${name} of every request with what its iteration
// extracts: names are kept for an iteration, so others' do not count.
func (s *Scenario) eachName(each func(path, name string, by map[string]extracted), broken func(path string)) {
	visit := func(path string, first int, requests []Request) {
		by := map[string]extracted{}
		for i := range requests {
			for name, e := range requests[i].Extract {
				x := by[name]
				x.path = or(x.path, JoinPath(at(path, first+i)+".extract", name))
				x.defaulted = x.defaulted || e.Default != nil
				by[name] = x
			}
		}
		for i := range requests {
			requests[i].eachText(at(path, first+i), func(path, text string) {
				names, closed := templateNames(text)
				if !closed {
					broken(path)
				}
				for _, name := range names {
					each(path, name, by)
				}
			})
			for name := range requests[i].Extract {
				x := by[name]
				x.before = true
				by[name] = x
			}
		}
	}
	if len(s.Requests) > 0 && s.Requests[0].Weight != 0 { // each is an iteration
		for i := range s.Requests {
			visit("requests", i, s.Requests[i:i+1])
		}
	} else {
		visit("requests", 0, s.Requests)
	}
	for i := range s.Flows {
		visit(at("flows", i)+".requests", 0, s.Flows[i].Requests)
	}
}

// checkNames finds names that nothing can stand for. Where there are data files,
// their columns are known at planning only.
func (s *Scenario) checkNames(f *faults) {
	anywhere := map[string]string{} // extracted names, with where
	s.EachRequest(func(path string, r *Request) {
		for _, name := range sortedKeys(r.Extract) {
			anywhere[name] = or(anywhere[name], path)
			if _, variable := s.Variables[name]; variable {
				f.add(JoinPath(path+".extract", name), name, "a name that is no variable", "%q is a variable already: give the extracted value another name", name)
			}
		}
	})
	s.eachName(func(path, name string, by map[string]extracted) {
		if _, known := s.Variables[name]; known {
			return
		}
		if x, here := by[name]; here {
			if !x.before && !x.defaulted {
				f.add(path, "${"+name+"}", "a name extracted by an earlier request", "${%s} is used before it is extracted (%s): extract it in an earlier request, or give the extraction a default", name, x.path)
			}
			return
		}
		if where, other := anywhere[name]; other {
			f.add(path, "${"+name+"}", "a name extracted by an earlier request of the same flow", "${%s} is extracted in another iteration (%s), and is forgotten at its end: put both requests into one flow", name, where)
			return
		}
		if len(s.Data) > 0 {
			return
		}
		known := slices.Concat(sortedKeys(s.Variables), sortedKeys(by))
		f.add(path, "${"+name+"}", or(strings.Join(known, ", "), "a name from variables or data"), "${%s} stands for nothing: there is no variable %q and no data file%s", name, name, didYouMean(name, known))
	}, func(path string) { f.add(path, "${", "${name}", "a ${ has no }: write ${name}") })
}
