package collect

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// spool keeps finished seconds on disk, append only. A second that gets more
// after it was finished (a late window) is appended again; readers merge all
// frames of a second, so that nothing written is ever changed.
//
//	frame     = directory, bodies
//	directory = number of entries, then (scope, length of body) each, varints
//	bodies    = cells, see cellcodec.go
//
// Where frames lie is kept in memory alone: 24 bytes a second. The file does not
// outlive the collector.
type spool struct {
	file *os.File
	size int64
	buf  []byte

	mu     sync.Mutex
	frames []frame
}

// frame is where one frame lies.
type frame struct {
	second int
	at     int64
	dir    int32 // length of the directory
}

func openSpool(dir string) (*spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make spool folder: %w", err)
	}
	file, err := os.Create(filepath.Join(dir, "seconds.spool"))
	if err != nil {
		return nil, fmt.Errorf("make spool: %w", err)
	}
	return &spool{file: file}, nil
}

// close ends the spool and frees its disk space.
func (s *spool) close() error {
	err := s.file.Close()
	if rm := os.Remove(s.file.Name()); err == nil {
		err = rm
	}
	_ = os.Remove(filepath.Dir(s.file.Name())) // unless something else is in there
	return err
}

// append writes one frame: the cell of each scope, nil where there is none.
// One goroutine at a time may call it.
func (s *spool) append(second int, perScope []*cell) error {
	s.buf = s.buf[:0]
	var dir []byte
	entries := 0
	for id, c := range perScope {
		if c == nil {
			continue
		}
		before := len(s.buf)
		s.buf = c.appendTo(s.buf, figuresOf(c))
		dir = binary.AppendUvarint(dir, uint64(id))
		dir = binary.AppendUvarint(dir, uint64(len(s.buf)-before))
		entries++
	}
	head := binary.AppendUvarint(nil, uint64(entries))
	head = append(head, dir...)
	for at, part := s.size, [][]byte{head, s.buf}; len(part) > 0; part = part[1:] {
		n, err := s.file.WriteAt(part[0], at)
		if err != nil {
			return fmt.Errorf("write spool: %w", err)
		}
		at += int64(n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frames = append(s.frames, frame{second: second, at: s.size, dir: int32(len(head))})
	s.size += int64(len(head) + len(s.buf))
	return nil
}

// view returns the frames of seconds from ≤ second < to, sorted by second. It
// stays right while more is appended.
func (s *spool) view(from, to int) view {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := view{file: s.file}
	for _, f := range s.frames {
		if f.second >= from && f.second < to {
			v.frames = append(v.frames, f)
		}
	}
	slices.SortStableFunc(v.frames, func(a, b frame) int { return cmp.Compare(a.second, b.second) })
	return v
}

// view is a fixed part of a spool.
type view struct {
	file   io.ReaderAt
	frames []frame
	dirs   []directory // of each frame, when loaded
}

// directory tells where the cell of a scope lies in a frame.
type directory []dirEntry

type dirEntry struct {
	scope int
	at    int64
	size  int
}

func (e dirEntry) compare(scope int) int { return cmp.Compare(e.scope, scope) }

// load reads all directories once, for callers that read many scopes.
func (v *view) load() error {
	v.dirs = make([]directory, len(v.frames))
	var buf []byte
	for i, f := range v.frames {
		var err error
		if v.dirs[i], buf, err = readDirectory(v.file, f, buf, nil); err != nil {
			return err
		}
	}
	return nil
}

func readDirectory(file io.ReaderAt, f frame, buf []byte, into directory) (directory, []byte, error) {
	buf = slices.Grow(buf[:0], int(f.dir))[:f.dir]
	if _, err := file.ReadAt(buf, f.at); err != nil {
		return nil, buf, fmt.Errorf("read spool: %w", err)
	}
	r := reader{b: buf}
	at := f.at + int64(f.dir)
	for range r.uvarint() {
		scope, size := int(r.uvarint()), int(r.uvarint())
		if r.failed {
			return nil, buf, errCell
		}
		into = append(into, dirEntry{scope, at, size})
		at += int64(size)
	}
	return into, buf, nil
}

// read hands every second in which one of the scopes has something to visit,
// in order. The record is visit's only until it returns.
func (v *view) read(scopes []int, visit func(*record) error) error {
	var dir directory
	var head []byte
	var err error
	rec := &record{}
	for i, f := range v.frames {
		if v.dirs != nil {
			dir = v.dirs[i]
		} else if dir, head, err = readDirectory(v.file, f, head, dir[:0]); err != nil {
			return err
		}
		for _, scope := range scopes {
			if at, found := slices.BinarySearchFunc(dir, scope, dirEntry.compare); found {
				if err := rec.add(v.file, dir[at]); err != nil {
					return err
				}
			}
		}
		if last := i == len(v.frames)-1 || v.frames[i+1].second != f.second; last && len(rec.parts) > 0 {
			rec.second = f.second
			if err := visit(rec); err != nil {
				return err
			}
			rec.reset()
		}
	}
	return nil
}
