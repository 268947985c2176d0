package jmx_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"onrush.dev/onrush/internal/engine/jmeter/jmx"
	"onrush.dev/onrush/internal/load"
)

func testPlan(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// planOf puts elements of a plan's top level into a plan.
func planOf(elements string) []byte {
	return []byte(`<jmeterTestPlan version="1.2"><hashTree><TestPlan testname="p"/><hashTree>` + elements + `</hashTree></hashTree></jmeterTestPlan>`)
}

func group(name, threads, loops, more string) string {
	return fmt.Sprintf(`<ThreadGroup testname=%q><stringProp name="ThreadGroup.num_threads">%s</stringProp>%s<elementProp name="ThreadGroup.main_controller"><boolProp name="LoopController.continue_forever">false</boolProp><stringProp name="LoopController.loops">%s</stringProp></elementProp></ThreadGroup><hashTree/>`, name, threads, more, loops)
}

func parse(t testing.TB, data []byte, properties map[string]string) *jmx.Plan {
	t.Helper()
	p, err := jmx.Parse(data, properties)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhatAPlanSays(t *testing.T) {
	t.Parallel()
	facts := parse(t, testPlan(t, "kinds.jmx"), nil).Facts()
	if facts.Users != 4+4+3+1 || len(facts.Unshared) != 0 || len(facts.Parts) != 7 {
		t.Errorf("got %d users, %d parts, unshared %q", facts.Users, len(facts.Parts), facts.Unshared)
	}
	want := []string{
		"ultimate UltimateThreadGroup 4 0 2s 0s 0", "stepping SteppingThreadGroup 4 0 4s 0s 0",
		"concurrency ConcurrencyThreadGroup 3 0 2s 0s 0", "arrivals ArrivalsThreadGroup 0 10 3s 0s 0",
		"freeform FreeFormArrivalsThreadGroup 0 10 2s 0s 0", "open model OpenModelThreadGroup 0 10 0s 0s 0",
		"one thread ThreadGroup 1 0 0s 0s 7",
	}
	for i, p := range facts.Parts {
		got := fmt.Sprint(p.Name, " ", p.Kind, " ", p.Users, " ", p.Rate, " ", time.Duration(p.Duration), " ", time.Duration(p.Begin), " ", p.Iterations)
		if got != want[i] {
			t.Errorf("part %d: got %q, want %q", i, got, want[i])
		}
	}
}

func TestNumbersFromPropertiesAndVariables(t *testing.T) {
	t.Parallel()
	udv := `<Arguments testname="v"><collectionProp name="Arguments.arguments"><elementProp name="n"><stringProp name="Argument.name">n</stringProp><stringProp name="Argument.value">${__P(threads,6)}</stringProp></elementProp></collectionProp></Arguments><hashTree/>`
	tests := map[string]struct {
		text       string
		properties map[string]string
		users      int
		shared     bool
	}{
		"plain":                 {"12", nil, 12, true},
		"default":               {"${__P(users,9)}", nil, 9, true},
		"property":              {"${__P(users,9)}", map[string]string{"users": "30"}, 30, true},
		"no default":            {"${__P(users)}", nil, 1, true},
		"other function":        {"${__property(users,,8)}", nil, 8, true},
		"variable":              {"${n}", nil, 6, true},
		"variable and property": {"${n}", map[string]string{"threads": "7"}, 7, true},
		"unknown variable":      {"${m}", nil, 0, false},
		"script":                {"${__groovy(1+1)}", nil, 0, false},
		"within":                {"1${__P(x,2)}", nil, 12, true},
		"empty":                 {"", nil, 0, true},
		"half":                  {"1.5", nil, 1, false},
		"open":                  {"${__P(users", nil, 0, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parse(t, planOf(udv+group("g", test.text, "1", "")), test.properties)
			facts := p.Facts()
			if facts.Users != test.users || (len(facts.Unshared) == 0) != test.shared {
				t.Errorf("got %d users, unshared %q; want %d, shared %v", facts.Users, facts.Unshared, test.users, test.shared)
			}
		})
	}
}

var numbers = regexp.MustCompile(`[0-9]+(\.[0-9]+)?`)

// Whatever is shared adds up over the tasks, and nothing else changes.
func TestSharesAddUp(t *testing.T) {
	t.Parallel()
	data := testPlan(t, "kinds.jmx")
	whole := string(data)
	for _, groups := range [][]load.ShareGroup{{{Tasks: 2, Weight: 1}}, {{Tasks: 1, Weight: 1}, {Tasks: 1, Weight: 1}}} {
		sums := make([]float64, len(numbers.FindAllString(whole, -1)))
		tasks := 0
		for g := range groups {
			for i := range groups[g].Tasks {
				p := parse(t, data, nil)
				if _, err := p.Divide(load.Share{Groups: groups, Group: g, Index: i}); err != nil {
					t.Fatal(err)
				}
				text := string(p.Bytes())
				if got, want := numbers.ReplaceAllString(text, "N"), numbers.ReplaceAllString(whole, "N"); got != want {
					t.Fatalf("more than numbers changed:\n%s", text)
				}
				for n, v := range numbers.FindAllString(text, -1) {
					f, _ := strconv.ParseFloat(v, 64)
					sums[n] += f
				}
				tasks++
			}
		}
		shared := 0
		for n, v := range numbers.FindAllString(whole, -1) {
			f, _ := strconv.ParseFloat(v, 64)
			switch {
			case f == 0, sums[n] == f*float64(tasks):
			case sums[n] == f:
				shared++
			default:
				t.Errorf("number %d of the plan is %v, and the tasks' are %v together", n, f, sums[n])
			}
		}
		if shared != 13 { // 2 rows, 3 of steps, 1, 2, 2, 1, 1, and the timer's
			t.Errorf("%d numbers were shared, want 13", shared)
		}
	}
}

func TestSharesWithWeights(t *testing.T) {
	t.Parallel()
	groups := []load.ShareGroup{{Tasks: 2, Weight: 3}, {Tasks: 1, Weight: 1}}
	var users []string
	for _, share := range []load.Share{{Groups: groups}, {Groups: groups, Index: 1}, {Groups: groups, Group: 1}} {
		p := parse(t, planOf(group("g", "70", "1", "")), nil)
		if some, err := p.Divide(share); err != nil || !some {
			t.Fatalf("got %v, %v", some, err)
		}
		users = append(users, regexp.MustCompile(`num_threads">(\d+)<`).FindStringSubmatch(string(p.Bytes()))[1])
	}
	if got := strings.Join(users, " "); got != "30 30 10" {
		t.Errorf("got %s", got)
	}
}

// What each JVM would hold for itself is shared, what is each thread's own is not.
func TestTimersAndControllers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ element, want string }{
		"all threads": {`<ConstantThroughputTimer testname="t"><stringProp name="calcMode">all active threads</stringProp><stringProp name="throughput">90</stringProp></ConstantThroughputTimer>`, `"throughput">45<`},
		"this thread": {`<ConstantThroughputTimer testname="t"><intProp name="calcMode">0</intProp><stringProp name="throughput">90</stringProp></ConstantThroughputTimer>`, `"throughput">90<`},
		"by words":    {`<ConstantThroughputTimer testname="t"><stringProp name="calcMode">this thread only</stringProp><stringProp name="throughput">90</stringProp></ConstantThroughputTimer>`, `"throughput">90<`},
		"precise":     {`<PreciseThroughputTimer testname="t"><doubleProp><name>throughput</name><value>5.0</value><savedValue>0.0</savedValue></doubleProp></PreciseThroughputTimer>`, `<value>2.5<`},
		"shaping":     {`<kg.apc.jmeter.timers.VariableThroughputTimer testname="t"><collectionProp name="load_profile"><collectionProp name="1"><stringProp name="a">10</stringProp><stringProp name="b">${__P(rps,30)}</stringProp><stringProp name="c">60</stringProp></collectionProp></collectionProp></kg.apc.jmeter.timers.VariableThroughputTimer>`, `"a">5</stringProp><stringProp name="b">15</stringProp><stringProp name="c">60<`},
		"executions":  {`<ThroughputController testname="c"><intProp name="ThroughputController.style">0</intProp><boolProp name="ThroughputController.perThread">false</boolProp><intProp name="ThroughputController.maxThroughput">7</intProp></ThroughputController>`, `maxThroughput">4<`},
		"per thread":  {`<ThroughputController testname="c"><intProp name="ThroughputController.style">0</intProp><intProp name="ThroughputController.maxThroughput">7</intProp></ThroughputController>`, `maxThroughput">7<`},
		"percent":     {`<ThroughputController testname="c"><intProp name="ThroughputController.style">1</intProp><boolProp name="ThroughputController.perThread">false</boolProp><intProp name="ThroughputController.maxThroughput">7</intProp></ThroughputController>`, `maxThroughput">7<`},
		"disabled":    {`<ConstantThroughputTimer testname="t" enabled="false"><intProp name="calcMode">1</intProp><stringProp name="throughput">90</stringProp></ConstantThroughputTimer>`, `"throughput">90<`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parse(t, planOf(group("g", "4", "1", "")+test.element+"<hashTree/>"), nil)
			if _, err := p.Divide(load.Share{Groups: []load.ShareGroup{{Tasks: 2, Weight: 1}}}); err != nil {
				t.Fatal(err)
			}
			if text := string(p.Bytes()); !strings.Contains(text, test.want) {
				t.Errorf("want %s in\n%s", test.want, text)
			}
		})
	}
}

func TestATaskWithoutUsersHasNothing(t *testing.T) {
	t.Parallel()
	p := parse(t, planOf(group("g", "1", "1", "")), nil)
	some, err := p.Divide(load.Share{Groups: []load.ShareGroup{{Tasks: 2, Weight: 1}}, Index: 1})
	if err != nil || some {
		t.Errorf("got %v, %v", some, err)
	}
}

func TestWhatCannotBeShared(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ elements, want string }{
		"sync timer":     {group("g", "4", "1", "") + `<SyncTimer testname="meet"><intProp name="groupSize">4</intProp></SyncTimer><hashTree/>`, "meet"},
		"unknown group":  {`<my.OwnThreadGroup testname="own"/><hashTree/>`, "my.OwnThreadGroup"},
		"timer by count": {group("g", "4", "1", "") + `<ConstantThroughputTimer testname="t"><intProp name="calcMode">1</intProp><stringProp name="throughput">${rate}</stringProp></ConstantThroughputTimer><hashTree/>`, "${rate}"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parse(t, planOf(test.elements), nil)
			if got := strings.Join(p.Facts().Unshared, "\n"); !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
			if _, err := p.Divide(load.Share{Groups: []load.ShareGroup{{Tasks: 2, Weight: 1}}}); load.ErrorCode(err) != load.Invalid {
				t.Errorf("got %v, want an invalid error", err)
			}
		})
	}
}

func TestWhatIsNoPlan(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"empty":        {"", "no test plan"},
		"other XML":    {"<html/>", "no test plan"},
		"cut":          {"<jmeterTestPlan><hashTree>", "line 1"},
		"entities":     {`<!DOCTYPE x [<!ENTITY a "b">]><jmeterTestPlan><hashTree/></jmeterTestPlan>`, "entities"},
		"unknown":      {`<jmeterTestPlan><hashTree>&a;</hashTree></jmeterTestPlan>`, "line 1"},
		"nested":       {strings.Repeat("<jmeterTestPlan>", 1000), "nested"},
		"charset":      {`<?xml version="1.0" encoding="ISO-8859-1"?><jmeterTestPlan/>`, "UTF-8"},
		"no groups":    {string(planOf("")), "no thread group"},
		"disabled":     {string(planOf(strings.Replace(group("g", "1", "1", ""), "<ThreadGroup ", `<ThreadGroup enabled="false" `, 1))), "no thread group"},
		"no hash tree": {"<jmeterTestPlan/>", "empty"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := jmx.Parse([]byte(test.text), nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	s := func(d time.Duration) load.Duration { return load.Duration(d) }
	one := group("g", "4", "5", `<stringProp name="ThreadGroup.ramp_time"/>`)
	tests := map[string]struct {
		elements string
		load     load.ScriptLoad
		want     []string // in the plan that is written
		refused  string
	}{
		"users":             {one, load.ScriptLoad{Users: 9}, []string{`num_threads">9<`, `loops">5<`}, ""},
		"duration":          {one, load.ScriptLoad{Duration: s(90 * time.Second)}, []string{`scheduler">true<`, `duration">90<`, `loops">-1<`}, ""},
		"iterations":        {one, load.ScriptLoad{Users: 2, Iterations: 10}, []string{`num_threads">2<`, `loops">5<`}, ""},
		"ramp":              {one, load.ScriptLoad{Stages: []load.ScriptStage{{Duration: s(5 * time.Second), Users: 3}, {Duration: s(10 * time.Second), Users: 3}}}, []string{`<stringProp name="ThreadGroup.ramp_time">5</stringProp>`, `duration">15<`, `num_threads">3<`}, ""},
		"uneven iterations": {one, load.ScriptLoad{Users: 3, Iterations: 10}, nil, "multiple"},
		"steps":             {one, load.ScriptLoad{Stages: []load.ScriptStage{{Duration: s(time.Second), Users: 3}, {Duration: s(time.Second), Users: 5}}}, nil, "Ultimate"},
		"rate":              {one, load.ScriptLoad{Rate: 3}, nil, "Arrivals"},
		"two groups":        {one + group("h", "1", "1", ""), load.ScriptLoad{Users: 3}, nil, `"g", "h"`},
		"an expression":     {group("g", "${x}", "5", ""), load.ScriptLoad{Users: 9}, []string{`num_threads">9<`}, ""},
		"arrivals":          {`<com.x.ArrivalsThreadGroup testname="a"><stringProp name="TargetLevel">60</stringProp><stringProp name="Hold">1</stringProp><stringProp name="Unit">M</stringProp></com.x.ArrivalsThreadGroup><hashTree/>`, load.ScriptLoad{Rate: 5, Duration: s(30 * time.Second)}, []string{`TargetLevel">300<`, `Hold">0.5<`}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parse(t, planOf(test.elements), nil)
			err := p.Set(test.load)
			if test.refused != "" {
				if load.ErrorCode(err) != load.Invalid || !strings.Contains(err.Error(), test.refused) {
					t.Fatalf("got %v, want a refusal with %q", err, test.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			p.Whole()
			text := string(p.Bytes())
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("want %s in\n%s", want, text)
				}
			}
			if _, err := jmx.Parse([]byte(text), nil); err != nil {
				t.Errorf("what is written cannot be read: %v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(testPlan(f, "kinds.jmx"))
	f.Add(testPlan(f, "shop.jmx"))
	f.Add(planOf(group("g", "${__P(users,9)}", "1", "<stringProp name='ThreadGroup.ramp_time'/>")))
	f.Add(planOf(`<Arguments><collectionProp name="Arguments.arguments"><elementProp><stringProp name="Argument.name">a</stringProp><stringProp name="Argument.value">` + strings.Repeat("${a}", 100) + `</stringProp></elementProp></collectionProp></Arguments><hashTree/>` + group("g", "${a}", "1", "")))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY a "b">]><jmeterTestPlan/>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := jmx.Parse(data, map[string]string{"users": "4"})
		if err != nil {
			return
		}
		p.Facts()
		if _, err := p.Divide(load.Share{Groups: []load.ShareGroup{{Tasks: 3, Weight: 1}}}); err != nil {
			return
		}
		if _, err := jmx.Parse(p.Bytes(), nil); err != nil {
			t.Errorf("what is written cannot be read: %v", err)
		}
	})
}
