package load

import (
	"fmt"
	"strings"
)

// A criterion is written
//
//	figure [of LABEL] [in REGION] op value [for DURATION] [, stop | , mark]
//
// where figure is what ParseMeasure reads, op is < <= > >= and value carries the
// figure's unit: 300ms, 1%, 200/s, 10MB/s, or a plain number for counts. A label
// or region that holds spaces, commas or one of the signs stands in double
// quotes.

// maxCriterion bounds a criterion's text; labels are long, but not that long.
const maxCriterion = 1000

// ParseCriterion reads a criterion. Its errors say what to write instead.
func ParseCriterion(text string) (Criterion, error) {
	c := Criterion{Text: strings.TrimSpace(text)}
	words, err := criterionWords(text)
	if err != nil {
		return Criterion{}, err
	}
	p := criterionParser{words: words}
	if err := p.parse(&c); err != nil {
		return Criterion{}, err
	}
	return c, nil
}

// word is a word of a criterion; a quoted one is never a keyword or a sign.
type word struct {
	text   string
	quoted bool
}

func (w word) is(text string) bool { return !w.quoted && w.text == text }

// criterionWords cuts a text into words, signs and commas.
func criterionWords(text string) ([]word, error) {
	if len(text) > maxCriterion {
		return nil, fmt.Errorf("a criterion of %d letters is too long: at most %d", len(text), maxCriterion)
	}
	var words []word
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		switch c := rest[0]; {
		case c == '"':
			end := quoteEnd(rest)
			if end < 0 {
				return nil, fmt.Errorf("a quote is opened and not closed: %s", rest)
			}
			words = append(words, word{unquote(rest[1:end]), true})
			rest = rest[end+1:]
		case strings.HasPrefix(rest, "<=") || strings.HasPrefix(rest, ">="):
			words, rest = append(words, word{text: rest[:2]}), rest[2:]
		case strings.IndexByte("<>,=!", c) >= 0:
			words, rest = append(words, word{text: rest[:1]}), rest[1:]
		default:
			end := strings.IndexAny(rest, " \t\r\n\"<>,=!")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 { // some other white space, which TrimSpace takes
				end = 1
			}
			words, rest = append(words, word{text: rest[:end]}), rest[end:]
		}
	}
	return words, nil
}

// quoteEnd is where the quote that s begins with ends; a backslash takes the
// next byte's meaning away.
func quoteEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

func unquote(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

type criterionParser struct{ words []word }

// next is the next word, taken; an empty unquoted one at the end.
func (p *criterionParser) next() word {
	if len(p.words) == 0 {
		return word{}
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

func (p *criterionParser) peek() word {
	if len(p.words) == 0 {
		return word{}
	}
	return p.words[0]
}

func (p *criterionParser) parse(c *Criterion) error {
	m, err := p.measure()
	if err != nil {
		return err
	}
	c.Metric = m.String()
	if err := p.scope(c); err != nil {
		return err
	}
	switch op := p.next(); {
	case op.is("<") || op.is("<=") || op.is(">") || op.is(">="):
		c.Op = op.text
	case op.text == "":
		return fmt.Errorf("%s is compared with nothing: write %s", c.Metric, example(m))
	default:
		return fmt.Errorf("%q stands where one of < <= > >= is expected: write %s", op.text, example(m))
	}
	if err := p.value(c, m); err != nil {
		return err
	}
	return p.tail(c)
}

// measure takes the words up to of, in or a sign.
func (p *criterionParser) measure() (Measure, error) {
	var words []string
	for {
		w := p.peek()
		if w.quoted || w.text == "" || w.is("of") || w.is("in") || strings.Contains("<=>=,!", w.text) {
			break
		}
		words = append(words, p.next().text)
	}
	if len(words) == 0 {
		return Measure{}, fmt.Errorf("it names no figure: write, for example, p95 < 300ms or failures < 1%%")
	}
	return ParseMeasure(strings.Join(words, " "))
}

// scope takes "of LABEL" and "in REGION", in any order, each once.
func (p *criterionParser) scope(c *Criterion) error {
	for p.peek().is("of") || p.peek().is("in") {
		keyword, to := p.next().text, &c.Label
		if keyword == "in" {
			to = &c.Region
		}
		name := p.next()
		switch {
		case *to != "":
			return fmt.Errorf("%q stands twice", keyword)
		case name.text == "" || !name.quoted && strings.Contains("<=>=,!", name.text):
			return fmt.Errorf("a name is missing after %q", keyword)
		}
		*to = name.text
		if w := p.peek(); w.text != "" && !w.is("of") && !w.is("in") && (w.quoted || !strings.Contains("<=>=,!", w.text)) {
			return fmt.Errorf("%q follows the name %q: put a name of several words in double quotes", w.text, name.text)
		}
	}
	return nil
}

// value takes the number with its unit.
func (p *criterionParser) value(c *Criterion, m Measure) error {
	text := ""
	for { // 300 ms may be two words
		w := p.peek()
		if w.quoted || w.text == "" || w.is("for") || w.is(",") {
			break
		}
		text += p.next().text
	}
	if text == "" {
		return fmt.Errorf("no value follows %q: write %s", c.Op, example(m))
	}
	var err error
	switch {
	case m.Timed():
		var d Duration
		err = d.UnmarshalText([]byte(text))
		c.Value = float64(d) / 1e6
	case m.Of == OfRate:
		var r Rate
		err = r.UnmarshalText([]byte(text))
		c.Value = float64(r)
	case m.Of == OfBandwidth:
		var b Bytes
		err = b.UnmarshalText([]byte(strings.TrimSuffix(text, "/s")))
		c.Value = float64(b)
	case m.Shareable() && strings.HasSuffix(text, "%"):
		var share Percent
		err = share.UnmarshalText([]byte(text))
		c.Value, c.Percent = float64(share)/float64(Whole), true
	default:
		if c.Value, err = readDecimal(text); err != nil {
			err = fmt.Errorf("%q is not", text)
		}
	}
	if err != nil {
		return fmt.Errorf("%s is compared with %s: %w; for example: %s", c.Metric, m.comparand(), err, example(m))
	}
	return nil
}

// tail takes "for DURATION" and ", stop".
func (p *criterionParser) tail(c *Criterion) error {
	if p.peek().is("for") {
		p.next()
		if err := c.For.UnmarshalText([]byte(p.next().text)); err != nil {
			return fmt.Errorf("after \"for\": %w", err)
		}
		if err := checkFor(c.For); err != nil {
			return err
		}
	}
	if p.peek().is(",") {
		p.next()
		if err := c.setAction(p.next().text); err != nil {
			return err
		}
	}
	if w := p.next(); w.text != "" {
		return fmt.Errorf("%q is left over after the criterion: at the end may stand for 10s, and then \", stop\"", w.text)
	}
	return nil
}

// checkFor: figures are kept by the second.
func checkFor(d Duration) error {
	const second = 1_000_000_000
	if d < second || d%second != 0 {
		return fmt.Errorf("%q is not a whole number of seconds: figures are kept by the second, write for 1s or longer", d)
	}
	return nil
}

// The words for what a breach does.
const (
	ActionMark = "mark"
	ActionStop = "stop"
)

// setAction reads the word for what a breach does.
func (c *Criterion) setAction(action string) error {
	switch action {
	case ActionStop:
		c.Stop = true
	case ActionMark:
	default:
		return fmt.Errorf("%q is no action: write stop (a breach ends the run) or mark (it only fails the verdict)", action)
	}
	return nil
}

// example is a right criterion with this figure.
func example(m Measure) string {
	value := " < 300ms"
	switch m.Of {
	case OfRequests:
		value = " >= 1000"
	case OfRate:
		value = " > 100/s"
	case OfFailures, OfStatus:
		value = " < 1%"
	case OfBandwidth:
		value = " < 10MB/s"
	}
	return m.String() + value
}

// comparand names what a measure is compared with.
func (m Measure) comparand() string {
	switch {
	case m.Timed():
		return "a time"
	case m.Of == OfRate:
		return "requests a second"
	case m.Of == OfBandwidth:
		return "bytes a second"
	case m.Shareable():
		return "a number, or a share in %"
	}
	return "a number"
}
