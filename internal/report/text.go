package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"onrush.dev/onrush/internal/load"
)

// figure writes a measured number with about three digits that mean something.
func figure(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v >= 100:
		return count(int64(v + 0.5))
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// count writes a whole number in groups of three.
func count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// size writes a number of bytes, in powers of 1000.
func size(n float64) string {
	for _, unit := range []string{"B", "kB", "MB", "GB"} {
		if n < 999.5 {
			return figure(n) + " " + unit
		}
		n /= 1000
	}
	return figure(n) + " TB"
}

// share writes part of whole in percent; a small part is never 0 %, and 100 %
// is the whole.
func share(part, whole int64) string { return shareNumber(part, whole) + " %" }

func shareNumber(part, whole int64) string {
	if whole == 0 || part == 0 {
		return "0"
	}
	p := 100 * float64(part) / float64(whole)
	switch {
	case part == whole:
		return "100"
	case p < 0.01:
		return "<0.01"
	case p > 99.99 && p < 100:
		return ">99.99"
	case p < 10:
		return strconv.FormatFloat(p, 'f', 2, 64)
	}
	return strconv.FormatFloat(p, 'f', 1, 64)
}

// length writes a time in seconds as people say it.
func length(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if d < time.Minute {
		return strings.TrimSuffix(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), ".0") + " s"
	}
	d = d.Round(time.Second)
	if d < time.Hour {
		return fmt.Sprintf("%d min %02d s", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d h %02d min", d/time.Hour, d%time.Hour/time.Minute)
}

// words turns "not_judged" into "not judged".
func words(s string) string { return strings.ReplaceAll(s, "_", " ") }

// printable takes out what could move a terminal's cursor: labels and reasons
// come from scenarios and targets.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
}

// cut shortens a name to n runes, keeping its end, where names differ.
func cut(s string, n int) string {
	s = printable(s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	head := n / 3
	return string(r[:head]) + "…" + string(r[len(r)-(n-head-1):])
}

// wrap breaks a text into lines of at most n runes, between words where it can.
func wrap(s string, n int) []string {
	n = max(n, 20)
	var lines []string
	line := ""
	for _, word := range strings.Fields(printable(s)) {
		for utf8.RuneCountInString(word) > n {
			r := []rune(word)
			if line != "" {
				lines, line = append(lines, line), ""
			}
			lines, word = append(lines, string(r[:n])), string(r[n:])
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= n:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}

// paint colours text, or leaves it.
type paint bool

func (p paint) sgr(code, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p paint) bold(s string) string   { return p.sgr("1", s) }
func (p paint) dim(s string) string    { return p.sgr("2", s) }
func (p paint) red(s string) string    { return p.sgr("31", s) }
func (p paint) green(s string) string  { return p.sgr("32", s) }
func (p paint) yellow(s string) string { return p.sgr("33", s) }

func (p paint) outcome(o load.Outcome, s string) string {
	switch o {
	case load.Completed:
		return p.bold(p.green(s))
	case load.CouldNotRun:
		return p.bold(p.red(s))
	case load.Degraded, load.Cancelled:
	}
	return p.bold(p.yellow(s))
}

func (p paint) verdict(v load.Verdict, s string) string {
	switch v {
	case load.Passed:
		return p.green(s)
	case load.Failed:
		return p.red(s)
	case load.NotJudged:
	}
	return p.yellow(s)
}
