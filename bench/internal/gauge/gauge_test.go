//go:build linux

package gauge

import (
	"os/exec"
	"strings"
	"testing"
)

func TestAProcessIsHeldToItsCoreAndCounted(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("/bin/sh", "-c", `grep Cpus_allowed_list /proc/self/status; head -c 3000000 /dev/zero; read line`)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Start(0, cmd)
	if err != nil {
		t.Fatal(err)
	}
	if p.Ended() || len(Tree(p.PID())) == 0 {
		t.Error("it waits for its input, and looks as if it had ended")
	}
	in.Close()
	usage, _ := p.Wait() // read found no line
	if usage.CPU <= 0 || usage.Peak <= 0 || !p.Ended() {
		t.Errorf("got %+v, ended %v", usage, p.Ended())
	}
	line, body, _ := strings.Cut(p.Out.String(), "\n")
	if !strings.HasSuffix(line, "\t0") || len(body) != 3_000_000 {
		t.Errorf("it may run on %q, and wrote %d bytes", line, len(body))
	}
}
