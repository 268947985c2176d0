package control

import "sync"

// rooms holds the room that runs of this server were promised in regions but
// whose tasks their drivers do not count yet, so that two runs that start
// together do not both take the last places.
type rooms struct {
	mu   sync.Mutex
	held map[string]map[string]int // region, run: tasks
}

func newRooms() *rooms { return &rooms{held: map[string]map[string]int{}} }

// take promises a run room for its tasks, if there is any left. has is how many
// tasks the region may still hold by its driver's count.
func (r *rooms) take(region, run string, tasks, has int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for other, held := range r.held[region] {
		if other != run {
			has -= held
		}
	}
	if tasks > has {
		return false
	}
	if r.held[region] == nil {
		r.held[region] = map[string]int{}
	}
	r.held[region][run] = tasks
	return true
}

// leave gives back what a run was promised in a region.
func (r *rooms) leave(region, run string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.held[region], run)
}
