package load

// Flow is a sequence of requests that a user walks as one iteration.
type Flow struct {
	Name     string    `json:"name" doc:"Unique name among the flows."`
	Weight   int       `json:"weight,omitempty" doc:"Share among the flows; either all have one or none." least:"1" most:"1000000"`
	Requests []Request `json:"requests" doc:"What is sent, in this order. At most 1000 in all flows together." items:"1000"`
}

// Request is one HTTP request.
type Request struct {
	Label     string             `json:"label,omitempty" doc:"Name under which figures are kept; requests of one label share them. Default: method and path."`
	Method    string             `json:"method,omitempty" doc:"HTTP method." default:"GET"`
	URL       string             `json:"url" doc:"Absolute http or https URL; may hold ${variables}."`
	Headers   map[string]string  `json:"headers,omitempty" doc:"Request headers." items:"100"`
	Auth      *Auth              `json:"auth,omitempty" doc:"How the request says who sends it: exactly one of basic, bearer and sigv4."`
	Body      string             `json:"body,omitempty" doc:"Request body as text."`
	BodyFile  string             `json:"body_file,omitempty" doc:"File whose content is the body, relative to the scenario."`
	Weight    int                `json:"weight,omitempty" doc:"Share among the requests; either all have one or none. Not in a flow." least:"1" most:"1000000"`
	Expect    Expect             `json:"expect,omitzero" doc:"What makes a response a success. Default: status 200 to 399."`
	Extract   map[string]Extract `json:"extract,omitempty" doc:"Values taken from the response: ${name} stands for one in later requests of the same iteration." items:"100"`
	ThinkTime *Span              `json:"think_time,omitempty" doc:"Pause after this request, instead of the scenario's think_time; 0s is none."`
	Timeout   Duration           `json:"timeout,omitempty" doc:"From the send to the last byte." default:"30s" least:"1ms" most:"1h"`
	Redirects *int               `json:"redirects,omitempty" doc:"How many redirects to follow; 0 counts the redirect itself as the response." default:"10" least:"0" most:"100"`
}

// Auth is how a request says who sends it. Its values may hold ${names}. What
// is secret in it is never shown again; see secret.go.
type Auth struct {
	Basic  *Basic `json:"basic,omitempty" doc:"User and password, in the Authorization header."`
	Bearer string `json:"bearer,omitempty" doc:"Token of Authorization: Bearer. Never shown again."`
	SigV4  *SigV4 `json:"sigv4,omitempty" doc:"AWS Signature Version 4."`
}

// Basic is a login of HTTP's Basic scheme.
type Basic struct {
	User     string `json:"user" doc:"User name, without ':'."`
	Password string `json:"password,omitempty" doc:"Password. Never shown again."`
}

// SigV4 is what AWS Signature Version 4 signs with.
type SigV4 struct {
	Service      string `json:"service" doc:"Name of the AWS service in the signature: s3, execute-api, es."`
	Region       string `json:"region" doc:"AWS region of the target: eu-central-1."`
	AccessKey    string `json:"access_key" doc:"Access key ID."`
	SecretKey    string `json:"secret_key" doc:"Secret access key. Never shown again."`
	SessionToken string `json:"session_token,omitempty" doc:"Token of temporary credentials. Never shown again."`
}

// Extract takes one value from a response: exactly one of JSON, Regex and
// Header says where it stands.
type Extract struct {
	JSON    string  `json:"json,omitempty" doc:"JSONPath (RFC 9535) into the body, as $.items[0].id: the first value that it finds."`
	Regex   string  `json:"regex,omitempty" doc:"Regular expression (RE2) over the body: its first match."`
	Header  string  `json:"header,omitempty" doc:"Name of a response header."`
	Group   *int    `json:"group,omitempty" doc:"Which group of the regular expression is the value; 0 is the whole match. Default: 1, or 0 when it has no group." least:"0" most:"100"`
	Default *string `json:"default,omitempty" doc:"The value where the response has none. Without it, that is a failure of cause extract."`
}

// Expect says which responses are successes. Names are not filled in here.
type Expect struct {
	Status       []StatusPattern   `json:"status,omitempty" doc:"Statuses that count as success: 200, 2xx, 200-299." items:"100"`
	BodyContains string            `json:"body_contains,omitempty" doc:"Text that the body must hold."`
	BodyMatches  string            `json:"body_matches,omitempty" doc:"Regular expression (RE2) that the body must match somewhere."`
	Headers      map[string]string `json:"headers,omitempty" doc:"Response headers that must be there, each holding this text; an empty text is held by all." items:"100"`
	JSON         map[string]string `json:"json,omitempty" doc:"JSONPath (RFC 9535) to the text of the value there, numbers as they are written; '*': any value, but there." items:"100"`
	Size         *SizeRange        `json:"size,omitempty" doc:"Bytes of the body, unpacked: 1024, 64KiB, 1KiB-2KiB."`
	SHA256       string            `json:"sha256,omitempty" doc:"SHA-256 of the body, unpacked, in hex."`
	MD5          string            `json:"md5,omitempty" doc:"MD5 of the body, unpacked, in hex."`
}

// Any is what expect.json says of a value that must only be there.
const Any = "*"

// Words that say what one arrival of the open model sends.
const (
	ArrivalRequest   = "request"
	ArrivalIteration = "iteration"
)

// Iterations are the sequences of which a user walks one at a time: the flows
// or, without them, all requests in order, or each alone where they have
// weights. They share memory with the scenario.
func (s *Scenario) Iterations() []Flow {
	switch {
	case len(s.Flows) > 0:
		return s.Flows
	case len(s.Requests) == 0:
		return nil
	case s.Requests[0].Weight == 0:
		return []Flow{{Requests: s.Requests}}
	}
	flows := make([]Flow, len(s.Requests))
	for i := range s.Requests {
		flows[i] = Flow{Weight: s.Requests[i].Weight, Requests: s.Requests[i : i+1]}
	}
	return flows
}

// EachRequest visits all requests, of flows too, with the path of each in the
// scenario.
func (s *Scenario) EachRequest(each func(path string, r *Request)) {
	for i := range s.Requests {
		each(at("requests", i), &s.Requests[i])
	}
	for i := range s.Flows {
		for j := range s.Flows[i].Requests {
			each(at(at("flows", i)+".requests", j), &s.Flows[i].Requests[j])
		}
	}
}

// extracts says whether any request takes a value from its response.
func (s *Scenario) extracts() bool {
	found := false
	s.EachRequest(func(_ string, r *Request) { found = found || len(r.Extract) > 0 })
	return found
}

// arrival is what one arrival of the open model sends, its default filled in.
func (s *Scenario) arrival() string {
	if s.Load.Arrival == "" && (len(s.Flows) > 0 || s.extracts()) {
		return ArrivalIteration
	}
	return or(s.Load.Arrival, ArrivalRequest)
}

// iterates says whether there are iterations of which more than single requests
// are known: in the closed model, and where an arrival is one.
func (s *Scenario) iterates() bool { return s.Model() == Closed || s.arrival() == ArrivalIteration }
