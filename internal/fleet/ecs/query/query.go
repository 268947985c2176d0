// Package query calls those AWS services that speak the query protocol: a form
// goes in, XML comes out. The driver needs five calls of three of them; their
// generated clients are fifty times its own code and take longer to compile
// than all the rest. It may not know what it asks for. Read Client first.
package query

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
)

// most bounds an answer's size in bytes.
const most = 8 << 20

// Client calls one service.
type Client struct {
	Config  aws.Config
	Service string // ec2, iam, monitoring: as it is signed and addressed
	Version string // of its API, e.g. 2016-11-15
}

// Error is a refusal of the service.
type Error struct {
	Action  string
	Code    string `xml:"Code"`
	Message string `xml:"Message"`
	Status  int
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s: %s", e.Action, e.Code, e.Message) }

// ErrorCode implements smithy.APIError.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage implements smithy.APIError.
func (e *Error) ErrorMessage() string { return e.Message }

// ErrorFault implements smithy.APIError.
func (e *Error) ErrorFault() smithy.ErrorFault {
	if e.Status >= http.StatusInternalServerError {
		return smithy.FaultServer
	}
	return smithy.FaultClient
}

var _ smithy.APIError = (*Error)(nil)

// Call makes one call, without retries, and reads its answer into a struct with
// xml tags.
func (c *Client) Call(ctx context.Context, action string, form url.Values, into any) error {
	body := url.Values{"Action": {action}, "Version": {c.Version}}
	for name, values := range form {
		body[name] = values
	}
	data := []byte(body.Encode())
	address, region := c.address()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if err := c.sign(ctx, req, data, region); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	response, err := c.Config.HTTPClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, most))
	if err != nil {
		return fmt.Errorf("%s: read the answer: %w", action, err)
	}
	if response.StatusCode != http.StatusOK {
		return refusal(action, response.StatusCode, answer)
	}
	if err := xml.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("%s: read the answer: %w", action, err)
	}
	return nil
}

func (c *Client) sign(ctx context.Context, req *http.Request, body []byte, region string) error {
	if c.Config.Credentials == nil {
		return fmt.Errorf("get credentials: none are set")
	}
	credentials, err := c.Config.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("get credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	return v4.NewSigner().SignHTTP(ctx, credentials, req, hex.EncodeToString(sum[:]), c.Service, region, time.Now())
}

// address is where the service is, and the region that a call to it is signed
// for: IAM has one address for a whole partition.
func (c *Client) address() (address, region string) {
	region = c.Config.Region
	host := c.Service + "." + region
	switch {
	case c.Service != "iam":
	case strings.HasPrefix(region, "cn-"):
		host, region = "iam.cn-north-1", "cn-north-1"
	case strings.HasPrefix(region, "us-gov-"):
		host, region = "iam.us-gov", "us-gov-west-1"
	default:
		host, region = "iam", "us-east-1"
	}
	if c.Config.BaseEndpoint != nil {
		return strings.TrimSuffix(*c.Config.BaseEndpoint, "/") + "/", region
	}
	suffix := ".amazonaws.com"
	if strings.HasPrefix(c.Config.Region, "cn-") {
		suffix += ".cn"
	}
	return "https://" + host + suffix + "/", region
}

// refusal reads an error's XML: services wrap it in one of two ways.
func refusal(action string, status int, answer []byte) error {
	var wrapped struct {
		Error  Error   `xml:"Error"`
		Errors []Error `xml:"Errors>Error"`
	}
	err := &Error{Action: action, Status: status, Code: fmt.Sprintf("HTTP %d", status)}
	if xml.Unmarshal(answer, &wrapped) != nil {
		return err
	}
	for _, found := range append(wrapped.Errors, wrapped.Error) {
		if found.Code != "" {
			err.Code, err.Message = found.Code, found.Message
			return err
		}
	}
	return err
}
