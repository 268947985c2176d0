package load

import "strings"

// templateNames lists the names in ${…} of a text, and says whether each ${ has
// its }.
func templateNames(text string) (names []string, closed bool) {
	for {
		_, after, found := strings.Cut(text, "${")
		if !found {
			return names, true
		}
		name, rest, ends := strings.Cut(after, "}")
		if !ends {
			return names, false
		}
		names, text = append(names, name), rest
	}
}

// expand replaces every ${name}.
func expand(text string, value func(name string) string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, rest, ends := strings.Cut(after, "}")
		if !ends {
			b.WriteString("${" + after)
			return b.String()
		}
		b.WriteString(value(name))
		text = rest
	}
}
