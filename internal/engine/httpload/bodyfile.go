package httpload

import (
	"fmt"
	"os"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// smallFile is the largest body file that is kept in memory. A larger one is
// read anew for every request.
const smallFile = 1 << 20

// openBodyFile returns a small file's bytes, or a large one to be streamed. It
// stays open as long as the task.
func openBodyFile(dir, name string) ([]byte, *proto.File, error) {
	path := engine.FilePath(dir, name)
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s is no regular file", name)
	}
	if info.Size() <= smallFile {
		data, err := os.ReadFile(path)
		return data, nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return nil, &proto.File{Reader: f, Size: info.Size()}, nil
}
