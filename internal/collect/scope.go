package collect

import (
	"slices"

	"onrush.dev/onrush/internal/load"
)

// kind is the sort of a scope, and its name in the series file.
type kind string

const (
	kindRun         kind = "run"
	kindRegion      kind = "region"
	kindLabel       kind = "label"
	kindRegionLabel kind = "region_label"
	kindTask        kind = "task"
)

// kinds lists all, in the order of the series file.
var kinds = [...]kind{kindRun, kindRegion, kindLabel, kindRegionLabel, kindTask}

// scope is one thing that has figures of its own.
type scope struct {
	id     int // its place in scopes.list and in the spool
	kind   kind
	region string
	label  string
	dims   string
	task   string
	total  cell             // over all seconds that are cut
	peak   peak             // of a task
	last   load.SeriesPoint // the second cut last; not kept for labels

	up []*scope // what the figures of this scope are part of
}

// Bounds on the number of scopes, so that labels made of random URLs cannot
// eat the server. What is beyond counts under Other.
const (
	maxLabels  = 2000
	maxEntries = 20000
	// Other is the label of what had no room for a label of its own.
	Other = "(other)"
)

// scopes knows every scope of a run.
//
//	task ------+ (only what labels do not have: users, offered, lag…)
//	           v
//	region x label --> region --> run
//	           |
//	           +-----> label
type scopes struct {
	list    []*scope
	run     *scope
	regions map[string]*scope
	labels  map[string]*scope
	tasks   map[string]*scope
	entries map[string]map[string]*scope // region to entryKey to region x label
	count   int                          // of entries
	key     []byte
}

func newScopes(plan load.Plan) *scopes {
	s := &scopes{
		regions: map[string]*scope{}, labels: map[string]*scope{}, tasks: map[string]*scope{},
		entries: map[string]map[string]*scope{},
	}
	s.run = s.add(&scope{kind: kindRun})
	for _, r := range plan.Regions {
		s.regions[r.Name] = s.add(&scope{kind: kindRegion, region: r.Name, up: []*scope{s.run}})
		s.entries[r.Name] = map[string]*scope{}
		for _, t := range r.Tasks {
			s.addTask(r.Name, t.Name)
		}
	}
	return s
}

// addTask makes a task's scope, below a region that is there.
func (s *scopes) addTask(region, task string) {
	if up := s.regions[region]; up != nil && s.tasks[task] == nil {
		s.tasks[task] = s.add(&scope{kind: kindTask, region: region, task: task, up: []*scope{up}})
	}
}

func (s *scopes) add(sc *scope) *scope {
	sc.id = len(s.list)
	s.list = append(s.list, sc)
	return sc
}

// entry returns the scope of a label in a region, made when it is new.
func (s *scopes) entry(region string, label, dims []byte) *scope {
	key := label
	if len(dims) > 0 {
		s.key = append(append(append(s.key[:0], label...), 0), dims...)
		key = s.key
	}
	if sc := s.entries[region][string(key)]; sc != nil { // no allocation
		return sc
	}
	return s.newEntry(region, string(label), string(dims), string(key))
}

func (s *scopes) newEntry(region, label, dims, key string) *scope {
	known := s.labels[label]
	full := s.count >= maxEntries || known == nil && len(s.labels) >= maxLabels
	if full && key != Other {
		return s.entry(region, []byte(Other), nil)
	}
	if label == "" { // bytes that belong to no label are the region's alone
		sc := s.add(&scope{kind: kindRegionLabel, region: region, up: []*scope{s.regions[region]}})
		s.entries[region][key] = sc
		return sc
	}
	if known == nil {
		known = s.add(&scope{kind: kindLabel, label: label})
		s.labels[label] = known
	}
	sc := s.add(&scope{
		kind: kindRegionLabel, region: region, label: label, dims: dims,
		up: []*scope{known, s.regions[region]},
	})
	s.entries[region][key] = sc
	s.count++
	return sc
}

// of returns the scopes of one kind, sorted by region, label, dims and task.
func (s *scopes) of(k kind) []*scope {
	var out []*scope
	for _, sc := range s.list {
		if sc.kind == k {
			out = append(out, sc)
		}
	}
	slices.SortFunc(out, func(a, b *scope) int { return a.name().compare(b.name()) })
	return out
}

// find returns the scopes whose sum answers a query.
func (s *scopes) find(q load.SeriesQuery) ([]*scope, error) {
	names := make([]scopeName, len(s.list))
	for i, sc := range s.list {
		names[i] = sc.name()
	}
	at, err := pick(names, q)
	if err != nil {
		return nil, err
	}
	out := make([]*scope, len(at))
	for i, n := range at {
		out[i] = s.list[n]
	}
	return out, nil
}

func (sc *scope) name() scopeName {
	return scopeName{Kind: sc.kind, Region: sc.region, Label: sc.label, Dims: sc.dims, Task: sc.task}
}
