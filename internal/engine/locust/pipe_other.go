//go:build !linux

package locust

import "os"

func widen(*os.File) {}
