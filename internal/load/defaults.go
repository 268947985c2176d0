package load

import (
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// WithDefaults returns the scenario with everything filled in that its writer
// left to us. The argument and what it points to stay as they are. Applying it
// twice changes nothing more.
func WithDefaults(s Scenario) Scenario {
	s.Engine = or(s.Engine, EngineHTTP)
	s.LostTasks = or(s.LostTasks, LostContinue)
	s.Start.LateTasks = or(s.Start.LateTasks, LateFail)
	if RunsScript(s.Engine) {
		s.Share = or(s.Share, SharingSplit)
	}
	s.Data = slices.Clone(s.Data)
	for i := range s.Data {
		d := &s.Data[i]
		d.Name = or(d.Name, strings.TrimSuffix(path.Base(d.File), path.Ext(d.File)))
		d.Sharing = or(d.Sharing, DataSame)
		d.Order = or(d.Order, OrderSequential)
	}
	s.Requests = withDefaults(s.Requests, s.Variables)
	s.Flows = slices.Clone(s.Flows)
	for i := range s.Flows {
		s.Flows[i].Requests = withDefaults(s.Flows[i].Requests, s.Variables)
	}
	if s.Model() == Open {
		s.Load.Arrival = s.arrival()
		s.Load.Arrivals = or(s.Load.Arrivals, ArrivalsConstant)
		s.Load.MaxConnections = or(s.Load.MaxConnections, 10_000)
	}
	if len(s.Regions) == 0 {
		s.Regions = []RegionLoad{{Name: LocalRegion}}
	}
	s.Regions = slices.Clone(s.Regions)
	for i := range s.Regions {
		s.Regions[i].Tasks = or(s.Regions[i].Tasks, 1)
	}
	s.Connection.withDefaults()
	if s.Engine == EngineScripted {
		scripted := Scripted{}
		if s.Scripted != nil {
			scripted = *s.Scripted
		}
		scripted.Latency = or(scripted.Latency, Duration(10*time.Millisecond))
		s.Scripted = &scripted
	}
	return s
}

// Words of a scenario that code compares with.
const (
	EngineHTTP       = "http"
	EngineScripted   = "scripted"
	ArrivalsConstant = "constant"
	ArrivalsPoisson  = "poisson"
	OrderSequential  = "sequential"
	OrderRandom      = "random"
	// LocalRegion is where a scenario without regions runs.
	LocalRegion = "local"
)

func (c *Connection) withDefaults() {
	c.HTTP = or(c.HTTP, HTTPAuto)
	c.KeepAlive = orPointer(c.KeepAlive, true)
	c.Streams = or(c.Streams, 1)
	c.IP = or(c.IP, IPAuto)
	c.Addresses = or(c.Addresses, AddressesTurn)
	c.ConnectTimeout = or(c.ConnectTimeout, Duration(10*time.Second))
	c.MaxHead = or(c.MaxHead, 1<<20)
	c.TLS.Verify = orPointer(c.TLS.Verify, true)
	c.TLS.MinVersion = or(c.TLS.MinVersion, "1.2")
	c.TLS.MaxVersion = or(c.TLS.MaxVersion, "1.3")
}

func withDefaults(requests []Request, variables map[string]string) []Request {
	requests = slices.Clone(requests)
	for i := range requests {
		requests[i].withDefaults(variables)
	}
	return requests
}

func (r *Request) withDefaults(variables map[string]string) {
	r.Method = or(r.Method, http.MethodGet)
	r.Label = or(r.Label, defaultLabel(r.Method, r.URL, variables))
	if len(r.Expect.Status) == 0 {
		r.Expect.Status = []StatusPattern{{200, 399}}
	}
	r.Timeout = or(r.Timeout, Duration(30*time.Second))
	r.Redirects = orPointer(r.Redirects, 10)
	r.Headers = maps.Clone(r.Headers)
	r.Extract = maps.Clone(r.Extract)
}

// defaultLabel names a request by its method and path, without query: figures
// of one page belong together whatever is asked of it.
func defaultLabel(method, url string, variables map[string]string) string {
	url = expand(url, func(name string) string {
		if value, ok := variables[name]; ok {
			return value
		}
		return "${" + name + "}"
	})
	if _, rest, ok := strings.Cut(url, "://"); ok {
		_, url, _ = strings.Cut(rest, "/")
		url = "/" + url
	}
	if end := strings.IndexAny(url, "?#"); end >= 0 {
		url = url[:end]
	}
	return method + " " + url
}

// or is value, or what stands for it when it was not said.
func or[T comparable](value, standsFor T) T {
	var zero T
	if value == zero {
		return standsFor
	}
	return value
}

func orPointer[T any](value *T, standsFor T) *T {
	if value == nil {
		return &standsFor
	}
	return value
}

// FilePaths lists the files that a scenario names, each once, as it names them.
func FilePaths(s Scenario) []string {
	var paths []string
	add := func(path string) {
		if path != "" && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	for _, d := range s.Data {
		add(d.File)
	}
	s.EachRequest(func(_ string, r *Request) { add(r.BodyFile) })
	add(s.Script)
	add(s.Connection.TLS.CA)
	add(s.Connection.TLS.Certificate)
	add(s.Connection.TLS.Key)
	return paths
}
