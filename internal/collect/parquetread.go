package collect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"golang.org/x/sync/errgroup"

	"onrush.dev/onrush/internal/load"
)

// SeriesFile reads a file that WriteSeries wrote. It is safe for concurrent use.
type SeriesFile struct {
	file    *parquet.File
	names   []scopeName
	scopes  []fileScope
	seconds int
}

// OpenSeries opens a series file. It reads the file's end; a query then reads
// only the rows and columns it needs.
func OpenSeries(r io.ReaderAt, size int64) (*SeriesFile, error) {
	file, err := parquet.OpenFile(r, size, parquet.SkipBloomFilters(true), parquet.ReadBufferSize(64<<10))
	if err != nil {
		return nil, fmt.Errorf("open series: %w", err)
	}
	f := &SeriesFile{file: file}
	if version, _ := file.Lookup(metaVersion); version != fileVersion {
		return nil, fmt.Errorf("open series: the file has version %q, this program reads %s", version, fileVersion)
	}
	scopes, _ := file.Lookup(metaScopes)
	if err := json.Unmarshal([]byte(scopes), &f.scopes); err != nil {
		return nil, fmt.Errorf("open series: %w", err)
	}
	seconds, _ := file.Lookup(metaSeconds)
	if f.seconds, err = strconv.Atoi(seconds); err != nil {
		return nil, fmt.Errorf("open series: %w", err)
	}
	for _, s := range f.scopes {
		f.names = append(f.names, s.scopeName)
	}
	return f, nil
}

// Query answers as Collector.Series does.
func (f *SeriesFile) Query(q load.SeriesQuery) (load.Series, error) {
	from, to, step := span(q, f.seconds)
	if len(f.scopes) == 0 { // a run that measured nothing
		return newStepper(from, to, step).finish(), nil
	}
	found, err := pick(f.names, q)
	if err != nil {
		return load.Series{}, err
	}
	if len(found) == 1 && step == 1 {
		return f.points(f.scopes[found[0]], from, to)
	}
	return f.merged(found, from, to, step)
}

// pointRow and mergeRow are the columns that the two kinds of answers need.
type pointRow struct {
	Second    int32 `parquet:"second"`
	BytesSent int64 `parquet:"bytes_sent"`
	fileCounts
	fileFigures
}

type mergeRow struct {
	Second    int32 `parquet:"second"`
	BytesSent int64 `parquet:"bytes_sent"`
	fileCounts
	fileHistograms
}

// points answers from the figures that stand in the file.
func (f *SeriesFile) points(s fileScope, from, to int) (load.Series, error) {
	out := load.Series{Step: 1, Points: make([]load.SeriesPoint, 0, to-from)}
	fill := func(to int) {
		for at := from + len(out.Points); at < to; at++ {
			out.Points = append(out.Points, load.SeriesPoint{Second: at})
		}
	}
	err := readRows(f.file, s.clip(from, to), func(r *pointRow) error {
		at := int(r.Second)
		if at < from || at >= to {
			return nil
		}
		fill(at)
		v, err := r.limits()
		if err != nil {
			return err
		}
		limited, by := v.limited()
		out.Points = append(out.Points, load.SeriesPoint{
			Limited: limited, LimitedBy: string(by),
			Second: at, Requests: r.Requests, Failures: r.Failures, BytesIn: r.BytesIn, BytesOut: r.BytesSent,
			Users: int(r.Users), Offered: float64(r.Offered), Started: r.Started,
			InFlight: r.InFlight, Tasks: int(r.Tasks),
			Mean: r.Mean, P50: r.P50, P90: r.P90, P95: r.P95, P99: r.P99, P999: r.P999, Max: r.Max,
			FirstByteP95: r.FirstByteP95, LagP99: r.LagP99,
		})
		return nil
	})
	fill(to)
	return out, err
}

// merged answers with the histograms of scopes and seconds merged. Several
// scopes are the dimensions of one label, which add up. Merging is most of the
// work, so that a long series is shared out over the cores, by steps.
func (f *SeriesFile) merged(found []int, from, to, step int) (load.Series, error) {
	if len(found) > 1 {
		return f.dimensions(found, newStepper(from, to, step))
	}
	steps := (to - from + step - 1) / step
	share := step * max(leastShare, (steps+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var work errgroup.Group
	parts := make([]load.Series, (to-from+share-1)/share)
	for i := range parts {
		work.Go(func() (err error) {
			begin := from + i*share
			parts[i], err = f.stretch(f.scopes[found[0]], begin, min(begin+share, to), step)
			return err
		})
	}
	err := work.Wait()
	out := load.Series{Step: step, Points: []load.SeriesPoint{}}
	for _, part := range parts {
		out.Points = append(out.Points, part.Points...)
	}
	return out, err
}

// leastShare is how many steps are worth a goroutine.
const leastShare = 8

// stretch merges the steps from ≤ second < to of one scope.
func (f *SeriesFile) stretch(s fileScope, from, to, step int) (load.Series, error) {
	steps, sum := newStepper(from, to, step), &cell{}
	err := readRows(f.file, s.clip(from, to), func(r *mergeRow) error {
		if at := int(r.Second); at >= from && at < to {
			sum.reset()
			if err := r.addTo(sum); err != nil {
				return err
			}
			steps.add(at, sum)
		}
		return nil
	})
	return steps.finish(), err
}

// dimensions sums the seconds of several scopes up before the steps.
func (f *SeriesFile) dimensions(found []int, steps *stepper) (load.Series, error) {
	seconds := map[int]*cell{}
	for _, i := range found {
		err := readRows(f.file, f.scopes[i].clip(steps.from, steps.to), func(r *mergeRow) error {
			at := int(r.Second)
			if seconds[at] == nil {
				seconds[at] = &cell{}
			}
			return r.addTo(seconds[at])
		})
		if err != nil {
			return load.Series{}, err
		}
	}
	for at := steps.from; at < steps.to; at++ {
		if sum := seconds[at]; sum != nil {
			steps.add(at, sum)
		}
	}
	return steps.finish(), nil
}

// addTo merges the row into a cell.
func (r *mergeRow) addTo(c *cell) error {
	c.requests += r.Requests
	c.failures += r.Failures
	c.bytesIn += r.BytesIn
	c.bytesOut += r.BytesSent
	c.users += r.Users
	c.offered += r.Offered
	c.started += r.Started
	c.inFlight += r.InFlight
	c.tasks += r.Tasks
	v, err := r.limits()
	if err != nil {
		return err
	}
	c.vitals.merge(&v)
	for which, raw := range [...][]byte{latency: r.Latency, firstByte: r.FirstByte, lag: r.Lag} {
		if len(raw) == 0 {
			continue
		}
		if _, err := c.hist(which).MergeBinary(raw); err != nil {
			return fmt.Errorf("read series: %w", err)
		}
	}
	return nil
}

// readRows hands the rows of a scope to visit, with the columns of R alone.
func readRows[R any](file *parquet.File, s fileScope, visit func(*R) error) error {
	skip, left := s.First, s.Rows
	buf := make([]R, 128)
	for _, group := range file.RowGroups() {
		if skip >= group.NumRows() {
			skip -= group.NumRows()
			continue
		}
		if left == 0 {
			return nil
		}
		n := min(left, group.NumRows()-skip)
		if err := readGroup(group, skip, n, buf, visit); err != nil {
			return fmt.Errorf("read series: %w", err)
		}
		skip, left = 0, left-n
	}
	return nil
}

// readGroup hands n rows of a group, after the first skip, to visit.
func readGroup[R any](group parquet.RowGroup, skip, n int64, buf []R, visit func(*R) error) (err error) {
	rows := parquet.NewGenericRowGroupReader[R](group)
	defer func() {
		if closed := rows.Close(); err == nil {
			err = closed
		}
	}()
	if err := rows.SeekToRow(skip); err != nil {
		return err
	}
	for n > 0 {
		got, err := rows.Read(buf[:min(n, int64(len(buf)))])
		for i := range buf[:got] {
			if err := visit(&buf[i]); err != nil {
				return err
			}
		}
		n -= int64(got)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if got == 0 && n > 0 {
			return io.ErrUnexpectedEOF
		}
	}
	return nil
}
