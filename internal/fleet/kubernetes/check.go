package kubernetes

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	authentication "k8s.io/api/authentication/v1"
	authorization "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// Role is the YAML of the rights that the driver needs, with the optional ones
// after a line of three dashes.
//
//go:embed role.yaml
var Role string

// oldest is the first version whose Jobs can let one task fail and not try again.
const oldest = "1.29"

// right is one that role.yaml grants.
type right struct{ group, resource, verb string }

// rights are those of role.yaml's first part.
var rights = []right{
	{"batch", "jobs", "create"},
	{"batch", "jobs", "list"},
	{"batch", "jobs", "patch"},
	{"batch", "jobs", "delete"},
	{"", "secrets", "create"},
	{"", "pods", "list"},
	{"", "pods", "deletecollection"},
	{"", "pods/log", "get"},
	{"", "events", "list"},
	{"", "resourcequotas", "list"},
}

// Check implements fleet.Driver.
func (d *Driver) Check(ctx context.Context) ([]load.Finding, error) {
	c := checker{Driver: d}
	for _, look := range []func(context.Context) bool{c.reach, c.credentials, c.permission, c.names, c.quota, c.room, c.job} {
		if !look(ctx) {
			break // the rest would fail for the same cause
		}
	}
	c.add("image", load.FindingOK, fmt.Sprintf("tasks run image %s, pull policy %s; whether nodes can have it shows when one starts", d.sizeOf(fleet.TaskSpec{}).image, d.Pull), "")
	return c.findings, ctx.Err()
}

type checker struct {
	*Driver
	findings []load.Finding
}

func (c *checker) add(check string, state load.FindingState, text, remedy string) {
	c.findings = append(c.findings, load.Finding{Check: check, State: state, Text: text, Remedy: remedy})
}

// failed notes an error of the cluster.
func (c *checker) failed(check string, state load.FindingState, err error) {
	if known := (*fleet.StartError)(nil); errors.As(err, &known) {
		c.add(check, state, known.Reason, known.Remedy)
		return
	}
	c.add(check, state, err.Error(), "")
}

func (c *checker) reach(ctx context.Context) bool {
	// One try: who checks does not want to wait for an outage to end.
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var found struct {
		GitVersion string `json:"gitVersion"`
	}
	body, err := c.client.Discovery().RESTClient().Get().AbsPath("/version").SetHeader("Accept", "application/json").Do(ctx).Raw()
	if err == nil {
		err = json.Unmarshal(body, &found)
	}
	if err != nil {
		err = c.explain("ask its version", err)
		if isDenied(err) {
			c.failed("credentials", load.FindingFailed, err)
			return false
		}
		c.failed("reach", load.FindingFailed, err)
		return false
	}
	if v, err := version.ParseGeneric(found.GitVersion); err == nil && !v.AtLeast(version.MustParseGeneric(oldest)) {
		c.add("reach", load.FindingFailed, fmt.Sprintf("the cluster at %s is Kubernetes %s", c.host, found.GitVersion), "tasks need "+oldest+" or later: older Jobs cannot be told to start nothing twice")
		return false
	}
	c.add("reach", load.FindingOK, fmt.Sprintf("Kubernetes %s at %s, namespace %s", found.GitVersion, c.host, c.Namespace), "")
	return true
}

func (c *checker) credentials(ctx context.Context) bool {
	who, err := ask(ctx, c.Driver, "ask who we are", func(ctx context.Context) (*authentication.SelfSubjectReview, error) {
		return c.client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authentication.SelfSubjectReview{}, metav1.CreateOptions{})
	})
	if err != nil {
		c.failed("credentials", load.FindingFailed, err)
		return false
	}
	c.add("credentials", load.FindingOK, "the cluster knows the server as "+who.Status.UserInfo.Username, "")
	return true
}

func (c *checker) permission(ctx context.Context) bool {
	var missing []string
	for _, r := range rights {
		resource, sub, _ := strings.Cut(r.resource, "/")
		review := &authorization.SelfSubjectAccessReview{Spec: authorization.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorization.ResourceAttributes{Namespace: c.Namespace, Group: r.group, Resource: resource, Subresource: sub, Verb: r.verb},
		}}
		answer, err := ask(ctx, c.Driver, "ask for rights", func(ctx context.Context) (*authorization.SelfSubjectAccessReview, error) {
			return c.client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		})
		if err != nil {
			c.failed("permission", load.FindingFailed, err)
			return false
		}
		if !answer.Status.Allowed {
			missing = append(missing, r.verb+" "+r.resource)
		}
	}
	if len(missing) > 0 {
		role, _, _ := strings.Cut(Role, "---\n")
		c.add("permission", load.FindingFailed, fmt.Sprintf("not allowed in namespace %s: %s", c.Namespace, strings.Join(missing, ", ")),
			"make this role there and bind it to the server:\n"+role)
		return false
	}
	c.add("permission", load.FindingOK, fmt.Sprintf("all %d rights that tasks need are there", len(rights)), "")
	return true
}

// names looks whether what the settings name exists. That takes rights that
// tasks do not need.
func (c *checker) names(ctx context.Context) bool {
	look := func(kind, name string, get func(context.Context) error) {
		_, err := ask(ctx, c.Driver, "look at "+kind+" "+name, func(ctx context.Context) (struct{}, error) { return struct{}{}, get(ctx) })
		known := (*fleet.StartError)(nil)
		switch {
		case err == nil:
			c.add(kind, load.FindingOK, name+" is there", "")
		case errors.As(err, &known) && known.Kind == fleet.BadSpec:
			c.add(kind, load.FindingFailed, fmt.Sprintf("namespace %s has no %s %s", c.Namespace, kind, name), "make it, or name another one")
		default:
			c.add(kind, load.FindingWarning, fmt.Sprintf("could not look whether %s is there: %s", name, oneLine(err.Error())), "")
		}
	}
	if c.Account != "" {
		look("service account", c.Account, func(ctx context.Context) error {
			_, err := c.client.CoreV1().ServiceAccounts(c.Namespace).Get(ctx, c.Account, metav1.GetOptions{})
			return err
		})
	}
	for _, secret := range c.PullSecrets {
		look("pull secret", secret.Name, func(ctx context.Context) error {
			_, err := c.client.CoreV1().Secrets(c.Namespace).Get(ctx, secret.Name, metav1.GetOptions{})
			return err
		})
	}
	return true
}

func (c *checker) quota(ctx context.Context) bool {
	rows, err := c.quotas(ctx, c.sizeOf(fleet.TaskSpec{}))
	switch {
	case err != nil:
		c.failed("quota", load.FindingFailed, err)
	case len(rows) == 0:
		c.add("quota", load.FindingOK, "namespace "+c.Namespace+" has no quota", "")
	case rows[0].Tasks == 0:
		c.add("quota", load.FindingFailed, fmt.Sprintf("%s of namespace %s leaves no room for a task: %s of %s in use",
			rows[0].Name, c.Namespace, amount(rows[0].InUse, rows[0].Unit), amount(rows[0].Limit, rows[0].Unit)), "raise the namespace's quota, or lower the region's cpu or memory")
	default:
		c.add("quota", load.FindingOK, fmt.Sprintf("the quota of namespace %s has room for %d tasks (%s)", c.Namespace, rows[0].Tasks, rows[0].Name), "")
	}
	return true
}

func (c *checker) room(ctx context.Context) bool {
	s := c.sizeOf(fleet.TaskSpec{})
	row, why, err := c.nodes(ctx, s)
	each := fmt.Sprintf("tasks of %g cores and %s", s.cpu, load.Bytes(s.memory))
	switch {
	case isDenied(err):
		_, optional, _ := strings.Cut(Role, "---\n")
		c.add("nodes", load.FindingWarning, "could not look whether the nodes have room: their list is refused", "optional: make this cluster role and bind it to the server:\n"+optional)
	case err != nil:
		c.failed("nodes", load.FindingFailed, err)
	case row.Tasks > 0:
		c.add("nodes", load.FindingOK, fmt.Sprintf("%s: room for %d %s", why, row.Tasks, each), "")
	case c.Autoscaler:
		c.add("nodes", load.FindingWarning, fmt.Sprintf("%s: no room for %s until nodes are added", why, each), "")
	default:
		c.add("nodes", load.FindingFailed, fmt.Sprintf("%s: no room for %s", why, each), "add nodes, lower the region's cpu or memory, or look at node_selector and tolerations")
	}
	return true
}

// job lets the cluster judge the Job of one task without making it.
func (c *checker) job(ctx context.Context) bool {
	said := &said{}
	wanted := c.Driver.job("check", c.sizeOf(fleet.TaskSpec{}), []string{"check"})
	wanted.Name += "-dry"
	_, err := ask(context.WithValue(ctx, saidKey{}, said), c.Driver, "try the job of a task", func(ctx context.Context) (*batchv1.Job, error) {
		return c.client.BatchV1().Jobs(c.Namespace).Create(ctx, wanted, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	})
	switch {
	case err != nil:
		c.failed("job", load.FindingFailed, err)
	case len(said.words()) > 0:
		c.add("job", load.FindingWarning, "the cluster takes the job of a task, and says: "+strings.Join(said.words(), "; "), "")
	default:
		c.add("job", load.FindingOK, "the cluster takes the job of a task", "")
	}
	return true
}

// said collects what the API server says beside its answers to one look.
type said struct {
	mu   sync.Mutex
	text []string
}

type saidKey struct{}

func (s *said) words() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text
}

// warnings hands the API server's warnings to who asked.
type warnings struct{}

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (warnings) HandleWarningHeaderWithContext(ctx context.Context, _ int, _, text string) {
	if s, ok := ctx.Value(saidKey{}).(*said); ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.text = append(s.text, oneLine(text))
	}
}
