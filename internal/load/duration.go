package load

import (
	"fmt"
	"math/big"
	"strings"
	"time"
)

// MaxDuration is the longest duration that is read anywhere. It is far from
// what overflows, so that sums of a scenario's durations cannot.
const MaxDuration = Duration(365 * 24 * time.Hour)

// durationUnits are ordered as they are written, so that 1h30m is read and
// 30m1h is not.
var durationUnits = [...]struct {
	name string
	size Duration
}{
	{"d", Duration(24 * time.Hour)},
	{"h", Duration(time.Hour)},
	{"m", Duration(time.Minute)},
	{"s", Duration(time.Second)},
	{"ms", Duration(time.Millisecond)},
	{"us", Duration(time.Microsecond)},
	{"µs", Duration(time.Microsecond)}, // micro sign
	{"μs", Duration(time.Microsecond)}, // the Greek letter, which looks the same
	{"ns", 1},
}

const durationAllowed = "a duration with its unit: 500ms, 90s, 1m30s, 1.5h or 2d"

// UnmarshalText reads numbers, each with a unit (ns, us, ms, s, m, h, d), the
// larger units first. A number alone is refused: seconds and milliseconds are
// mixed up too often. 0 needs no unit.
func (d *Duration) UnmarshalText(text []byte) error {
	rest := strings.TrimSpace(string(text))
	switch {
	case rest == "0":
		*d = 0
		return nil
	case strings.HasPrefix(rest, "-"):
		return fmt.Errorf("%q is negative: write %s", text, durationAllowed)
	case isDecimal(rest):
		return fmt.Errorf("%q has no unit: write %ss, %sms or %sm", text, rest, rest, rest)
	case rest == "":
		return notAllowed(text, durationAllowed)
	}
	total, last := new(big.Rat), -1
	for rest != "" {
		end := strings.IndexFunc(rest, func(c rune) bool { return c != '.' && (c < '0' || c > '9') })
		if end <= 0 {
			return notAllowed(text, durationAllowed)
		}
		unit := unitAt(rest[end:])
		if unit < 0 || !isDecimal(rest[:end]) {
			return notAllowed(text, durationAllowed)
		}
		if unit <= last {
			return fmt.Errorf("%q has its units out of order: write the larger one first, each once, as in 1h30m", text)
		}
		last = unit
		value, _ := new(big.Rat).SetString("0" + strings.TrimSuffix(rest[:end], "."))
		total.Add(total, value.Mul(value, new(big.Rat).SetInt64(int64(durationUnits[unit].size))))
		rest = strings.TrimSpace(rest[end+len(durationUnits[unit].name):])
	}
	if total.Cmp(new(big.Rat).SetInt64(int64(MaxDuration))) > 0 {
		return fmt.Errorf("%q is too long: write at most %s", text, MaxDuration)
	}
	*d = Duration(new(big.Int).Quo(total.Num(), total.Denom()).Int64())
	return nil
}

// unitAt finds the unit that s begins with, or -1. The longest wins: "ms" is
// not "m" and an s.
func unitAt(s string) int {
	found, length := -1, 0
	for i, u := range durationUnits {
		if len(u.name) > length && strings.HasPrefix(s, u.name) {
			found, length = i, len(u.name)
		}
	}
	return found
}

// String writes the duration as UnmarshalText reads it: "1m30s", "1.5s",
// "250ms", "2d".
func (d Duration) String() string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	if d < 0 { // never read, but a difference may be
		b.WriteByte('-')
		d = -d
	}
	for _, u := range durationUnits[:3] {
		if n := d / u.size; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			d %= u.size
		}
	}
	switch {
	case d == 0:
	case d >= Duration(time.Second):
		b.WriteString(fraction(d, Duration(time.Second)) + "s")
	case d >= Duration(time.Millisecond):
		b.WriteString(fraction(d, Duration(time.Millisecond)) + "ms")
	case d >= Duration(time.Microsecond):
		b.WriteString(fraction(d, Duration(time.Microsecond)) + "us")
	default:
		fmt.Fprintf(&b, "%dns", int64(d))
	}
	return b.String()
}

// fraction writes d in units, exactly.
func fraction(d, unit Duration) string {
	s := fmt.Sprintf("%d", d/unit)
	if d %= unit; d == 0 {
		return s
	}
	digits := fmt.Sprintf("%0*d", len(fmt.Sprint(int64(unit)))-1, int64(d))
	return s + "." + strings.TrimRight(digits, "0")
}

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
