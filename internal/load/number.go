package load

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var errNumber = errors.New("is no number")

// notAllowed is the error of a scalar's text, in the words of a Problem.
func notAllowed(found []byte, allowed string) error {
	return fmt.Errorf("%q is not allowed here: write %s", found, allowed)
}

// readDecimal reads digits with at most one point, nothing else: no sign, no
// exponent, no infinity.
func readDecimal(s string) (float64, error) {
	s = strings.TrimSpace(s)
	if !isDecimal(s) {
		return 0, errNumber
	}
	return strconv.ParseFloat(s, 64)
}

func isDecimal(s string) bool {
	digits, points := 0, 0
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '.':
			points++
		default:
			return false
		}
	}
	return digits > 0 && points <= 1 && digits <= 40
}

// readFixed reads a decimal as a whole number of units of 10^-places, and says
// whether that lost nothing.
func readFixed(s string, places int) (value int64, exact bool, err error) {
	if !isDecimal(s) {
		return 0, false, errNumber
	}
	whole, fraction, _ := strings.Cut(s, ".")
	exact = len(strings.TrimRight(fraction, "0")) <= places
	for len(fraction) < places {
		fraction += "0"
	}
	value, err = strconv.ParseInt("0"+whole+fraction[:places], 10, 64)
	return value, exact, err
}

// formatFloat writes the shortest digits that are read as the same number,
// without an exponent.
func formatFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
