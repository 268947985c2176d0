package cloudformation_test

import (
	"os"
	"os/exec"
	"testing"
)

// TestLint: the templates have no fault that can be found without AWS, and no
// warning either.
func TestLint(t *testing.T) {
	t.Parallel()
	open(t)
	for _, file := range []string{serverFile, regionFile} {
		for _, region := range []string{"us-east-1", "eu-west-1", "ap-southeast-2"} {
			cmd := exec.CommandContext(t.Context(), os.Getenv("ONRUSH_TEST_AWS_PYTHON"), "-c", "from cfnlint.runner.cli import main; main()", "--regions", region, "--", file)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s in %s: %v\n%s", file, region, err, out)
			}
		}
	}
}
