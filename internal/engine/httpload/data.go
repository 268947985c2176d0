package httpload

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync/atomic"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/load"
)

// errUsedUp says that a unique data file has no row left for this task.
var errUsedUp = errors.New("all rows are used up")

// dataSet is this task's rows of one CSV file.
type dataSet struct {
	name    string
	columns map[string]int
	rows    [][]string
	sharing load.DataSharing
	random  bool
	seed    uint64
	spent   bool // unique rows that a predecessor of this task may have used
	next    atomic.Int64
}

// readData loads the rows of a file that this task may use, and no others: a
// file that is split over many tasks costs each of them its own part.
func readData(dir string, d load.Data, share load.Share, seed uint64) (*dataSet, error) {
	set := &dataSet{name: d.Name, sharing: d.Sharing, random: d.Order == load.OrderRandom, seed: seed}
	f, err := os.Open(engine.FilePath(dir, d.File))
	if err != nil {
		return nil, load.Errorf(load.Invalid, "open data file %s: %w", d.File, err)
	}
	defer f.Close()
	if err := set.read(csv.NewReader(f), share); err != nil {
		return nil, load.Errorf(load.Invalid, "read data file %s: %w", d.File, err)
	}
	if len(set.rows) == 0 && set.sharing != load.DataUnique {
		return nil, load.Errorf(load.Invalid, "data file %s has no row for this task (sharing: %s)", d.File, set.sharing)
	}
	if set.random && set.sharing == load.DataUnique {
		// Each row once means that a draw is a shuffle. Rows of different tasks
		// never meet, so each task shuffles its own.
		r := rand.New(rand.NewPCG(seed, seed))
		r.Shuffle(len(set.rows), func(i, j int) { set.rows[i], set.rows[j] = set.rows[j], set.rows[i] })
	}
	return set, nil
}

func (d *dataSet) read(r *csv.Reader, share load.Share) error {
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("it is empty: the first line must name the columns")
	}
	if err != nil {
		return err
	}
	d.columns = make(map[string]int, len(head))
	for i, column := range head {
		column = strings.TrimSpace(strings.TrimPrefix(column, "\ufeff"))
		if _, twice := d.columns[column]; twice {
			return fmt.Errorf("column %q stands there twice", column)
		}
		d.columns[column] = i
	}
	own := int64(0) // number of rows of ours so far
	for n := int64(0); ; n++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if d.sharing == load.DataSplit || d.sharing == load.DataUnique {
			if share.At(own) != n {
				continue
			}
			own++
		}
		d.rows = append(d.rows, row)
	}
}

// row returns the n-th row this task takes from the file.
func (d *dataSet) row(n int64) ([]string, error) {
	size := int64(len(d.rows))
	switch {
	case d.sharing == load.DataUnique && (n >= size || d.spent):
		return nil, errUsedUp
	case d.sharing == load.DataUnique:
		return d.rows[n], nil
	case d.random:
		return d.rows[mix(d.seed^uint64(n))%uint64(size)], nil
	}
	return d.rows[n%size], nil
}

// take returns the next row in the order in which users ask.
func (d *dataSet) take() ([]string, error) { return d.row(d.next.Add(1) - 1) }

// mix is a bijective scramble of 64 bits (splitmix64's finaliser): a draw that
// depends on a unit's number alone, so that who draws does not matter.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
