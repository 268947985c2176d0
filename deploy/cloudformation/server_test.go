package cloudformation_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// serverValues are the parameters that a server needs at least.
func (s *stand) serverValues(t *testing.T, region string, more values) values {
	t.Helper()
	v := values{
		"Image":          s.account + ".dkr.ecr." + region + ".amazonaws.com/onrush/server:1.0",
		"HostName":       "load.example.com",
		"CertificateArn": s.certificate(t, region),
	}
	maps.Copy(v, more)
	return v
}

// TestServer makes the server's stack in all its shapes, changes and deletes it;
// what stays is what was asked to stay.
func TestServer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		region string
		values values
		change values
		has    []string // resources of this shape
		lacks  []string
		moved  []string // resources that the change makes anew
		stays  []string // kinds that stay when the stack is deleted
	}{
		"fargate": {
			region: "eu-west-1", change: values{"Image": "x.dkr.ecr.eu-west-1.amazonaws.com/onrush/server:1.1", "AllowedCidr": "198.51.100.0/24", "LogDays": "90"},
			has: []string{"Vpc", "FileSystem", "MountA", "MountB", "DataFolder", "Service", "Task", "TaskRole", "ExecutionRole"}, lacks: []string{"Volume", "Machine", "Postgres", "Name"},
			moved: []string{"Task"},
		},
		"fargate with Postgres, kept": {
			region: "us-east-1", values: values{"Database": "postgres", "KeepData": "yes"}, change: values{"RegionAccounts": "111122223333,444455556666"},
			has: []string{"Postgres", "DatabasePassword", "FileSystem"}, lacks: []string{"Volume"},
			stays: []string{"file system", "snapshot of a database"},
		},
		"one machine": {
			region: "us-east-1", values: values{"RunOn": "ec2"}, change: values{"Image": "x.dkr.ecr.us-east-1.amazonaws.com/onrush/server:1.1"},
			has: []string{"Volume", "Machine", "MachineTemplate", "MachineRole"}, lacks: []string{"FileSystem", "Service", "Cluster", "TaskRole", "Postgres"},
			moved: []string{"MachineTemplate"},
		},
		"one machine with Postgres, kept by a change": {
			region: "eu-west-1", values: values{"RunOn": "ec2", "Database": "postgres"}, change: values{"KeepData": "yes"},
			has: []string{"Volume", "Postgres"}, stays: []string{"snapshot of a volume", "snapshot of a database"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			v := s.serverValues(t, tt.region, tt.values)
			k := s.mustCreate(t, tt.region, "onrush", serverFile, v)
			before := k.resources()
			for _, want := range tt.has {
				if before[want] == "" {
					t.Errorf("the stack has no %s", want)
				}
			}
			for _, not := range tt.lacks {
				if before[not] != "" {
					t.Errorf("the stack has a %s, which this shape does not need", not)
				}
			}
			s.checkServerOutputs(t, k)

			maps.Copy(v, tt.change)
			k.mustUpdate(v)
			after := k.resources()
			for _, data := range []string{"FileSystem", "Volume", "Postgres", "DataFolder", "FirstPassword", "DatabasePassword", "Balancer"} {
				if before[data] != after[data] {
					t.Errorf("the change made %s anew: %s, then %s", data, before[data], after[data])
				}
			}
			for _, moved := range tt.moved {
				if before[moved] == after[moved] {
					t.Errorf("the change did not reach %s", moved)
				}
			}
			if reason := k.update(v); !strings.Contains(reason, "No updates are to be performed") {
				t.Errorf("the same again: %q", reason)
			}

			k.mustDelete()
			left := s.inventory(t, tt.region)
			stays := slices.Sorted(maps.Keys(left))
			slices.Sort(tt.stays)
			if !slices.Equal(stays, tt.stays) {
				t.Errorf("deleting left %v, wanted is %q", left, tt.stays)
			}
		})
	}
}

func (s *stand) checkServerOutputs(t *testing.T, k *stack) {
	t.Helper()
	out := k.outputs()
	if out["Url"] != "https://load.example.com" || !strings.Contains(out["LoadBalancer"], ".elb.amazonaws.com") || !strings.HasPrefix(out["ServerRole"], "arn:aws:iam::"+s.account+":role/") {
		t.Errorf("outputs are %v", out)
	}
	_, secret, ok := strings.Cut(out["FirstLogin"], "--secret-id ")
	secret, _, _ = strings.Cut(secret, " ")
	if !ok || len(s.secretText(t, k.region, secret)) != 30 {
		t.Errorf("the first login is not where %q says", out["FirstLogin"])
	}
}

// TestServerFromKeptData: what one stack kept, the next begins from.
func TestServerFromKeptData(t *testing.T) {
	t.Parallel()
	s := open(t)
	const region = "eu-west-1"
	v := s.serverValues(t, region, values{"KeepData": "yes", "Database": "postgres"})
	k := s.mustCreate(t, region, "first", serverFile, v)
	kept := k.outputs()["DataFileSystem"]
	k.mustDelete()
	snapshots := s.inventory(t, region)["snapshot of a database"]
	if len(snapshots) != 1 {
		t.Fatalf("kept are %q", snapshots)
	}

	maps.Copy(v, values{"KeepData": "no", "FromFileSystem": kept, "FromDatabaseSnapshot": snapshots[0]})
	next := s.mustCreate(t, region, "next", serverFile, v)
	if got := next.outputs()["DataFileSystem"]; got != kept {
		t.Errorf("the data folder is on %s, kept is %s", got, kept)
	}
	if next.resources()["Postgres"] == "" {
		t.Error("there is no database")
	}
	next.mustDelete()
	left := s.inventory(t, region)
	if len(left) != 2 || !slices.Equal(left["file system"], []string{kept}) || len(left["snapshot of a database"]) != 1 {
		t.Errorf("a file system that was given is not the stack's to delete, nor is a snapshot; left is %v", left)
	}
}

// TestServerInAGivenNetwork: nothing of the network is made, and what is missing
// is said before anything is.
func TestServerInAGivenNetwork(t *testing.T) {
	t.Parallel()
	s := open(t)
	const region = "us-east-1"
	network := s.mustCreate(t, region, "network", regionFile, values{"Image": "x"}).resources()
	subnets := network["SubnetA"] + "," + network["SubnetB"]
	for name, tt := range map[string]struct {
		values values
		want   string
	}{
		"no subnets": {values{"VpcId": network["Vpc"]}, "VpcId needs SubnetIds"},
		"no zone":    {values{"VpcId": network["Vpc"], "SubnetIds": subnets, "RunOn": "ec2"}, "needs DataZone"},
		"bad name":   {values{"HostName": "https://load.example.com"}, "HostName"},
	} {
		if _, reason := s.create(t, region, "bad", serverFile, s.serverValues(t, region, tt.values)); !strings.Contains(reason, tt.want) {
			t.Errorf("%s: %q, want %q in it", name, reason, tt.want)
		}
	}
	for name, more := range map[string]values{
		"fargate": {"Scheme": "internal"},
		"machine": {"RunOn": "ec2", "DataZone": region + "a"},
	} {
		v := s.serverValues(t, region, more)
		maps.Copy(v, values{"VpcId": network["Vpc"], "SubnetIds": subnets, "VpcCidr": "10.61.0.0/18"})
		k := s.mustCreate(t, region, name, serverFile, v)
		for _, not := range []string{"Vpc", "SubnetA", "SubnetB", "Gateway", "Routes"} {
			if k.resources()[not] != "" {
				t.Errorf("%s: the stack made a %s", name, not)
			}
		}
		k.mustDelete()
	}
}

// TestServerName: with a zone, the name is made and goes with the stack.
func TestServerName(t *testing.T) {
	t.Parallel()
	s := open(t)
	const region = "eu-west-1"
	zone := s.zone(t, "example.com")
	k := s.mustCreate(t, region, "onrush", serverFile, s.serverValues(t, region, values{"HostedZoneId": zone}))
	if names := s.inventory(t, region)["name"]; !slices.Equal(names, []string{"load.example.com."}) {
		t.Errorf("names are %q", names)
	}
	k.mustDelete()
	if left := s.inventory(t, region); len(left) > 0 {
		t.Errorf("deleting left %v", left)
	}
}

// zone makes a Route 53 zone.
func (s *stand) zone(t *testing.T, name string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/2013-04-01/hostedzone",
		strings.NewReader(`<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Name>`+name+`</Name><CallerReference>`+s.account+`</CallerReference></CreateHostedZoneRequest>`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+s.keys.AccessKeyID+"/20300101/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=0")
	res, err := (&http.Client{Transport: &http.Transport{}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	at := res.Header.Get("Location")
	if res.StatusCode != http.StatusCreated || at == "" {
		t.Fatalf("zone: %d, location %q", res.StatusCode, at)
	}
	return at[strings.LastIndex(at, "/")+1:]
}
