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
		// What CloudFormation takes without a bucket to upload to first.
		if info, err := os.Stat(file); err != nil || info.Size() > 51_200 {
			t.Errorf("%s: %v, or more than 51,200 bytes", file, err)
		}
		for _, region := range []string{"us-east-1", "eu-west-1", "ap-southeast-2"} {
			cmd := exec.CommandContext(t.Context(), os.Getenv("ONRUSH_TEST_AWS_PYTHON"), "-c", "from cfnlint.runner.cli import main; main()", "--regions", region, "--", file)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s in %s: %v\n%s", file, region, err, out)
			}
		}
	}
}
