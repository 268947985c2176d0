package load

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func twoFlows(s *Scenario) {
	s.Requests = nil
	s.Flows = []Flow{
		{Name: "a", Requests: []Request{
			{URL: "http://h/1", Extract: map[string]Extract{"x": {Header: "X"}, "y": {JSON: "$", Default: ptr("")}}},
			{URL: "http://h/${x}"},
		}},
		{Name: "b", Requests: []Request{{URL: "http://h/2"}}},
	}
}

// TestIterations: what a user walks, whichever way it is written.
func TestIterations(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		change func(*Scenario)
		want   string
	}{
		{func(s *Scenario) { s.Requests = make([]Request, 3) }, "[3]"},
		{func(s *Scenario) { s.Requests = []Request{{Weight: 2}, {Weight: 5}} }, "[1*2 1*5]"},
		{twoFlows, "[2 1]"},
		{func(s *Scenario) { s.Requests = nil }, "[]"},
	} {
		s := scenario(test.change)
		var got []string
		for _, flow := range s.Iterations() {
			text := fmt.Sprint(len(flow.Requests))
			if flow.Weight > 0 {
				text += fmt.Sprintf("*%d", flow.Weight)
			}
			got = append(got, text)
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("got %v, want %s", got, test.want)
		}
	}
}

// TestArrivals: what an arrival sends when nobody says it.
func TestArrivals(t *testing.T) {
	t.Parallel()
	open := func(s *Scenario) { s.Load = Load{Rate: 5, Duration: 10e9} }
	for want, changes := range map[string][]func(*Scenario){
		"":               {twoFlows},
		ArrivalRequest:   {open},
		ArrivalIteration: {open, twoFlows},
	} {
		s := scenario(func(s *Scenario) {
			for _, change := range changes {
				change(s)
			}
		})
		if problems := Validate(s); len(problems) > 0 {
			t.Errorf("%q: %v", want, problems)
		}
		filled := WithDefaults(s)
		if filled.Load.Arrival != want {
			t.Errorf("an arrival is %q, want %q", filled.Load.Arrival, want)
		}
		if problems := Validate(filled); len(problems) > 0 {
			t.Errorf("%q with defaults: %v", want, problems)
		}
	}
	extracting := scenario(open)
	extracting.Requests = slices.Clone(extracting.Requests)
	extracting.Requests[0].Extract = map[string]Extract{"x": {Header: "X"}}
	if got := WithDefaults(extracting).Load.Arrival; got != ArrivalIteration {
		t.Errorf("with an extraction an arrival is %q", got)
	}
}

// TestPlanOfIterations: in the open model a limit of iterations is dealt out as
// one of requests is.
func TestPlanOfIterations(t *testing.T) {
	t.Parallel()
	s := scenario(twoFlows)
	s.Load = Load{Rate: 50, Duration: 10e9, Iterations: 101}
	s.Regions = []RegionLoad{{Name: "local", Tasks: 3}}
	p, err := NewPlan(PlanInput{Scenario: s, Regions: map[string]Region{"local": {}}})
	if err != nil {
		t.Fatal(err, Problems(err))
	}
	sum := int64(0)
	for _, task := range p.Regions[0].Tasks {
		sum += task.Iterations
		if o := p.Order(task); o.Iterations != 101 || o.Requests != 0 {
			t.Errorf("ordered %d iterations and %d requests", o.Iterations, o.Requests)
		}
	}
	if sum != 101 || p.Expected != 101 || p.Arrival != ArrivalIteration {
		t.Errorf("%d dealt out, %d expected, arrival %q", sum, p.Expected, p.Arrival)
	}
}

// TestExtractedNamesAreNoColumns: only planning knows the columns.
func TestExtractedNamesAreNoColumns(t *testing.T) {
	t.Parallel()
	s := scenario(twoFlows)
	s.Data = []Data{{File: "d.csv"}}
	in := PlanInput{Scenario: s, Regions: map[string]Region{"local": {}}, Data: map[string]DataFacts{"d.csv": {Columns: []string{"y", "z"}, Rows: 9}}}
	_, err := NewPlan(in)
	if err == nil || !strings.Contains(err.Error(), `flows[0].requests[0].extract.y: "y" is a column of d already`) {
		t.Errorf("got %v", err)
	}
	in.Data["d.csv"] = DataFacts{Columns: []string{"z"}, Rows: 9}
	if _, err = NewPlan(in); err != nil {
		t.Error(err)
	}
}

func TestSizeRange(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0": "0B", "512": "512B", "1KiB-2KiB": "1KiB-2KiB", "1024 - 2048": "1KiB-2KiB", "5-5": "5B", "2-1": "!", "-1": "!", "x": "!", "1-": "!", "": "!",
	} {
		var r SizeRange
		got := "!"
		if r.UnmarshalText([]byte(text)) == nil {
			got = r.String()
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	r := SizeRange{10, 20}
	if r.Has(9) || !r.Has(10) || !r.Has(20) || r.Has(21) {
		t.Error("a range does not hold its own ends, or more")
	}
}
