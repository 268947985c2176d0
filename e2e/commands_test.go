package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"onrush.dev/onrush/internal/load"
)

// cmdCode: code N PROGRAM ARGS… runs a program and wants this exit code. Its
// output is there for stdout, stderr, json and keep.
func cmdCode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// cmdKeep: keep NAME sets a variable to the trimmed standard output.
func cmdKeep(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// cmdAwait: await PATTERN PROGRAM ARGS… repeats a program until its standard
// output matches.
func cmdAwait(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile(args[0])
	path, err := lookPath(ts, args[1])
	ts.Check(err)
	var out []byte
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		cmd := exec.Command(path, args[2:]...)
		cmd.Dir, cmd.Env = ts.Getenv("WORK"), scriptEnv(ts)
		if out, _ = cmd.CombinedOutput(); pattern.Match(out) {
			return
		}
	}
	ts.Fatalf("%s never said %s; last:\n%s", strings.Join(args[1:], " "), args[0], out)
}

// cmdJSON: json FILE PATH OP WANT compares a value of a JSON document: json
// stdout total.requests == 100. WANT may be a path of the same document. A
// path's parts are parted by dots, "length" is that of a list or object.
// Operators: == != < > <= >= and ~ (regular expression).
func cmdJSON(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: json FILE PATH OP WANT")
	}
	var document any
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &document); err != nil {
		ts.Fatalf("%s is not JSON: %v\n%s", args[0], err, ts.ReadFile(args[0]))
	}
	got, err := dig(document, args[1])
	ts.Check(err)
	want := args[3]
	if other, err := dig(document, want); err == nil {
		want = other
	}
	if !holds(got, args[2], want) {
		ts.Fatalf("%s is %s, want %s %s", args[1], got, args[2], args[3])
	}
}

// dig finds a value by its path, as text.
func dig(document any, path string) (string, error) {
	value := document
	for part := range strings.SplitSeq(path, ".") {
		switch at := value.(type) {
		case map[string]any:
			if part == "length" {
				value = float64(len(at))
				continue
			}
			below, ok := at[part]
			if !ok {
				return "", fmt.Errorf("no %s in %s", part, path)
			}
			value = below
		case []any:
			if part == "length" {
				value = float64(len(at))
				continue
			}
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(at) {
				return "", fmt.Errorf("no %s in %s", part, path)
			}
			value = at[i]
		default:
			return "", fmt.Errorf("no %s in %s", part, path)
		}
	}
	if number, ok := value.(float64); ok {
		return strconv.FormatFloat(number, 'f', -1, 64), nil
	}
	if text, ok := value.(string); ok {
		return text, nil
	}
	text, err := json.Marshal(value)
	return string(text), err
}

func holds(got, op, want string) bool {
	a, errA := strconv.ParseFloat(got, 64)
	b, errB := strconv.ParseFloat(want, 64)
	numbers := errA == nil && errB == nil
	switch op {
	case "==":
		return got == want
	case "!=":
		return got != want
	case "~":
		return regexp.MustCompile(want).MatchString(got)
	case "<":
		return numbers && a < b
	case ">":
		return numbers && a > b
	case "<=":
		return numbers && a <= b
	case ">=":
		return numbers && a >= b
	}
	return false
}

// cmdWhole: whole RUN TASKS SECONDS wants the run's series to have no hole: in
// each of the first SECONDS seconds all TASKS reported and requests were made,
// and the series adds up to the report's total.
func cmdWhole(ts *testscript.TestScript, _ bool, args []string) {
	tasks, _ := strconv.Atoi(args[1])
	seconds, _ := strconv.Atoi(args[2])
	var series load.Series
	get(ts, "/runs/"+args[0]+"/series", &series)
	var report load.Report
	get(ts, "/runs/"+args[0]+"/report", &report)
	seen := map[int]load.SeriesPoint{}
	sum := int64(0)
	for _, p := range series.Points {
		seen[p.Second] = p
		sum += p.Requests
	}
	for second := range seconds {
		if p := seen[second]; p.Tasks != tasks || p.Requests == 0 {
			ts.Fatalf("second %d: %d tasks reported %d requests, want %d tasks and some requests", second, p.Tasks, p.Requests, tasks)
		}
	}
	if sum != report.Total.Requests {
		ts.Fatalf("the series adds up to %d requests, the report has %d", sum, report.Total.Requests)
	}
}

// get reads from the script's server, as the user of its machine.
func get(ts *testscript.TestScript, path string, into any) {
	token, err := os.ReadFile(ts.Getenv("ONRUSH_DATA") + "/cli-token")
	ts.Check(err)
	request, err := http.NewRequest(http.MethodGet, ts.Getenv("SERVER")+"/api/v1"+path, nil)
	ts.Check(err)
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		ts.Fatalf("GET %s: %s", path, response.Status)
	}
	ts.Check(json.NewDecoder(response.Body).Decode(into))
}
