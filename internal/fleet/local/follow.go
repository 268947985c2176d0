package local

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// followEvery is how often a log that is followed is looked at for more.
const followEvery = 100 * time.Millisecond

// followed reads a task's log as it is written, until the task has ended or ctx
// does. It is for one reader; Close may be called from elsewhere.
type followed struct {
	file *os.File
	path string // of the task's folder
	ctx  context.Context
	stop context.CancelFunc
}

func follow(ctx context.Context, file *os.File, path string) *followed {
	f := &followed{file: file, path: path}
	f.ctx, f.stop = context.WithCancel(ctx)
	return f
}

// Read implements io.Reader. What was written before the end is read even when
// the end is noted first.
func (f *followed) Read(p []byte) (int, error) {
	for {
		over := f.over()
		n, err := f.file.Read(p)
		switch {
		case n > 0:
			return n, nil
		case err != nil && !errors.Is(err, io.EOF):
			return 0, err
		case over:
			return 0, io.EOF
		}
		select {
		case <-time.After(followEvery):
		case <-f.ctx.Done():
			return 0, context.Cause(f.ctx)
		}
	}
}

// over says that nothing more will be written: the task's end is noted, or its
// folder was swept away.
func (f *followed) over() bool {
	t, err := readTask(f.path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && t.exit != nil
}

// Close implements io.Closer.
func (f *followed) Close() error {
	f.stop()
	return f.file.Close()
}
