// Package judge says whether a response is what its request expects, and takes
// out of it what later requests need.
//
// Rules are a request's checks and extractions, compiled once and shared. A
// Judge holds one response against them while it passes by: Begin with its
// head, Body with each piece, End for the verdict. Wherever a body is cut into
// pieces, the verdict is the same. Only what JSON and extraction by regular
// expression look into is held, up to MaxHeld; everything else streams. A
// packed body is unpacked only when something looks into it.
//
// Nothing here does input or output, blocks, or knows connections, users or
// figures. Read this file first, then judge.go; look.go has the checks that
// stream, unpack.go the unpacking, value.go JSON and extraction.
package judge

import (
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"onrush.dev/onrush/internal/jpath"
	"onrush.dev/onrush/internal/load"
)

// MaxHeld is how much of a body is held for checks that need all of it. A body
// beyond that fails with the cause too_large.
const MaxHeld = 16 << 20

// Rules are the checks and extractions of one request. They do not change and
// may be shared.
type Rules struct {
	status   []load.StatusPattern
	headers  []headerRule
	size     *load.SizeRange
	sha256   []byte
	md5      []byte
	contains []byte
	matches  *regexp.Regexp
	json     []jsonRule
	extract  []extraction
	names    []string

	looks bool // something looks at the bytes of the body
	holds bool // something needs all of it
	tools tools
}

type headerRule struct{ name, text string }

// jsonRule compares the value at a path.
type jsonRule struct {
	path *jpath.Path
	want string
	any  bool // it must only be there
}

// extraction takes one value; one of path, regex and header is set.
type extraction struct {
	name   string
	path   *jpath.Path
	regex  *regexp.Regexp
	group  int
	header string
	// fallback stands for the value where the response has none; nil: that is a
	// failure.
	fallback *string
}

// Compile makes a request's checks and extractions ready. Scenarios are checked
// before, so an error tells of one that was not.
func Compile(expect load.Expect, extract map[string]load.Extract) (*Rules, error) {
	r := &Rules{status: expect.Status, size: expect.Size, contains: []byte(expect.BodyContains)}
	var err error
	if r.sha256, err = hex.DecodeString(expect.SHA256); err != nil {
		return nil, fmt.Errorf("expect.sha256: %w", err)
	}
	if r.md5, err = hex.DecodeString(expect.MD5); err != nil {
		return nil, fmt.Errorf("expect.md5: %w", err)
	}
	if expect.BodyMatches != "" {
		if r.matches, err = regexp.Compile(expect.BodyMatches); err != nil {
			return nil, fmt.Errorf("expect.body_matches: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(expect.Headers)) {
		r.headers = append(r.headers, headerRule{name, expect.Headers[name]})
	}
	for _, path := range slices.Sorted(maps.Keys(expect.JSON)) {
		rule := jsonRule{want: expect.JSON[path], any: expect.JSON[path] == load.Any}
		if rule.path, err = jpath.Parse(path); err != nil {
			return nil, fmt.Errorf("expect.json: %w", err)
		}
		r.json = append(r.json, rule)
	}
	for _, name := range slices.Sorted(maps.Keys(extract)) {
		x, err := compileExtraction(name, extract[name])
		if err != nil {
			return nil, fmt.Errorf("extract.%s: %w", name, err)
		}
		r.extract = append(r.extract, x)
		r.names = append(r.names, name)
		r.holds = r.holds || x.header == ""
	}
	r.holds = r.holds || len(r.json) > 0
	r.looks = r.holds || len(r.contains) > 0 || r.matches != nil || len(r.sha256) > 0 || len(r.md5) > 0
	return r, nil
}

func compileExtraction(name string, e load.Extract) (x extraction, err error) {
	x = extraction{name: name, header: e.Header, fallback: e.Default}
	switch {
	case e.JSON != "":
		x.path, err = jpath.Parse(e.JSON)
	case e.Regex != "":
		if x.regex, err = regexp.Compile(e.Regex); err != nil {
			return x, err
		}
		x.group = min(1, x.regex.NumSubexp())
		if e.Group != nil {
			x.group = *e.Group
		}
		if x.group > x.regex.NumSubexp() {
			err = fmt.Errorf("group %d of %d", x.group, x.regex.NumSubexp())
		}
	case e.Header == "":
		err = fmt.Errorf("it says neither json nor regex nor header")
	}
	return x, err
}

// NeedsBody says whether the rules ever look at a body, if only at its size.
// What one response needs, Judge.Wants says.
func (r *Rules) NeedsBody() bool { return r.looks || r.size != nil }

// Names are those of the extractions, sorted.
func (r *Rules) Names() []string { return r.names }

// Default is what an extracted name stands for before its first extraction,
// and whether there is such a thing.
func (r *Rules) Default(i int) (string, bool) {
	if r.extract[i].fallback == nil {
		return "", false
	}
	return *r.extract[i].fallback, true
}

// expects says whether a status is a success.
func (r *Rules) expects(status int) bool {
	for _, p := range r.status {
		if p.Has(status) {
			return true
		}
	}
	return false
}
