package ecs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// The tags by which a task is known.
const (
	tagServer  = "onrush.server"
	tagRegion  = "onrush.region"
	tagRun     = "onrush.run"
	tagTask    = "onrush.task"
	tagAttempt = "onrush.attempt"
)

// mostOverrides is the most characters that AWS takes of a task's overrides, as
// JSON ("TaskOverride", Amazon ECS API reference).
const mostOverrides = 8192

// place is where and on what a task is tried.
type place struct {
	subnets  []string
	provider string // FARGATE, FARGATE_SPOT
}

// places are the ways to run a task, in the order in which they are tried: all
// subnets, where AWS picks one, then each by itself, since one zone may have room
// when the picked one has none.
func (d *Driver) places() []place {
	var list []place
	add := func(subnets []string) {
		if d.CapacityKind != onDemand {
			list = append(list, place{subnets, "FARGATE_SPOT"})
		}
		if d.CapacityKind != spot {
			list = append(list, place{subnets, "FARGATE"})
		}
	}
	add(d.Subnets)
	if len(d.Subnets) > 1 {
		for _, s := range d.Subnets {
			add([]string{s})
		}
	}
	return list
}

// runTask makes the call, again while AWS throttles or does not answer. A task
// that a call made whose answer was lost is found by the token.
func (d *Driver) runTask(ctx context.Context, s fleet.TaskSpec, definition string, at place, token string) (*task, error) {
	input, err := d.request(s, definition, at, token)
	if err != nil {
		return nil, err
	}
	var made *task
	err = d.patient(ctx, d.api.launch, d.timing.down, func(ctx context.Context) error {
		return d.asked(ctx, func(ctx context.Context) error {
			got, err := d.api.ecs.RunTask(ctx, input)
			if conflict := (*types.ConflictException)(nil); errors.As(err, &conflict) && len(conflict.ResourceIds) > 0 {
				// This task was asked for before, with another ticket: by a server that is
				// gone. Its instance is the one.
				made = d.fresh(s, conflict.ResourceIds[0], at.provider)
				return nil
			}
			if err != nil {
				return err
			}
			if len(got.Tasks) > 0 {
				made = d.fresh(s, aws.ToString(got.Tasks[0].TaskArn), at.provider)
				return nil
			}
			for _, f := range got.Failures {
				return d.failure(aws.ToString(f.Reason), aws.ToString(f.Detail))
			}
			return errors.New("AWS answered neither with a task nor with a failure")
		})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// failure puts a reason of RunTask's failures into words.
func (d *Driver) failure(reason, detail string) error {
	if detail != "" {
		reason += ": " + detail
	}
	return d.explain(&types.ClientException{Message: aws.String(reason)})
}

func (d *Driver) fresh(s fleet.TaskSpec, arn, provider string) *task {
	return &task{
		key: key{s.Run, s.Task, s.Attempt}, arn: arn, id: shortID(arn), state: fleet.Pending, asked: time.Now(), spot: provider == "FARGATE_SPOT",
	}
}

// request is one task's RunTask.
func (d *Driver) request(s fleet.TaskSpec, definition string, at place, token string) (*ecs.RunTaskInput, error) {
	network := &types.AwsVpcConfiguration{Subnets: at.subnets, SecurityGroups: d.SecurityGroups, AssignPublicIp: types.AssignPublicIpDisabled}
	if d.PublicIP {
		network.AssignPublicIp = types.AssignPublicIpEnabled
	}
	overrides := &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{
		Name:        aws.String(container),
		Environment: []types.KeyValuePair{{Name: aws.String("ONRUSH_TICKET"), Value: aws.String(s.Ticket)}},
	}}}
	if n := overridesLength(s.Ticket); n > mostOverrides {
		return nil, &fleet.StartError{
			Kind:   fleet.BadSpec,
			Reason: fmt.Sprintf("the task's ticket is too long for AWS: the overrides have %d characters, %d are allowed", n, mostOverrides),
			Remedy: "shorten the server's chain of certificates, or use a certificate of a public authority",
		}
	}
	input := &ecs.RunTaskInput{
		Cluster: aws.String(d.Cluster), TaskDefinition: aws.String(definition), Count: aws.Int32(1), ClientToken: aws.String(token),
		StartedBy: aws.String(d.family), EnableExecuteCommand: false, Overrides: overrides, Tags: d.tags(s),
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: network},
	}
	if d.PlatformVersion != "" && d.PlatformVersion != "LATEST" {
		input.PlatformVersion = aws.String(d.PlatformVersion)
	}
	if at.provider == "FARGATE" {
		input.LaunchType = types.LaunchTypeFargate
	} else {
		input.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String(at.provider), Weight: 1}}
	}
	return input, nil
}

// overridesLength is how many characters the overrides have on the wire.
func overridesLength(ticket string) int {
	text, err := json.Marshal(map[string]any{"containerOverrides": []any{map[string]any{
		"name": container, "environment": []any{map[string]string{"name": "ONRUSH_TICKET", "value": ticket}},
	}}})
	if err != nil {
		panic(err) // of strings: cannot be
	}
	return len(text)
}

func (d *Driver) tags(s fleet.TaskSpec) []types.Tag {
	own := map[string]string{
		tagServer: d.Server, tagRegion: d.Region, tagRun: s.Run, tagTask: s.Task, tagAttempt: strconv.Itoa(s.Attempt),
	}
	var tags []types.Tag
	for _, from := range []map[string]string{own, d.Tags} {
		for _, name := range slices.Sorted(maps.Keys(from)) {
			tags = append(tags, types.Tag{Key: aws.String(name), Value: aws.String(from[name])})
		}
	}
	return tags
}

// whose reads a task's tags; false: it is not of this server and region.
func (d *Driver) whose(tags []types.Tag) (key, bool) {
	found := map[string]string{}
	for _, t := range tags {
		found[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	attempt, err := strconv.Atoi(found[tagAttempt])
	ok := err == nil && found[tagServer] == d.Server && found[tagRegion] == d.Region && found[tagRun] != "" && found[tagTask] != ""
	return key{found[tagRun], found[tagTask], attempt}, ok
}

// errNoRun refuses a call that names no run.
func errNoRun(what string) error { return load.Errorf(load.Invalid, "%s: no run named", what) }
