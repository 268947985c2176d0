package cloudformation_test

import (
	"encoding/base64"
	"os/exec"
	"strings"
	"testing"
)

// TestMachineScript: what the one machine runs when it starts is a script that a
// shell can read, with everything filled in.
func TestMachineScript(t *testing.T) {
	t.Parallel()
	s := open(t)
	const region = "us-east-1"
	for database, tt := range map[string]struct{ has, lacks string }{
		"sqlite":   {"dsn=''", "dsn='postgres"},
		"postgres": {"dsn='postgres://onrush@", "password@"},
	} {
		k := s.mustCreate(t, region, "onrush-"+database, serverFile, s.serverValues(t, region, values{"RunOn": "ec2", "Database": database}))
		made := k.resources()
		data := s.query(t, region, "ec2", "2016-11-15", "DescribeLaunchTemplateVersions", "userData", "LaunchTemplateId", made["MachineTemplate"])
		if len(data) != 1 {
			t.Fatalf("the machine has %d scripts", len(data))
		}
		text, err := base64.StdEncoding.DecodeString(data[0])
		if err != nil {
			t.Fatal(err)
		}
		script := string(text)
		for _, want := range []string{"#!/bin/bash\n", tt.has, made["Volume"], made["FirstPassword"], made["Log"], k.id, "\nEND\n", "${volume/-/}", "/onrush/server:1.0\n"} {
			if !strings.Contains(script, want) {
				t.Errorf("%s: the script has no %q", database, want)
			}
		}
		if strings.Contains(script, tt.lacks) || strings.Contains(script, "${!") {
			t.Errorf("%s: the script has %q, or a name that was not filled in", database, tt.lacks)
		}
		if strings.Contains(script, s.secretText(t, region, made["FirstPassword"])) {
			t.Errorf("%s: the script holds the password", database)
		}
		shell := exec.CommandContext(t.Context(), "bash", "-n")
		shell.Stdin = strings.NewReader(script)
		if out, err := shell.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", database, err, out)
		}
		k.mustDelete()
	}
}
