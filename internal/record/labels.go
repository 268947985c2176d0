package record

import "sync"

// Other is the label of all labels beyond the limit.
const Other = "(other)"

type labelKey struct{ name, dims string }

// labels gives numbers to labels: 0, 1, 2… in the order of first use.
type labels struct {
	limit int

	mu   sync.RWMutex
	ids  map[labelKey]int
	keys []labelKey
}

func (l *labels) id(key labelKey) int {
	l.mu.RLock()
	id, ok := l.ids[key]
	l.mu.RUnlock()
	if ok {
		return id
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if id, ok = l.ids[key]; ok {
		return id
	}
	// Beyond the limit there is one more, Other, and the map stays as it is.
	if len(l.keys) >= l.limit {
		key = labelKey{name: Other}
		if id, ok = l.ids[key]; ok {
			return id
		}
	}
	id = len(l.keys)
	l.ids[key] = id
	l.keys = append(l.keys, key)
	return id
}

// known returns id when it was given out, and else that of Other: a sample with
// a wrong label is a fault of its engine, but still a sample.
func (l *labels) known(id int) int {
	l.mu.RLock()
	ok := id >= 0 && id < len(l.keys)
	l.mu.RUnlock()
	if ok {
		return id
	}
	return l.id(labelKey{name: Other})
}

func (l *labels) key(id int) labelKey {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.keys[id]
}
