package cloudformation_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
)

// words is a text or a list of texts, as policies have them.
type words []string

// UnmarshalJSON implements json.Unmarshaler.
func (w *words) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(w))
}

// statement is one of a policy that allows something.
type statement struct {
	Effect    string
	Action    words
	Resource  words
	Condition map[string]map[string]words
}

// deed is one call as IAM judges it: what the stand-in recorded.
type deed struct {
	Service, Action, Region, Account, Cluster, Error string
	Resources                                        []string
	Implied                                          bool
}

// action is the call's name in policies.
func (d deed) action() string {
	service := d.Service
	if service == "monitoring" {
		service = "cloudwatch"
	}
	return service + ":" + d.Action
}

// allows says whether a statement lets a call do one of its resources. A call
// that names none needs a statement on all.
func (s statement) allows(d deed, action, pattern, resource string) bool {
	return slices.Contains(s.Action, action) && (pattern == "*" || resource != "*" && matches(pattern, resource)) && s.met(d, resource)
}

// met says whether the statement's conditions hold. One that is not known here
// never does.
func (s statement) met(d deed, resource string) bool {
	for _, keys := range s.Condition {
		for key, allowed := range keys {
			var found string
			switch key {
			case "aws:RequestedRegion":
				found = d.Region
			case "aws:ResourceAccount":
				found = strings.Split(resource, ":")[4]
			case "ecs:cluster":
				found = fmt.Sprintf("arn:aws:ecs:%s:%s:cluster/%s", d.Region, d.Account, d.Cluster)
			case "ecs:CreateAction":
				found = "RunTask"
			case "iam:PassedToService":
				found = "ecs-tasks.amazonaws.com"
			}
			if !slices.Contains(allowed, found) {
				return false
			}
		}
	}
	return true
}

// matches compares an ARN with a pattern, in which * stands for any text.
func matches(pattern, arn string) bool {
	// path.Match's * ends at a slash, IAM's does not.
	flat := strings.NewReplacer("/", "|", "[", "(")
	ok, err := path.Match(flat.Replace(pattern), flat.Replace(arn))
	return ok && err == nil
}

// unused are rights that no API of ours needs, and why they are given.
func unused(action string) bool {
	// The mount of the data folder speaks EFS's own protocol, which is no API.
	return action == "elasticfilesystem:ClientMount" || action == "elasticfilesystem:ClientWrite"
}

// judge compares what a role called with what its policies allow, both ways.
func (s *stand) judge(t *testing.T, role string, statements []statement) {
	t.Helper()
	var record struct{ Calls []deed }
	s.steer(t, http.MethodGet, "calls?principal="+url.QueryEscape(role), nil, &record)
	if len(record.Calls) == 0 {
		t.Errorf("%s called nothing", role)
	}
	used := map[string]bool{}
	for _, d := range record.Calls {
		if d.action() == "sts:GetCallerIdentity" { // needs no right
			continue
		}
		for _, resource := range d.Resources {
			allowed := false
			for i, one := range statements {
				for _, pattern := range one.Resource {
					if one.allows(d, d.action(), pattern, resource) {
						allowed, used[fmt.Sprint(i, d.action(), pattern)] = true, true
					}
				}
			}
			if !allowed {
				t.Errorf("%s may not %s %s in %s", role, d.action(), resource, d.Region)
			}
		}
	}
	for i, one := range statements {
		if one.Effect != "Allow" {
			t.Errorf("%s has a statement that does not allow", role)
		}
		for _, action := range one.Action {
			for _, pattern := range one.Resource {
				if !used[fmt.Sprint(i, action, pattern)] && !unused(action) {
					t.Errorf("%s may %s %s, and never does", role, action, pattern)
				}
			}
		}
	}
}

// policies are all statements of a role.
func (s *stand) policies(t *testing.T, arn string) []statement {
	t.Helper()
	role := arn[strings.LastIndex(arn, "/")+1:]
	var all []statement
	add := func(document string) {
		text, err := url.QueryUnescape(document)
		var policy struct{ Statement []statement }
		if err == nil {
			err = json.Unmarshal([]byte(text), &policy)
		}
		if err != nil {
			t.Fatalf("policy of %s: %v in %s", role, err, document)
		}
		all = append(all, policy.Statement...)
	}
	for _, name := range s.iam(t, "ListRolePolicies", "member", "RoleName", role) {
		add(s.iam(t, "GetRolePolicy", "PolicyDocument", "RoleName", role, "PolicyName", name)[0])
	}
	for _, arn := range s.iam(t, "ListAttachedRolePolicies", "PolicyArn", "RoleName", role) {
		version := s.iam(t, "GetPolicy", "DefaultVersionId", "PolicyArn", arn)[0]
		add(s.iam(t, "GetPolicyVersion", "Document", "PolicyArn", arn, "VersionId", version)[0])
	}
	return all
}

// iam calls IAM and returns the texts of all elements of one name in the answer.
func (s *stand) iam(t *testing.T, action, element string, form ...string) []string {
	t.Helper()
	return s.query(t, "us-east-1", "iam", "2010-05-08", action, element, form...)
}

// query calls an operation of a service that speaks forms and XML.
func (s *stand) query(t *testing.T, region, service, version, action, element string, form ...string) []string {
	t.Helper()
	body := url.Values{"Action": {action}, "Version": {version}}
	for i := 0; i < len(form); i += 2 {
		body.Set(form[i], form[i+1])
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/", strings.NewReader(body.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+s.keys.AccessKeyID+"/20300101/"+region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	res, err := (&http.Client{Transport: &http.Transport{}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", action, res.StatusCode, text, err)
	}
	var found []string
	inside := false
	for decoder := xml.NewDecoder(strings.NewReader(string(text))); ; {
		token, err := decoder.Token()
		if err != nil {
			return found
		}
		switch token := token.(type) {
		case xml.StartElement:
			inside = token.Name.Local == element
		case xml.CharData:
			if inside {
				found = append(found, string(token))
			}
		case xml.EndElement:
			inside = false
		}
	}
}
