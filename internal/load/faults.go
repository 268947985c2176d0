package load

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// faults collects problems.
type faults []Problem

func (f *faults) add(path, found, allowed, format string, args ...any) {
	*f = append(*f, Problem{Path: path, Found: or(found, "nothing"), Allowed: allowed, Message: fmt.Sprintf(format, args...)})
}

// at is the path of an element of a list.
func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// JoinPath is the path of a field or key below path: load.users, or
// variables["my key"] for a key that would be misread.
func JoinPath(path, key string) string {
	plain := key != "" && strings.IndexFunc(key, func(c rune) bool {
		return c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}) < 0
	switch {
	case !plain:
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

// problemsError is an Invalid error that carries problems and names the first.
func problemsError(what string, problems []Problem) *Error {
	e := Errorf(Invalid, "%s: %s", what, problems[0])
	if more := len(problems) - 1; more > 0 {
		e = Errorf(Invalid, "%s for %d reasons, the first: %s", what, more+1, problems[0])
	}
	e.Problems = problems
	return e
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// didYouMean names the nearest of some words, or is empty when none is near.
func didYouMean(word string, words []string) string {
	if near := Nearest(word, words); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// Nearest is the word that a mistyped one was most likely meant to be, or "".
func Nearest(word string, words []string) string {
	best, nearest := len(word)/3+1, ""
	for _, w := range words {
		if plainWord(w) == plainWord(word) {
			return w
		}
		if d := editDistance(strings.ToLower(word), strings.ToLower(w)); d <= best && d < len(w) {
			best, nearest = d-1, w
		}
	}
	return nearest
}

// plainWord is what rampUp, ramp-up and Ramp_Up have in common.
func plainWord(word string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(word))
}

// editDistance is how many letters must be changed, added, left out or swapped
// with their neighbour. Long words are cut: they are far from all others anyway.
func editDistance(a, b string) int {
	a, b = a[:min(len(a), 60)], b[:min(len(b), 60)]
	var rows [3][61]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := &rows[(i+1)%3], &rows[(i+2)%3], &rows[i%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
