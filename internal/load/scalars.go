package load

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time written as 90s, 1m30s, 1.5h or 2d. See
// duration.go for how it is read.
type Duration time.Duration

// Rate is requests a second, written as 200, 200/s, 6000/m or 360000/h.
type Rate float64

// Percent is a share from 0 to 100 %, written as 60% or 12.5%, kept in
// millionths of the whole so that sums are exact (60% is 600000).
type Percent int64

// Whole is 100 %.
const Whole Percent = 1_000_000

// Bytes is a size, written as 1048576, 64KB, 10MB, 1GB (powers of 1000) or
// 64KiB, 10MiB, 1GiB.
type Bytes int64

// Span is a duration or a range of them: 1s, or 1s-3s.
type Span struct{ Min, Max Duration }

// SizeRange is a size or a range of them: 1KiB, or 1KiB-2KiB.
type SizeRange struct{ Min, Max Bytes }

// StatusPattern is a set of statuses: 200, 2xx or 200-299.
type StatusPattern struct{ Min, Max int }

// Each scalar is one text in YAML, JSON, flags and reports. UnmarshalText reads
// it, MarshalText writes what UnmarshalText reads as the same value. JSON may
// also hold a plain number, which is read as the text of its digits: so that a
// duration without a unit is told what is missing, and a rate of 200 is right.

type textReader interface{ UnmarshalText(text []byte) error }

func readJSON(to textReader, data []byte) error {
	switch {
	case len(data) == 0 || string(data) == "null":
		return nil
	case data[0] == '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		return to.UnmarshalText([]byte(s))
	case data[0] == '{' || data[0] == '[':
		return fmt.Errorf("%s is found where one value is allowed", data)
	}
	return to.UnmarshalText(data)
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *Duration) UnmarshalJSON(data []byte) error { return readJSON(d, data) }

// UnmarshalJSON implements json.Unmarshaler.
func (r *Rate) UnmarshalJSON(data []byte) error { return readJSON(r, data) }

// UnmarshalJSON implements json.Unmarshaler.
func (p *Percent) UnmarshalJSON(data []byte) error { return readJSON(p, data) }

// UnmarshalJSON implements json.Unmarshaler.
func (b *Bytes) UnmarshalJSON(data []byte) error { return readJSON(b, data) }

// UnmarshalJSON implements json.Unmarshaler.
func (s *Span) UnmarshalJSON(data []byte) error { return readJSON(s, data) }

// UnmarshalJSON implements json.Unmarshaler.
func (r *SizeRange) UnmarshalJSON(data []byte) error { return readJSON(r, data) }

// UnmarshalJSON implements json.Unmarshaler.
func (p *StatusPattern) UnmarshalJSON(data []byte) error { return readJSON(p, data) }

// UnmarshalText reads 200, 200/s, 6000/m or 360000/h.
func (r *Rate) UnmarshalText(text []byte) error {
	const allowed = "a number of requests with an optional unit: 200, 200/s, 6000/m or 360000/h"
	number, unit, found := strings.Cut(strings.TrimSpace(string(text)), "/")
	if !found {
		unit = "s"
	}
	per, ok := map[string]float64{"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}[strings.TrimSpace(unit)]
	value, err := readDecimal(number)
	if err != nil || !ok {
		return notAllowed(text, allowed)
	}
	if *r = Rate(value / per); *r > MaxRate {
		return notAllowed(text, "at most "+MaxRate.String())
	}
	return nil
}

// String is the rate in requests a second: "200/s".
func (r Rate) String() string { return formatFloat(float64(r)) + "/s" }

// MarshalText implements encoding.TextMarshaler.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads 60% or 12.5%.
func (p *Percent) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(strings.TrimSpace(string(text)), "%")
	value, exact, err := readFixed(strings.TrimSpace(number), 4)
	switch {
	case err == nil && !percent:
		return fmt.Errorf("%q has no percent sign: write %s%%", text, number)
	case err != nil || value > int64(Whole):
		return notAllowed(text, "0% to 100%")
	case !exact:
		return notAllowed(text, "a share with at most four digits after the point")
	}
	*p = Percent(value)
	return nil
}

// String is the share with its sign: "12.5%".
func (p Percent) String() string { return formatFloat(float64(p)/10_000) + "%" }

// MarshalText implements encoding.TextMarshaler.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// sizes are ordered so that String finds the largest unit that divides.
var sizes = [...]struct {
	name string
	size int64
}{
	{"TiB", 1 << 40},
	{"TB", 1e12},
	{"GiB", 1 << 30},
	{"GB", 1e9},
	{"MiB", 1 << 20},
	{"MB", 1e6},
	{"KiB", 1 << 10},
	{"KB", 1e3},
	{"B", 1},
}

// UnmarshalText reads 1048576, 64KB, 10MB, 1GB, 64KiB, 10MiB or 1GiB.
func (b *Bytes) UnmarshalText(text []byte) error {
	const allowed = "a size: 1048576, 64KB, 10MB, 1GB (powers of 1000) or 64KiB, 10MiB, 1GiB (powers of 1024)"
	s := strings.TrimSpace(string(text))
	number := strings.TrimRight(s, "KMGTiBkmgtb ")
	unit := strings.TrimSpace(s[len(number):])
	if unit == "" {
		unit = "B"
	}
	for _, u := range sizes {
		if !strings.EqualFold(u.name, unit) {
			continue
		}
		value, err := readDecimal(number)
		if value *= float64(u.size); err != nil || value > float64(maxBytes) {
			return notAllowed(text, allowed)
		}
		if value != float64(int64(value)) {
			return notAllowed(text, "a whole number of bytes")
		}
		*b = Bytes(value)
		return nil
	}
	return notAllowed(text, allowed)
}

// maxBytes keeps sizes exact as a float64.
const maxBytes = Bytes(1 << 53)

// String is the size in its largest unit: "64KiB".
func (b Bytes) String() string {
	for _, u := range sizes {
		if n := int64(b); n != 0 && n%u.size == 0 && n/u.size < 1e6 {
			return strconv.FormatInt(n/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(b), 10) + "B"
}

// MarshalText implements encoding.TextMarshaler.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads a duration or two of them with a dash between: 1s-3s. An
// empty text is no span.
func (s *Span) UnmarshalText(text []byte) error {
	low, high, ranged := strings.Cut(string(text), "-")
	var read Span
	if strings.TrimSpace(low) == "" && !ranged {
		*s = read
		return nil
	}
	if err := read.Min.UnmarshalText([]byte(low)); err != nil {
		if ranged {
			return fmt.Errorf("%q is no range of durations: %w", text, err)
		}
		return err
	}
	read.Max = read.Min
	if ranged {
		if err := read.Max.UnmarshalText([]byte(high)); err != nil {
			return fmt.Errorf("%q is no range of durations: %w", text, err)
		}
	}
	if read.Max < read.Min {
		return fmt.Errorf("%q ends below its start: write the shorter duration first", text)
	}
	*s = read
	return nil
}

// String is "1s" or "1s-3s".
func (s Span) String() string {
	if s.Min == s.Max {
		return s.Min.String()
	}
	return s.Min.String() + "-" + s.Max.String()
}

// MarshalText implements encoding.TextMarshaler.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a size or two of them with a dash between: 1KiB-2KiB.
func (r *SizeRange) UnmarshalText(text []byte) error {
	low, high, ranged := strings.Cut(string(text), "-")
	var read SizeRange
	if err := read.Min.UnmarshalText([]byte(low)); err != nil {
		return err
	}
	read.Max = read.Min
	if ranged {
		if err := read.Max.UnmarshalText([]byte(high)); err != nil {
			return err
		}
	}
	if read.Max < read.Min {
		return fmt.Errorf("%q ends below its start: write the smaller size first", text)
	}
	*r = read
	return nil
}

// Has says whether a size is in the range.
func (r SizeRange) Has(size int64) bool { return size >= int64(r.Min) && size <= int64(r.Max) }

// String is "1KiB" or "1KiB-2KiB".
func (r SizeRange) String() string {
	if r.Min == r.Max {
		return r.Min.String()
	}
	return r.Min.String() + "-" + r.Max.String()
}

// MarshalText implements encoding.TextMarshaler.
func (r SizeRange) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads 200, 2xx or 200-299.
func (p *StatusPattern) UnmarshalText(text []byte) error {
	const allowed = "a status from 100 to 599, a class as 2xx, or a range as 200-299"
	s := strings.ToLower(strings.TrimSpace(string(text)))
	if len(s) == 3 && s[1:] == "xx" && s[0] >= '1' && s[0] <= '5' {
		class := int(s[0]-'0') * 100
		*p = StatusPattern{class, class + 99}
		return nil
	}
	low, high, ranged := strings.Cut(s, "-")
	if !ranged {
		high = low
	}
	from, err := readStatus(low)
	to, err2 := readStatus(high)
	if err != nil || err2 != nil {
		return notAllowed(text, allowed)
	}
	if to < from {
		return fmt.Errorf("%q ends below its start: write the lower status first", text)
	}
	*p = StatusPattern{from, to}
	return nil
}

func readStatus(s string) (int, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 16)
	if err == nil && (n < 100 || n > 599) {
		err = strconv.ErrRange
	}
	return int(n), err
}

// Has says whether the set holds this status.
func (p StatusPattern) Has(status int) bool { return status >= p.Min && status <= p.Max }

// String is the shortest of "200", "2xx" and "200-299".
func (p StatusPattern) String() string {
	switch {
	case p.Min == p.Max:
		return strconv.Itoa(p.Min)
	case p.Min%100 == 0 && p.Max == p.Min+99:
		return strconv.Itoa(p.Min/100) + "xx"
	}
	return strconv.Itoa(p.Min) + "-" + strconv.Itoa(p.Max)
}

// MarshalText implements encoding.TextMarshaler.
func (p StatusPattern) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
