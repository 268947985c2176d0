package load

import (
	"slices"
	"strings"
)

// checkCriteria: a criterion that names what the run does not have would never
// be judged, and its reader would think that all was well.
func (s *Scenario) checkCriteria(f *faults) {
	labels, regions := s.labels(), s.regionNames()
	for i, c := range s.Criteria {
		here := at("criteria", i)
		if c.Metric == "" {
			f.add(here, c.Text, "a rule, such as p95 < 300ms", "a criterion needs a rule, such as p95 < 300ms")
			continue
		}
		if c.Label != "" && len(labels) > 0 && !slices.Contains(labels, c.Label) {
			f.add(here, c.Label, strings.Join(labels, ", "), "no request has the label %q%s", c.Label, didYouMeanOr(c.Label, labels))
		}
		if c.Region != "" && !slices.Contains(regions, c.Region) {
			f.add(here, c.Region, strings.Join(regions, ", "), "the scenario has no region %q%s", c.Region, didYouMeanOr(c.Region, regions))
		}
		m := c.Measure()
		if m.Of == OfLag && s.kind() != noLoad && s.Model() == Closed {
			f.add(here, m.String(), "a figure of the closed model", "lag is how late a request begins, which users have no time for: it is measured with a rate")
		}
		if m.Of == OfLag && c.Label != "" {
			f.add(here, m.String(), "lag without a label", "lag is of a task and not kept per label: leave of %s out", c.Label)
		}
		if length, known := s.length(); known && c.For > length {
			f.add(here, c.For.String(), "at most "+length.String(), "for %s is longer than the run of %s, so it would never be judged", c.For, length)
		}
	}
}

// didYouMeanOr names the nearest of a few words, or all of them.
func didYouMeanOr(word string, words []string) string {
	if near := didYouMean(word, words); near != "" {
		return near
	}
	if len(words) == 0 || len(words) > 10 {
		return ""
	}
	return "; there is " + strings.Join(words, ", ")
}

// labels are those of the requests, as the figures will have them.
func (s *Scenario) labels() []string {
	var labels []string
	s.EachRequest(func(_ string, r *Request) {
		label := or(r.Label, defaultLabel(or(r.Method, "GET"), r.URL, s.Variables))
		if !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	})
	return labels
}

func (s *Scenario) regionNames() []string {
	if len(s.Regions) == 0 {
		return []string{LocalRegion}
	}
	names := make([]string, len(s.Regions))
	for i, r := range s.Regions {
		names[i] = r.Name
	}
	return names
}

// length is how long the load lasts, where the scenario says so.
func (s *Scenario) length() (Duration, bool) {
	l := &s.Load
	total := l.RampUp + l.HoldFor + l.RampDown
	if l.Duration > 0 {
		total = l.Duration
	}
	for _, stage := range l.Stages {
		total += stage.Duration
	}
	return total, l.Duration > 0 || l.HoldFor > 0 || len(l.Stages) > 0
}
