package jpath

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// All of this file is for JSON that is known to be valid.

// walk finds the one value that steps lead to, or nil.
func walk(body []byte, steps []step) []byte {
	s := scanner{text: body}
	s.space()
	for i := range steps {
		found := false
		switch c := s.text[s.at]; {
		case steps[i].named && c == '{':
			found = s.member(steps[i].name)
		case !steps[i].named && c == '[':
			found = s.element(steps[i].index)
		}
		if !found {
			return nil
		}
	}
	begin := s.at
	s.value()
	return body[begin:s.at]
}

// scanner stands before a value, or where its methods say.
type scanner struct {
	text []byte
	at   int
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// member goes to the value of a name in an object. Of equal names the last one
// counts, as for nearly everybody who reads JSON.
func (s *scanner) member(name string) bool {
	last := -1
	s.at++ // {
	for s.space(); s.text[s.at] != '}'; s.space() {
		if s.text[s.at] == ',' {
			s.at++
			s.space()
		}
		begin := s.at
		s.quoted()
		key := s.text[begin:s.at]
		s.space()
		s.at++ // :
		s.space()
		if isKey(key, name) {
			last = s.at
		}
		s.value()
	}
	s.at = last
	return last >= 0
}

// isKey compares a key in its quotes with a name.
func isKey(key []byte, name string) bool {
	inner := key[1 : len(key)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner) == name
	}
	var decoded string
	return json.Unmarshal(key, &decoded) == nil && decoded == name
}

// element goes to the n-th value of a list, or to the n-th from its end.
func (s *scanner) element(n int) bool {
	if n < 0 {
		count := *s
		n += count.length()
		if n < 0 {
			return false
		}
	}
	s.at++ // [
	for s.space(); s.text[s.at] != ']'; s.space() {
		if s.text[s.at] == ',' {
			s.at++
			s.space()
		}
		if n == 0 {
			return true
		}
		n--
		s.value()
	}
	return false
}

func (s *scanner) length() int {
	n := 0
	s.at++
	for s.space(); s.text[s.at] != ']'; s.space() {
		if s.text[s.at] == ',' {
			s.at++
			s.space()
		}
		s.value()
		n++
	}
	return n
}

// value goes behind a value, whatever it is.
func (s *scanner) value() {
	depth := 0
	for {
		switch c := s.text[s.at]; c {
		case '"':
			s.quoted()
		case '{', '[':
			depth++
			s.at++
		case '}', ']':
			depth--
			s.at++
		case ',', ':', ' ', '\t', '\n', '\r':
			s.at++
		default:
			s.word()
		}
		if depth == 0 {
			return
		}
	}
}

// quoted goes behind a text in quotes.
func (s *scanner) quoted() {
	for s.at++; s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
}

// word goes behind a number, true, false or null.
func (s *scanner) word() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ',', ']', '}', ' ', '\t', '\n', '\r':
			return
		}
		s.at++
	}
}

// depthOf is how deep lists and objects are nested.
func depthOf(body []byte) int {
	s, depth, deepest := scanner{text: body}, 0, 0
	for s.at < len(body) {
		switch body[s.at] {
		case '"':
			s.quoted()
			continue
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
		s.at++
	}
	return deepest
}
