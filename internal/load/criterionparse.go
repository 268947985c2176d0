package load

import "errors"

// ParseCriterion reads a criterion.
func ParseCriterion(text string) (Criterion, error) { return Criterion{Text: text}, errors.New("soon") }

// String is the canonical text.
func (c Criterion) String() string { return c.Text }

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Criterion) UnmarshalText(text []byte) (err error) {
	*c, err = ParseCriterion(string(text))
	return err
}

// MarshalText implements encoding.TextMarshaler.
func (c Criterion) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
