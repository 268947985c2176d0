package tool

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	// tick is the kernel's unit of CPU time in /proc, on every Linux of today.
	tick       = 10 * time.Millisecond
	mostFamily = 64
)

// family is a process and all that descend from it.
func family(pid int) []int {
	all := []int{pid}
	for i := 0; i < len(all) && len(all) < mostFamily; i++ {
		files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", all[i]))
		if err != nil {
			continue
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				continue // it has just ended
			}
			for word := range strings.FieldsSeq(string(text)) {
				if child, err := strconv.Atoi(word); err == nil {
					all = append(all, child)
				}
			}
		}
	}
	return all
}

// usageOf reads /proc/PID/stat: 0 when the process is gone.
func usageOf(pid int) (cpu time.Duration, rss int64) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, 0
	}
	// The second field, the name in brackets, may hold anything.
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	if len(fields) < 22 {
		return 0, 0
	}
	number := func(i int) int64 {
		n, _ := strconv.ParseInt(string(fields[i]), 10, 64) // the kernel writes numbers
		return n
	}
	return time.Duration(number(11)+number(12)) * tick, number(21) * int64(os.Getpagesize())
}
