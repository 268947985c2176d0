package bus

import (
	"os"
	"strings"
)

// machine names the running kernel, and with it the clock that its processes
// share; empty where the system does not say. Copies of one virtual machine may
// have one name and two clocks.
func machine() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}
