package ecs

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"onrush.dev/onrush/internal/fleet"
)

// container is the agent's container in a task, and logPrefix begins the names of
// its log streams.
const (
	container = "agent"
	logPrefix = "onrush"
)

// contentLabel keeps the hash of a task definition's content in it: a Docker
// label, since these can be read with the definition and need no permission to tag.
const contentLabel = "dev.onrush.content"

// mostRevisions is how many task definitions of the family stay: one for each
// image and size in use. Older ones are taken out of use by whoever makes a new
// one. Tasks that run on them are not touched by that.
const mostRevisions = 10

// definition finds or makes the task definition for such tasks. Two servers that
// make the same one at the same time make two revisions of the same content,
// which does no harm: the newest is found from then on.
func (d *Driver) definition(ctx context.Context, image string, size size) (string, error) {
	input, hash := d.content(image, size)
	d.defining.Lock()
	defer d.defining.Unlock()
	d.mu.Lock()
	arn := d.defined[hash]
	d.mu.Unlock()
	if arn != "" {
		return arn, nil
	}
	revisions, arn, err := d.find(ctx, hash)
	if err != nil {
		return "", err
	}
	if arn == "" {
		err = d.patient(ctx, d.api.read, d.timing.down, func(ctx context.Context) error {
			made, err := d.api.ecs.RegisterTaskDefinition(ctx, input)
			if err == nil {
				arn = aws.ToString(made.TaskDefinition.TaskDefinitionArn)
			}
			return err
		})
		if err != nil {
			return "", err
		}
		d.tidy(ctx, revisions)
	}
	d.mu.Lock()
	d.defined[hash] = arn
	d.mu.Unlock()
	return arn, nil
}

// forget makes the next start look for its definition again: somebody took the
// known one out of use.
func (d *Driver) forget(arn string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for hash, known := range d.defined {
		if known == arn {
			delete(d.defined, hash)
		}
	}
}

// content is the task definition for such tasks and the hash of it.
func (d *Driver) content(image string, size size) (*ecs.RegisterTaskDefinitionInput, string) {
	c := types.ContainerDefinition{
		Name: aws.String(container), Image: aws.String(image), Essential: aws.Bool(true),
		// The task's limits hold for its one container; the engines' runtimes are told.
		Environment: []types.KeyValuePair{
			{Name: aws.String("GOMAXPROCS"), Value: aws.String(strconv.Itoa(max(1, (size.cpu+1023)/1024)))},
			{Name: aws.String("GOMEMLIMIT"), Value: aws.String(strconv.Itoa(size.memory*9/10) + "MiB")},
		},
		MemoryReservation: aws.Int32(int32(size.memory)),
		StopTimeout:       aws.Int32(int32(d.timing.grace / time.Second)),
		LinuxParameters:   &types.LinuxParameters{InitProcessEnabled: aws.Bool(true)}, // reaps what engines leave behind
	}
	if d.LogGroup != "" {
		c.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
			"awslogs-group": d.LogGroup, "awslogs-region": d.AWSRegion, "awslogs-stream-prefix": logPrefix,
			// A log that AWS does not take must not stop the load.
			"mode": "non-blocking", "max-buffer-size": "4m",
		}}
	}
	input := &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(d.family), NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		Cpu: aws.String(strconv.Itoa(size.cpu)), Memory: aws.String(strconv.Itoa(size.memory)),
		RuntimePlatform: &types.RuntimePlatform{OperatingSystemFamily: types.OSFamilyLinux, CpuArchitecture: types.CPUArchitectureX8664},
	}
	if d.Architecture == "arm64" {
		input.RuntimePlatform.CpuArchitecture = types.CPUArchitectureArm64
	}
	if d.ExecutionRole != "" {
		input.ExecutionRoleArn = aws.String(d.ExecutionRole)
	}
	if d.TaskRole != "" {
		input.TaskRoleArn = aws.String(d.TaskRole)
	}
	if d.EphemeralStorage > 0 {
		input.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: d.EphemeralStorage}
	}
	input.ContainerDefinitions = []types.ContainerDefinition{c}
	text, err := json.Marshal(input)
	if err != nil {
		panic(err) // of strings and numbers: cannot be
	}
	sum := sha256.Sum256(text)
	hash := hex.EncodeToString(sum[:12])
	input.ContainerDefinitions[0].DockerLabels = map[string]string{contentLabel: hash}
	return input, hash
}

// find looks for a revision of that content, newest first, and returns all that
// are in use.
func (d *Driver) find(ctx context.Context, hash string) (revisions []string, arn string, err error) {
	err = d.patient(ctx, d.api.read, d.timing.down, func(ctx context.Context) error {
		got, err := d.api.ecs.ListTaskDefinitions(ctx, &ecs.ListTaskDefinitionsInput{
			FamilyPrefix: aws.String(d.family), Status: types.TaskDefinitionStatusActive, Sort: types.SortOrderDesc,
		})
		if err == nil {
			revisions = got.TaskDefinitionArns
		}
		return err
	})
	if err != nil {
		return nil, "", err
	}
	slices.SortStableFunc(revisions, func(a, b string) int { return cmp.Compare(revision(b), revision(a)) })
	for _, candidate := range revisions[:min(len(revisions), mostRevisions)] {
		var found *types.TaskDefinition
		err := d.patient(ctx, d.api.read, d.timing.down, func(ctx context.Context) error {
			got, err := d.api.ecs.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(candidate)})
			if err == nil {
				found = got.TaskDefinition
			}
			return err
		})
		if err != nil {
			return nil, "", err
		}
		if aws.ToString(found.Family) == d.family && len(found.ContainerDefinitions) == 1 && found.ContainerDefinitions[0].DockerLabels[contentLabel] == hash {
			return revisions, candidate, nil
		}
	}
	return revisions, "", nil
}

// tidy takes the oldest revisions out of use once there are too many. A failure
// is no reason not to start: the next one tries again.
func (d *Driver) tidy(ctx context.Context, revisions []string) {
	for _, old := range revisions[min(len(revisions), mostRevisions-1):] {
		err := d.patient(ctx, d.api.read, 0, func(ctx context.Context) error {
			_, err := d.api.ecs.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String(old)})
			return err
		})
		if err != nil {
			d.Log.Warn("cannot take an old task definition out of use", "region", d.Region, "definition", old, "err", d.explain(err))
			return
		}
	}
}

// revision is the number at the end of a task definition's ARN.
func revision(arn string) int {
	for i := len(arn) - 1; i >= 0; i-- {
		if arn[i] == ':' {
			n, err := strconv.Atoi(arn[i+1:])
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}

// image is the image of a task. There is no default: Fargate pulls from a
// registry, and which one is the user's to say.
func (d *Driver) image(s fleet.TaskSpec) (string, error) {
	if image := cmp.Or(s.Image, d.Image); image != "" {
		return image, nil
	}
	return "", &fleet.StartError{
		Kind:   fleet.BadSpec,
		Reason: "no image is named for the tasks",
		Remedy: fmt.Sprintf("set the region's image to the agent's image in a registry that Fargate reaches, e.g. ACCOUNT.dkr.ecr.%s.amazonaws.com/onrush-agent:VERSION", d.AWSRegion),
	}
}
