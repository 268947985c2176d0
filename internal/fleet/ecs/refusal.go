package ecs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aws/smithy-go"

	"onrush.dev/onrush/internal/fleet"
)

// outcome sorts what came of a call.
type outcome int

const (
	fine       outcome = iota
	throttled          // too many calls: the same one may succeed later
	unanswered         // whether AWS did it is not known
	refused            // AWS did not do it
)

// silence is a call that AWS did not answer in time.
type silence struct {
	after time.Duration
	err   error
}

func (s *silence) Error() string { return fmt.Sprintf("no answer within %s", s.after) }
func (s *silence) Unwrap() error { return s.err }

func sort(err error) outcome {
	if err == nil {
		return fine
	}
	if api := smithy.APIError(nil); errors.As(err, &api) {
		switch api.ErrorCode() {
		case "ThrottlingException", "Throttling", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException",
			"RequestThrottled", "RequestThrottledException", "SlowDown", "LimitExceededException.Throttle":
			return throttled
		case "ServerException", "InternalFailure", "InternalError", "ServiceUnavailable", "ServiceUnavailableException", "Unavailable":
			return unanswered
		}
		if status := statusOf(err); status >= http.StatusInternalServerError {
			return unanswered
		}
		return refused
	}
	if noCredentials(err) || errors.As(err, new(*fleet.StartError)) {
		return refused
	}
	return unanswered
}

func statusOf(err error) int {
	if response := (*smithyhttp.ResponseError)(nil); errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	if api := smithy.APIError(nil); errors.As(err, &api) && api.ErrorFault() == smithy.FaultServer {
		return http.StatusInternalServerError
	}
	return 0
}

// noCredentials tells an error of the chain of credentials from one of the
// network: there is no type for it.
func noCredentials(err error) bool { return strings.Contains(err.Error(), "get credentials") }

// rule puts a refusal of AWS into words.
type rule struct {
	code, text  string // of the error; empty: any
	kind        fleet.StartKind
	say, remedy string
}

// The texts are AWS's own: "API failure reasons" and "Stopped tasks error
// messages" of the Amazon ECS developer guide.
func rules() []rule {
	return []rule{
		{text: "limit on the number of vcpus", kind: fleet.Quota, say: "the account's vCPU quota for Fargate is used up", remedy: "raise the quota %[2]s in Service Quotas of %[1]s, or lower tasks or cpu"},
		{text: "limit on the number of tasks", kind: fleet.Quota, say: "the account's quota of Fargate tasks is used up", remedy: "raise the quota %[2]s in Service Quotas of %[1]s, or lower tasks"},
		{text: "configuration is above your limit", kind: fleet.Quota, say: "the account may not have Fargate tasks of this size yet", remedy: "ask AWS to raise the Fargate quotas of %[1]s, or lower cpu and memory"},
		{text: "concurrent task limit", kind: fleet.Quota, say: "the cluster's limit of tasks is reached", remedy: "lower tasks, or use another cluster"},
		{text: "capacity is unavailable", kind: fleet.NoRoom, say: "Fargate has no machine free now", remedy: "%[3]s"},
		{text: "insufficientfreeaddresses", kind: fleet.NoRoom, say: "a subnet has no free address left", remedy: "use larger subnets, or name more of them in the setting subnets"},
		{text: "insufficient free addresses", kind: fleet.NoRoom, say: "a subnet has no free address left", remedy: "use larger subnets, or name more of them in the setting subnets"},
		{text: "unable to assume the role", kind: fleet.Denied, say: "Fargate cannot take on the task's role", remedy: "let ecs-tasks.amazonaws.com assume execution_role and task_role in their trust policies"},
		{text: "capacity provider", kind: fleet.BadSpec, say: "the cluster does not offer this capacity", remedy: "add the capacity providers FARGATE and FARGATE_SPOT to the cluster, or set capacity to on_demand"},
		{text: "subnet", code: "InvalidParameterException", kind: fleet.BadSpec, say: "AWS does not know a subnet", remedy: "name subnets of %[1]s in the setting subnets"},
		{text: "security group", code: "InvalidParameterException", kind: fleet.BadSpec, say: "AWS does not know a security group", remedy: "name security groups of the subnets' network in the setting security_groups"},
		{code: "ClusterNotFoundException", kind: fleet.BadSpec, say: "there is no such ECS cluster in %[1]s", remedy: "make the cluster, or name another one in the setting cluster"},
		{text: "cluster is inactive", kind: fleet.BadSpec, say: "the ECS cluster was deleted", remedy: "make the cluster anew, or name another one in the setting cluster"},
		{text: "platform version", kind: fleet.BadSpec, say: "Fargate has no such platform version", remedy: "set platform_version to LATEST"},
		{code: "PlatformUnknownException", kind: fleet.BadSpec, say: "Fargate has no such platform version", remedy: "set platform_version to LATEST"},
		{code: "PlatformTaskDefinitionIncompatibilityException", kind: fleet.BadSpec, say: "the platform version cannot run such tasks", remedy: "set platform_version to LATEST"},
		{code: "LimitExceededException", kind: fleet.Quota, say: "a limit of the account is reached", remedy: "look at the ECS quotas of %[1]s in Service Quotas"},
		{code: "BlockedException", kind: fleet.Denied, say: "AWS has blocked the account", remedy: "ask AWS's support"},
		{code: "UnrecognizedClientException", kind: fleet.Denied, say: "AWS does not know the credentials", remedy: "give the server valid credentials"},
		{code: "InvalidClientTokenId", kind: fleet.Denied, say: "AWS does not know the credentials", remedy: "give the server valid credentials"},
		{code: "ExpiredToken", kind: fleet.Denied, say: "the credentials have expired", remedy: "give the server valid credentials"},
		{code: "ExpiredTokenException", kind: fleet.Denied, say: "the credentials have expired", remedy: "give the server valid credentials"},
		{code: "SignatureDoesNotMatch", kind: fleet.Denied, say: "AWS does not accept the credentials' signature", remedy: "check the secret key and the machine's clock"},
		{code: "InvalidSignatureException", kind: fleet.Denied, say: "AWS does not accept the credentials' signature", remedy: "check the secret key and the machine's clock"},
	}
}

var (
	actionRule   = regexp.MustCompile(`perform: ?([a-z0-9-]+:[A-Za-z]+)`)
	resourceRule = regexp.MustCompile(`on resource: ?(\S+)`)
)

// explain puts a failed call into words for the user. Errors that are in such
// words already stay as they are.
func (d *Driver) explain(err error) *fleet.StartError {
	if known := (*fleet.StartError)(nil); errors.As(err, &known) {
		return known
	}
	code, text := "", err.Error()
	if api := smithy.APIError(nil); errors.As(err, &api) {
		code, text = api.ErrorCode(), api.ErrorMessage()
	}
	failure := &fleet.StartError{}
	say := func(kind fleet.StartKind, reason, remedy string) *fleet.StartError {
		*failure = fleet.StartError{Kind: kind, Reason: reason, Remedy: remedy}
		return failure
	}
	switch {
	case strings.HasPrefix(code, "AccessDenied") || code == "UnauthorizedOperation" || code == "AuthorizationError" || sort(err) == refused && actionRule.MatchString(text):
		return d.denied(text)
	case noCredentials(err) && sort(err) == refused:
		if d.RoleARN != "" && code != "" {
			return say(fleet.Denied, fmt.Sprintf("the role %s cannot be taken on: %s", d.RoleARN, text), "let the server's role assume it in its trust policy, with the external id of the settings")
		}
		return say(fleet.Denied, "the server has no AWS credentials", "give it a role, or credentials in its environment or in ~/.aws")
	case sort(err) == throttled:
		return say(fleet.Down, "AWS throttles the account's calls in "+d.AWSRegion+" ("+text+")", "start fewer tasks at once, or ask AWS for a higher rate of calls")
	case sort(err) == unanswered && errors.Is(err, context.Canceled):
		return say(fleet.Down, "given up before AWS answered", "")
	case sort(err) == unanswered:
		return say(fleet.Down, fmt.Sprintf("the AWS API of %s does not answer: %s", d.AWSRegion, brief(err)), "check the server's way to AWS and AWS's health page, then try again")
	}
	for _, r := range rules() {
		if (r.code == "" || r.code == code) && strings.Contains(strings.ToLower(text), r.text) {
			fill := func(format string) string {
				return strings.NewReplacer("%[1]s", d.AWSRegion, "%[2]s", d.quotaCode(), "%[3]s", d.roomRemedy()).Replace(format)
			}
			return say(r.kind, fill(r.say)+" ("+strings.TrimSuffix(text, ".")+")", fill(r.remedy))
		}
	}
	return say(fleet.BadSpec, "AWS refused: "+strings.TrimSpace(code+" "+text), "")
}

// denied names the missing permission and where to give it.
func (d *Driver) denied(text string) *fleet.StartError {
	reason, remedy := "AWS denies the server a call: "+text, "compare the server's role with the driver's policy"
	if m := actionRule.FindStringSubmatch(text); m != nil {
		reason, remedy = "the server has no permission "+m[1], "allow "+m[1]
		if at := resourceRule.FindStringSubmatch(text); at != nil {
			reason, remedy = reason+" on "+at[1], remedy+" on it"
		}
		who := "the server's role"
		if d.RoleARN != "" {
			who = d.RoleARN
		}
		remedy += " in the policy of " + who
	}
	return &fleet.StartError{Kind: fleet.Denied, Reason: reason, Remedy: remedy}
}

// quotaCode is the quota that bounds the region's tasks.
func (d *Driver) quotaCode() string {
	switch d.CapacityKind {
	case spot:
		return spotQuota
	case spotThenOnDemand:
		return spotQuota + " or " + onDemandQuota
	}
	return onDemandQuota
}

func (d *Driver) roomRemedy() string {
	if d.CapacityKind == spot {
		return "set capacity to spot_then_on_demand, name subnets in more zones, or try again later"
	}
	return "name subnets in more zones, or try again later"
}

// brief is the innermost part of a chain of errors: what happened on the wire.
func brief(err error) string {
	if s := (*silence)(nil); errors.As(err, &s) {
		return s.Error()
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
