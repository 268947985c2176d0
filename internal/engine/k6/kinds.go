package k6

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"onrush.dev/onrush/internal/load"
	"onrush.dev/onrush/internal/script"
)

// declares finds metrics of a script's own: new Counter('orders', …).
var declares = regexp.MustCompile(`\bnew\s+(?:\w+\.)?(Counter|Gauge|Rate|Trend)\(\s*['"\x60]([^'"\x60]+)['"\x60]\s*(?:,\s*(true))?`)

// mostSource is as much of a source file as is looked at.
const mostSource = 1 << 20

// kindsIn reads from a script's sources what kind its own metrics are. CSV does
// not tell; a metric whose name is not written out where it is made counts as a
// trend.
func kindsIn(dir string) map[string]metricKind {
	kinds := map[string]metricKind{}
	names := map[string]load.MetricKind{
		"Counter": load.MetricCounter, "Gauge": load.MetricGauge, "Rate": load.MetricRate, "Trend": load.MetricTrend,
	}
	_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || script.Guess(p) != Name {
			return nil //nolint:nilerr // a file that cannot be read tells nothing
		}
		if info, err := d.Info(); err != nil || info.Size() > mostSource {
			return nil //nolint:nilerr // as above
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return nil //nolint:nilerr // as above
		}
		for _, m := range declares.FindAllSubmatch(text, -1) {
			kind := metricKind{kind: names[string(m[1])]}
			if len(m[3]) > 0 {
				kind.unit = "ms"
			}
			kinds[string(m[2])] = kind
		}
		return nil
	})
	return kinds
}

// metricKind is a metric's kind and unit.
type metricKind struct {
	kind load.MetricKind
	unit string
}
