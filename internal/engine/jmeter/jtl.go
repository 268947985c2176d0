package jmeter

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// The columns that are read, each a place in row.
const (
	colTime = iota
	colElapsed
	colLabel
	colCode
	colMessage
	colThread
	colSuccess
	colFailure
	colBytes
	colSent
	colThreads
	colLatency
	colIdle
	colConnect
	columns
)

func columnNames() [columns]string {
	return [...]string{
		"timeStamp", "elapsed", "label", "responseCode", "responseMessage", "threadName", "success", "failureMessage",
		"bytes", "sentBytes", "allThreads", "Latency", "IdleTime", "Connect",
	}
}

// mostRow bounds one row: a failure's message may hold much.
const mostRow = 1 << 20

// usualHeader are the names of all columns as we tell JMeter to write them. It
// writes them itself only into a file that was not there before, and a pipe is.
const usualHeader = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect"

// jtl reads JMeter's sample rows: CSV.
type jtl struct {
	in    *bufio.Reader
	place []int // of each field of a row in row; -1 is not read
	row   [columns][]byte
	buf   []byte // a row that is not in one piece in the reader
	clean []byte // fields that had quotes
}

// readJTL reads to the end of JMeter's samples: raw sees each row as it came,
// each its columns. Flush is called before waiting.
func readJTL(in *bufio.Reader, raw func(row []byte), each func(row *[columns][]byte), flush func()) error {
	defer flush()
	r := &jtl{in: in}
	if err := r.header(usualHeader); err != nil {
		return err
	}
	for first := true; ; first = false {
		if in.Buffered() == 0 {
			flush()
		}
		line, err := r.line()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil // a row that was cut off is none
		}
		if err != nil {
			return err
		}
		raw(line)
		switch {
		case len(line) == 0:
		case first && bytes.HasPrefix(line, []byte("timeStamp,")):
			if err := r.header(string(line)); err != nil {
				return err
			}
		case r.split(line):
			each(&r.row)
		}
	}
}

func (r *jtl) header(line string) error {
	found := 0
	r.place = r.place[:0]
	for name := range strings.SplitSeq(line, ",") {
		place := -1
		for i, want := range columnNames() {
			if name == want {
				place = i
				found++
			}
		}
		r.place = append(r.place, place)
	}
	if found != columns {
		return load.Errorf(load.Invalid, "JMeter's samples begin with %.200q, want the columns %s", line, strings.Join(func() []string { n := columnNames(); return n[:] }(), ","))
	}
	return nil
}

// line is the next row without its end. Line ends within quotes are part of it.
func (r *jtl) line() ([]byte, error) {
	piece, err := r.in.ReadSlice('\n')
	if err == nil && bytes.IndexByte(piece, '"') < 0 {
		return trim(piece), nil // as nearly all are
	}
	r.buf = r.buf[:0]
	quotes := 0
	for {
		quotes += bytes.Count(piece, []byte{'"'})
		if len(r.buf) < mostRow {
			r.buf = append(r.buf, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return nil, err
		case quotes%2 == 0:
			if len(r.buf) > mostRow && r.buf[len(r.buf)-1] != '\n' {
				return nil, nil // beyond the bound: its columns are not known
			}
			return trim(r.buf), nil
		}
		piece, err = r.in.ReadSlice('\n')
	}
}

func trim(b []byte) []byte { return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte{'\n'}), []byte{'\r'}) }

// split cuts a row into its fields; false: they are fewer than there are names.
// More there are when a plan adds variables of its own, at the end.
func (r *jtl) split(line []byte) bool {
	r.clean = r.clean[:0]
	field := 0
	for ; field < len(r.place); field++ {
		var value []byte
		if len(line) > 0 && line[0] == '"' {
			value, line = r.quoted(line[1:])
		} else {
			end := bytes.IndexByte(line, ',')
			if end < 0 {
				value, line = line, nil
			} else {
				value, line = line[:end], line[end:]
			}
		}
		if p := r.place[field]; p >= 0 {
			r.row[p] = value
		}
		if len(line) == 0 {
			field++
			break
		}
		line = line[1:] // the comma
		if len(line) == 0 && field+1 < len(r.place) {
			field++ // an empty last field
			if p := r.place[field]; p >= 0 {
				r.row[p] = nil
			}
			field++
			break
		}
	}
	return field == len(r.place)
}

// quoted takes a field after its first quote; two quotes in it are one.
func (r *jtl) quoted(line []byte) (value, rest []byte) {
	begin := len(r.clean)
	for {
		end := bytes.IndexByte(line, '"')
		if end < 0 {
			r.clean = append(r.clean, line...)
			return r.clean[begin:], nil
		}
		r.clean = append(r.clean, line[:end]...)
		line = line[end+1:]
		if len(line) == 0 || line[0] != '"' {
			break
		}
		r.clean = append(r.clean, '"')
		line = line[1:]
	}
	if at := bytes.IndexByte(line, ','); at > 0 {
		line = line[at:] // whatever stands between is no field
	} else if at < 0 {
		line = nil
	}
	return r.clean[begin:len(r.clean):len(r.clean)], line
}

// number reads a whole number that may have a sign; 0 for anything else.
func number(b []byte) int64 {
	n, sign := int64(0), int64(1)
	if len(b) > 0 && b[0] == '-' {
		sign, b = -1, b[1:]
	}
	if len(b) > 18 {
		return 0
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int64(c-'0')
	}
	return sign * n
}
