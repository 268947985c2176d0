package bus

import "time"

// Issuer makes the credentials that the NATS servers accept, and ends them.
// Package bus/embedded has the one for the server in the process. All methods
// are safe for concurrent use.
type Issuer interface {
	// Issue signs credentials for the holder of grant.Key. They end at
	// grant.Expires or with Revoke(grant.Run), whatever is first.
	Issue(grant Grant) (jwt string, err error)
	// Revoke ends all credentials of a run, and the connections made with them.
	// It is no error when there are none.
	Revoke(run string) error
}

// Grant is what a pair of credentials allows.
type Grant struct {
	Run     string
	Name    string // for the NATS server's log
	Key     string // public user key
	Expires time.Time
	// Publish and Subscribe are all the subjects the holder may use; it may
	// also answer a request that reached it, once.
	Publish, Subscribe []string
}

// grant holds an agent to its own subjects.
func (s sender) grant(key string, expires time.Time) Grant {
	return Grant{
		Run:     s.run,
		Name:    s.messageID("agent", 0),
		Key:     key,
		Expires: expires,
		Publish: []string{
			s.subject(kindWindow), s.subject(kindEvent), s.subject(kindOrder), s.subject(kindClock),
		},
		Subscribe: []string{s.subject(kindCommand), s.inbox() + ".>"},
	}
}
