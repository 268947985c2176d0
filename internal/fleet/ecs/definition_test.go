package ecs

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"onrush.dev/onrush/internal/fleet/ecs/ecstest"
)

// active lists the revisions of a driver's family that are in use.
func active(t *testing.T, c *ecstest.Cloud, d *Driver) []string {
	t.Helper()
	got, err := ecs.NewFromConfig(c.Config).ListTaskDefinitions(context.Background(), &ecs.ListTaskDefinitionsInput{FamilyPrefix: &d.family, Status: "ACTIVE"})
	if err != nil {
		t.Fatal(err)
	}
	return got.TaskDefinitionArns
}

func TestDefinitionIsFoundAgain(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "af-south-1", 1, 24)
	o := sleepers(t, c)
	find := func(o Options, image string) string {
		d := open(t, o)
		arn, err := d.definition(t.Context(), image, size{256, 512})
		if err != nil {
			t.Fatal(err)
		}
		return arn
	}
	first := find(o, "a")
	if again := find(o, "a"); again != first {
		t.Errorf("a new driver value made %s, want %s", again, first)
	}
	other := find(o, "b")
	if other == first || find(o, "a") != first || find(o, "b") != other {
		t.Error("two images do not have a definition each")
	}
	changed := o
	changed.LogGroup = "/other"
	if find(changed, "a") == first {
		t.Error("other settings have the same definition")
	}
	foreign := o
	foreign.Server = "another"
	if a, b := strings.Split(find(foreign, "a"), ":"), strings.Split(first, ":"); a[5] == b[5] {
		t.Errorf("two servers share %s", a[5])
	}
}

func TestOldDefinitionsAreTidied(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "af-south-1", 1, 24)
	d := open(t, sleepers(t, c))
	for i := range 2 * mostRevisions {
		if _, err := d.definition(t.Context(), fmt.Sprint(i), size{256, 512}); err != nil {
			t.Fatal(err)
		}
	}
	left := active(t, c, d)
	if len(left) != mostRevisions {
		t.Fatalf("%d revisions are in use, want %d", len(left), mostRevisions)
	}
	for _, arn := range left {
		if revision(arn) <= mostRevisions {
			t.Errorf("%s is in use, and newer ones are not", arn)
		}
	}
}

// Somebody took the definition out of use that the driver knows.
func TestDefinitionOutOfUse(t *testing.T) {
	t.Parallel()
	c := ecstest.New(t, "af-south-1", 1, 24)
	d := open(t, sleepers(t, c))
	mustStart(t, d, specs("first", "", 1))
	for _, arn := range active(t, c, d) {
		if _, err := ecs.NewFromConfig(c.Config).DeregisterTaskDefinition(t.Context(), &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String(arn)}); err != nil {
			t.Fatal(err)
		}
	}
	mustStart(t, d, specs("second", "", 3))
	wantOnce(t, c, "second", 3)
	end(t, c, d, "first")
	end(t, c, d, "second")
}
