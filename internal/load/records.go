package load

import (
	"crypto/rand"
	"encoding/base32"
	"time"
)

// ScenarioRecord is a scenario as the store keeps it: the text as its writer
// wrote it, and what was read from it.
type ScenarioRecord struct {
	Name     string            `json:"name"`
	Source   string            `json:"source"`          // YAML or JSON, with its writer's comments, secrets masked
	Files    map[string]string `json:"files,omitempty"` // path in the scenario to SHA-256 in blob
	Scenario Scenario          `json:"scenario"`        // Source, parsed, with its secrets
	Version  int               `json:"version"`         // 1, 2, 3…: one more with every change
	By       string            `json:"by,omitempty"`    // who changed it last
	Created  time.Time         `json:"created"`
	Updated  time.Time         `json:"updated"`
}

// ScenarioFilter narrows a list of scenarios, which is sorted by name.
type ScenarioFilter struct {
	Tag    string // has this tag
	Search string // name holds this text, in any case
	After  string // names after this one: the next page
	Limit  int    // 0: 100
}

// RunFilter narrows a list of runs, which is sorted newest first.
type RunFilter struct {
	Scenario string
	Status   []Status // any of these; none: all
	Check    string   // those that prove this region; empty: those that prove none
	Before   string   // runs older than this one: the next page
	Limit    int      // 0: 50
}

// Intent is what a user asks of a run that lives. The run's owner applies
// intents in their order and keeps the last one applied in Run.Applied.
type Intent struct {
	Run   string     `json:"run"`
	Seq   int64      `json:"seq"` // 1, 2, 3… in each run
	Kind  IntentKind `json:"kind"`
	Level float64    `json:"level,omitempty"` // users or requests/s of the whole run, for IntentLevel
	// Tasks is how many tasks regions shall have, for IntentTasks; a region that
	// is not named keeps what it has.
	Tasks map[string]int `json:"tasks,omitempty"`
	By    string         `json:"by,omitempty"`
	At    time.Time      `json:"at"`
}

// IntentKind names what a user asks.
type IntentKind string

// The intents. Drain lets the requests in flight end, stop does not.
const (
	IntentStop   IntentKind = "stop"
	IntentDrain  IntentKind = "drain"
	IntentLevel  IntentKind = "level"
	IntentPause  IntentKind = "pause"
	IntentResume IntentKind = "resume"
	IntentTasks  IntentKind = "tasks"
)

// StoredFile is a file kept in blob under its content's hash.
type StoredFile struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// FileKey is the blob key of a file with this content.
func FileKey(sha256 string) string { return "files/" + sha256 }

// RunKey is the blob key of a file that belongs to one run: RunKey(id,
// "series.parquet"). Everything under RunKey(id, "") goes when the run goes.
func RunKey(run, name string) string { return "runs/" + run + "/" + name }

// Role says what a user may do. Each role may do all that the one before may.
type Role string

// The roles.
const (
	Viewer   Role = "viewer"   // reads everything
	Operator Role = "operator" // changes scenarios, starts and stops runs
	Admin    Role = "admin"    // regions, users and other people's tokens
)

// Allows says whether a holder of r may do what needs the role want. An
// unknown role allows nothing.
func (r Role) Allows(want Role) bool {
	rank := map[Role]int{Viewer: 1, Operator: 2, Admin: 3}
	return rank[r] > 0 && rank[want] > 0 && rank[r] >= rank[want]
}

// User is somebody who can log in.
type User struct {
	Name    string    `json:"name"`
	Role    Role      `json:"role"`
	Created time.Time `json:"created"`
}

// Token is a login that lasts: a browser's session or an API token. The secret
// itself is shown once and never kept.
type Token struct {
	ID      string    `json:"id"` // public; names the token in lists
	User    string    `json:"user"`
	Kind    TokenKind `json:"kind"`
	Label   string    `json:"label,omitempty"` // what it is for
	Role    Role      `json:"role"`            // at most the user's own
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"` // zero: never
	Used    time.Time `json:"used,omitzero"`    // about when it was last used
}

// TokenKind tells sessions from API tokens.
type TokenKind string

// The kinds of tokens.
const (
	SessionToken TokenKind = "session"
	APIToken     TokenKind = "api"
)

// NewRunID makes a name for a run: 17 lower-case letters and digits that begin
// with a letter, so that it can stand in a subject, a path, a host name and a
// label, and that sort by time.
func NewRunID(at time.Time) string { return "r" + newID(at) }

// NewCheckID makes a name for a region's check, in the same way.
func NewCheckID(at time.Time) string { return "c" + newID(at) }

func newID(at time.Time) string {
	ms := at.UnixMilli()
	raw := make([]byte, 10)
	for i := range 6 {
		raw[i] = byte(ms >> (40 - 8*i))
	}
	_, _ = rand.Read(raw[6:]) // never fails, by its contract
	const letters = "0123456789abcdefghjkmnpqrstvwxyz"
	return base32.NewEncoding(letters).WithPadding(base32.NoPadding).EncodeToString(raw)
}
