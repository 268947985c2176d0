package collect

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// rowsPerGroup bounds a row group, which the writer holds in memory.
const rowsPerGroup = 16 << 10

// WriteSeries writes the run's series as a Parquet file; see docs/series.md.
// It may run while the collector goes on, but not once that is closed.
func (r *Result) WriteSeries(w io.Writer) error {
	c := r.collector
	c.mu.Lock()
	end, run := c.finished+1, c.run.ID
	perKind := make([][]*scope, len(kinds))
	for i, k := range kinds {
		perKind[i] = c.scopes.of(k)
	}
	c.mu.Unlock()
	view := c.spool.view(0, end)
	if err := view.load(); err != nil {
		return fmt.Errorf("write series: %w", err)
	}
	f := newFileWriter(w)
	for _, scopes := range perKind {
		for _, s := range scopes {
			if err := f.scope(s, &view); err != nil {
				return fmt.Errorf("write series: %w", err)
			}
		}
		if err := f.flush(); err != nil { // a group holds one kind only
			return fmt.Errorf("write series: %w", err)
		}
	}
	if err := f.close(run, end); err != nil {
		return fmt.Errorf("write series: %w", err)
	}
	return nil
}

// fileWriter writes rows, sorted by kind, scope and second.
type fileWriter struct {
	out     *parquet.GenericWriter[fileRow]
	buf     []fileRow
	bytes   []byte // of the histograms in buf
	inGroup int
	row     int64
	scopes  []fileScope
}

func newFileWriter(w io.Writer) *fileWriter {
	return &fileWriter{out: parquet.NewGenericWriter[fileRow](w,
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.PageBufferSize(64<<10), // a scope is found without reading far beyond it
		parquet.DataPageStatistics(false),
		parquet.SkipPageBounds("latency_histogram"), parquet.SkipPageBounds("service_histogram"),
		parquet.SkipPageBounds("first_byte_histogram"), parquet.SkipPageBounds("connect_histogram"),
		parquet.SkipPageBounds("lag_histogram"), parquet.SkipPageBounds("body_histogram"),
		parquet.SkipPageBounds("dns_histogram"), parquet.SkipPageBounds("tcp_histogram"),
		parquet.SkipPageBounds("tls_histogram"),
		parquet.CreatedBy("onrush", fileVersion, ""),
	)}
}

// scope writes all rows of a scope.
func (f *fileWriter) scope(s *scope, v *view) error {
	at := fileScope{scopeName: s.name(), First: f.row}
	err := v.read([]int{s.id}, func(r *record) error {
		row, err := newRow(s, r)
		if err != nil {
			return err
		}
		for _, raw := range row.histograms() { // they are the record's, and gone when this returns
			if len(*raw) > 0 {
				begin := len(f.bytes)
				f.bytes = append(f.bytes, *raw...)
				*raw = f.bytes[begin:len(f.bytes):len(f.bytes)]
			}
		}
		if at.Rows == 0 {
			at.From = r.second
		}
		at.Last = r.second
		at.Rows++
		f.buf = append(f.buf, row)
		f.row++
		if len(f.buf) >= 256 {
			return f.write()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if at.Rows > 0 {
		f.scopes = append(f.scopes, at)
	}
	return nil
}

func (f *fileWriter) write() error {
	if _, err := f.out.Write(f.buf); err != nil {
		return err
	}
	f.inGroup += len(f.buf)
	clear(f.buf)
	f.buf, f.bytes = f.buf[:0], f.bytes[:0]
	if f.inGroup >= rowsPerGroup {
		return f.endGroup()
	}
	return nil
}

func (f *fileWriter) flush() error {
	if err := f.write(); err != nil || f.inGroup == 0 {
		return err
	}
	return f.endGroup()
}

func (f *fileWriter) endGroup() error {
	f.inGroup = 0
	return f.out.Flush()
}

func (f *fileWriter) close(run string, seconds int) error {
	scopes, err := json.Marshal(f.scopes)
	if err != nil {
		return err
	}
	f.out.SetKeyValueMetadata(metaVersion, fileVersion)
	f.out.SetKeyValueMetadata(metaRun, run)
	f.out.SetKeyValueMetadata(metaSeconds, strconv.Itoa(seconds))
	f.out.SetKeyValueMetadata(metaScopes, string(scopes))
	return f.out.Close()
}
