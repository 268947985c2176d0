// Package cloudformation holds the templates that deploy Onrush on AWS, and tests
// that make, change and delete their stacks on the AWS stand-in of test/aws, and
// run load on what they made. Read stand_test.go first.
package cloudformation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const serverFile, regionFile = "onrush.yaml", "onrush-region.yaml"

// patience is how long anything here may take. It only bounds a test that fails.
const patience = 3 * time.Minute

// stand is an AWS account of its own at the stand-in.
type stand struct {
	url     string
	account string
	keys    aws.Credentials
}

// accounts counts the accounts that this process has used.
var accounts atomic.Int64 //nolint:gochecknoglobals // one per test, in parallel

func open(t *testing.T) *stand {
	t.Helper()
	at := os.Getenv("ONRUSH_TEST_AWS")
	if at == "" {
		if testing.Short() {
			t.Skip("needs the AWS stand-in")
		}
		t.Fatal("needs the AWS stand-in: run scripts/components/aws up and set what it prints")
	}
	s := &stand{url: at, account: fmt.Sprintf("2%05d%06d", os.Getpid()%100_000, accounts.Add(1))}
	s.keys = s.assume(t, aws.Credentials{AccessKeyID: "testing", SecretAccessKey: "x"}, "arn:aws:iam::"+s.account+":role/admin")
	return s
}

func (s *stand) config(keys aws.Credentials, region string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: aws.String(s.url), HTTPClient: &http.Client{Transport: &http.Transport{}}, // no proxy
		Credentials: credentials.StaticCredentialsProvider{Value: keys},
	}
}

// assume takes on a role.
func (s *stand) assume(t *testing.T, as aws.Credentials, role string) aws.Credentials {
	t.Helper()
	got, err := sts.NewFromConfig(s.config(as, "eu-west-1")).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String(role), RoleSessionName: aws.String("tests"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return aws.Credentials{
		AccessKeyID: *got.Credentials.AccessKeyId, SecretAccessKey: *got.Credentials.SecretAccessKey, SessionToken: *got.Credentials.SessionToken,
	}
}

// stack is a stack in one region.
type stack struct {
	*stand
	t      *testing.T
	api    *cloudformation.Client
	region string
	file   string
	id     string
}

// values are a stack's parameters.
type values map[string]string

func (v values) list() []types.Parameter {
	var list []types.Parameter
	for _, name := range slices.Sorted(maps.Keys(v)) {
		list = append(list, types.Parameter{ParameterKey: aws.String(name), ParameterValue: aws.String(v[name])})
	}
	return list
}

func capabilities(file string) []types.Capability {
	list := []types.Capability{types.CapabilityCapabilityIam}
	if file == serverFile {
		list = append(list, types.CapabilityCapabilityAutoExpand)
	}
	return list
}

// create makes a stack and waits; the reason is empty when it was made.
func (s *stand) create(t *testing.T, region, name, file string, v values) (made *stack, reason string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	k := &stack{stand: s, t: t, region: region, file: file, api: cloudformation.NewFromConfig(s.config(s.keys, region))}
	got, err := k.api.CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String(name), TemplateBody: aws.String(string(text)), Parameters: v.list(), Capabilities: capabilities(file),
	})
	if err != nil {
		return k, err.Error()
	}
	k.id = *got.StackId
	t.Cleanup(func() { k.deleteQuietly() })
	return k, k.wait("CREATE_COMPLETE")
}

func (s *stand) mustCreate(t *testing.T, region, name, file string, v values) *stack {
	t.Helper()
	k, reason := s.create(t, region, name, file, v)
	if reason != "" {
		t.Fatalf("stack %s in %s was not made: %s", name, region, reason)
	}
	return k
}

// update changes a stack; the reason is empty when it was changed.
func (k *stack) update(v values) (reason string) {
	k.t.Helper()
	_, err := k.api.UpdateStack(k.t.Context(), &cloudformation.UpdateStackInput{
		StackName: &k.id, UsePreviousTemplate: aws.Bool(true), Parameters: v.list(), Capabilities: capabilities(k.file),
	})
	if err != nil {
		return err.Error()
	}
	return k.wait("UPDATE_COMPLETE")
}

func (k *stack) mustUpdate(v values) {
	k.t.Helper()
	if reason := k.update(v); reason != "" {
		k.t.Fatalf("stack %s was not changed: %s", k.id, reason)
	}
}

// delete removes a stack; the reason is empty when it is gone.
func (k *stack) delete() (reason string) {
	k.t.Helper()
	if _, err := k.api.DeleteStack(k.t.Context(), &cloudformation.DeleteStackInput{StackName: &k.id}); err != nil {
		k.t.Fatal(err)
	}
	return k.wait("DELETE_COMPLETE")
}

func (k *stack) mustDelete() {
	k.t.Helper()
	if reason := k.delete(); reason != "" {
		k.t.Fatalf("stack %s was not deleted: %s", k.id, reason)
	}
}

// deleteQuietly is for the end of a test, which may have deleted it.
func (k *stack) deleteQuietly() {
	_, _ = k.api.DeleteStack(context.Background(), &cloudformation.DeleteStackInput{StackName: &k.id})
}

func (k *stack) describe() types.Stack {
	k.t.Helper()
	got, err := k.api.DescribeStacks(k.t.Context(), &cloudformation.DescribeStacksInput{StackName: &k.id})
	if err != nil {
		k.t.Fatal(err)
	}
	return got.Stacks[0]
}

// wait returns nothing when the stack comes to the wanted status, else why not.
func (k *stack) wait(want types.StackStatus) (reason string) {
	k.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		switch now := k.describe(); {
		case now.StackStatus == want:
			return ""
		case !strings.HasSuffix(string(now.StackStatus), "_IN_PROGRESS"):
			return string(now.StackStatus) + ": " + aws.ToString(now.StackStatusReason) + k.failures()
		case time.Now().After(end):
			k.t.Fatalf("stack %s stays %s", k.id, now.StackStatus)
		}
	}
}

// failures are what resources of the stack failed of.
func (k *stack) failures() string {
	got, err := k.api.DescribeStackEvents(k.t.Context(), &cloudformation.DescribeStackEventsInput{StackName: &k.id})
	if err != nil {
		return ""
	}
	var text strings.Builder
	for _, e := range got.StackEvents {
		if strings.HasSuffix(string(e.ResourceStatus), "_FAILED") {
			fmt.Fprintf(&text, "; %s: %s", aws.ToString(e.LogicalResourceId), aws.ToString(e.ResourceStatusReason))
		}
	}
	return text.String()
}

// outputs are what the stack tells.
func (k *stack) outputs() map[string]string {
	k.t.Helper()
	found := map[string]string{}
	for _, o := range k.describe().Outputs {
		found[*o.OutputKey] = *o.OutputValue
	}
	return found
}

// resources are the stack's resources: the IDs by their names in the template.
func (k *stack) resources() map[string]string {
	k.t.Helper()
	got, err := k.api.ListStackResources(k.t.Context(), &cloudformation.ListStackResourcesInput{StackName: &k.id})
	if err != nil {
		k.t.Fatal(err)
	}
	found := map[string]string{}
	for _, r := range got.StackResourceSummaries {
		found[*r.LogicalResourceId] = aws.ToString(r.PhysicalResourceId)
	}
	return found
}

// inventory is all that the account has in a region.
func (s *stand) inventory(t *testing.T, region string) map[string][]string {
	t.Helper()
	var found map[string][]string
	s.steer(t, http.MethodGet, "inventory?region="+region+"&key="+url.QueryEscape(s.keys.AccessKeyID), nil, &found)
	return found
}

// steer speaks to the stand-in's own address.
func (s *stand) steer(t *testing.T, method, path string, in, out any) {
	t.Helper()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	s.send(t, method, s.url+"/moto-live/"+path, body, nil, out)
}

// call calls an operation of a service that speaks JSON, without that service's
// whole client: the stand-in judges no signatures.
func (s *stand) call(t *testing.T, region, service, target string, in, out any) {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	s.send(t, http.MethodPost, s.url+"/", bytes.NewReader(text), http.Header{
		"X-Amz-Target": {target}, "Content-Type": {"application/x-amz-json-1.1"},
		"X-Amz-Security-Token": {s.keys.SessionToken},
		"Authorization":        {"AWS4-HMAC-SHA256 Credential=" + s.keys.AccessKeyID + "/20300101/" + region + "/" + service + "/aws4_request, SignedHeaders=host, Signature=0"},
	}, out)
}

func (s *stand) send(t *testing.T, method, at string, body io.Reader, header http.Header, out any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, at, body)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, header)
	res, err := (&http.Client{Transport: &http.Transport{}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %d %s %v", method, at, res.StatusCode, text, err)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			t.Fatalf("%s %s: %v in %s", method, at, err, text)
		}
	}
}

// certificate is one for the server's name.
func (s *stand) certificate(t *testing.T, region string) string {
	t.Helper()
	var made struct{ CertificateArn string }
	s.call(t, region, "acm", "CertificateManager.RequestCertificate", map[string]string{"DomainName": "load.example.com"}, &made)
	return made.CertificateArn
}

// secret keeps a text and returns its ARN.
func (s *stand) secret(t *testing.T, region, name, text string) string {
	t.Helper()
	var made struct{ ARN string }
	s.call(t, region, "secretsmanager", "secretsmanager.CreateSecret", map[string]string{"Name": name, "SecretString": text}, &made)
	return made.ARN
}

// secretText reads a secret.
func (s *stand) secretText(t *testing.T, region, arn string) string {
	t.Helper()
	var kept struct{ SecretString string }
	s.call(t, region, "secretsmanager", "secretsmanager.GetSecretValue", map[string]string{"SecretId": arn}, &kept)
	return kept.SecretString
}
