package peers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Call is the load that a tool is to make: closed, as many requests as so many
// connections carry.
type Call struct {
	URL         string
	Connections int
	Streams     int // on each connection, HTTP/2 and 3; 0: 1
	Duration    time.Duration
	Close       bool   // a new connection for each request
	HTTP3       bool   // for tools that must be told
	Dir         string // for the files that the tool reads and writes
}

// Run is a tool ready to be started.
type Run struct {
	Cmd *exec.Cmd
	// Warm is how long after its first request a tool is at its full speed.
	Warm time.Duration
	// Count reads from what the tool said how many requests it made.
	Count func(said string) (int64, error)
	// Partial says that the end of the call cuts off what is under way, and the
	// tool's exit code tells so.
	Partial bool
}

const soon = 700 * time.Millisecond

// Warmed behind a tool's name gives the tool a long time to get to its full speed
// before it is measured: a compiler that works while the load runs needs it.
const (
	Warmed = ", warm"
	long   = 8 * time.Second
)

// Prepare gets a tool and prepares a call of it.
func Prepare(ctx context.Context, name string, c Call) (*Run, error) {
	name, warmed := strings.CutSuffix(name, Warmed)
	path, err := Get(ctx, name)
	if err != nil {
		return nil, err
	}
	calls := map[string]func(context.Context, string, Call) (*Run, error){
		"wrk": wrk, "h2load": h2load, "vegeta": vegeta, "oha": oha, "k6": k6, "jmeter": jmeter, "locust": locust, "curl": curl,
	}
	if warmed {
		c.Duration += long
	}
	call, known := calls[name]
	if !known {
		return nil, fmt.Errorf("%s is not called here", name)
	}
	run, err := call(ctx, path, c)
	if err == nil && warmed {
		run.Warm += long
	}
	return run, err
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s" }

// number finds a count by an expression with one group; the last match is taken.
func number(pattern string) func(string) (int64, error) {
	find := regexp.MustCompile(pattern)
	return func(said string) (int64, error) {
		all := find.FindAllStringSubmatch(said, -1)
		if len(all) == 0 {
			return 0, fmt.Errorf("no %s in %q", pattern, said[max(0, len(said)-200):])
		}
		return strconv.ParseInt(all[len(all)-1][1], 10, 64)
	}
}

func wrk(ctx context.Context, path string, c Call) (*Run, error) {
	args := []string{"-t", "1", "-c", fmt.Sprint(c.Connections), "-d", seconds(c.Duration), "--timeout", "60s"}
	if c.Close {
		args = append(args, "-H", "Connection: close")
	}
	return &Run{Cmd: exec.CommandContext(ctx, path, append(args, c.URL)...), Warm: soon, Count: number(`(\d+) requests in`)}, nil
}

func h2load(ctx context.Context, path string, c Call) (*Run, error) {
	cmd := exec.CommandContext(ctx, path, "-t", "1", "-c", fmt.Sprint(c.Connections), "-m", fmt.Sprint(max(1, c.Streams)),
		"-D", fmt.Sprintf("%.0f", c.Duration.Seconds()), c.URL)
	return &Run{Cmd: cmd, Warm: soon, Count: number(`requests: \d+ total, \d+ started, (\d+) done`)}, nil
}

// oha says how often each status came; what the end of the time cut off is an
// error of its own.
func oha(ctx context.Context, path string, c Call) (*Run, error) {
	args := []string{"-z", seconds(c.Duration), "-c", fmt.Sprint(c.Connections), "-p", fmt.Sprint(max(1, c.Streams)), "--no-tui", "--output-format", "json", "--insecure"}
	if c.HTTP3 {
		args = append(args, "--http-version", "3")
	}
	count := func(said string) (int64, error) {
		var report struct{ StatusCodeDistribution map[string]int64 }
		if err := json.Unmarshal([]byte(said), &report); err != nil {
			return 0, err
		}
		n := int64(0)
		for _, of := range report.StatusCodeDistribution {
			n += of
		}
		return n, nil
	}
	return &Run{Cmd: exec.CommandContext(ctx, path, append(args, c.URL)...), Warm: soon, Count: count}, nil
}

// vegeta writes its results to a file, as it is made to be used; the report is
// made afterwards and costs nothing here.
func vegeta(ctx context.Context, path string, c Call) (*Run, error) {
	results := filepath.Join(c.Dir, "vegeta.bin")
	n := fmt.Sprint(c.Connections)
	cmd := exec.CommandContext(ctx, path, "attack", "-rate=0", "-workers="+n, "-max-workers="+n, "-connections="+n, "-max-connections="+n,
		"-insecure", "-http2=false", "-duration="+seconds(c.Duration), "-output="+results)
	cmd.Stdin = strings.NewReader("GET " + c.URL + "\n")
	count := func(string) (int64, error) {
		out, err := exec.CommandContext(ctx, path, "report", "-type=json", results).Output()
		if err != nil {
			return 0, err
		}
		var report struct{ Requests int64 }
		return report.Requests, errors.Join(json.Unmarshal(out, &report), os.Remove(results))
	}
	return &Run{Cmd: cmd, Warm: soon, Count: count}, nil
}

const k6Script = `import http from 'k6/http';
export const options = { vus: %d, duration: '%s', discardResponseBodies: true, insecureSkipTLSVerify: true };
export default function () { http.get('%s'); }
`

func k6(ctx context.Context, path string, c Call) (*Run, error) {
	script := filepath.Join(c.Dir, "k6.js")
	if err := os.WriteFile(script, fmt.Appendf(nil, k6Script, c.Connections, seconds(c.Duration), c.URL), 0o644); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, "run", "--quiet", script)
	cmd.Env = append(os.Environ(), "K6_NO_USAGE_REPORT=true", "NO_COLOR=1")
	return &Run{Cmd: cmd, Warm: soon, Count: number(`http_reqs\.*: (\d+)`)}, nil
}

const jmeterPlan = `<?xml version="1.0" encoding="UTF-8"?>
<jmeterTestPlan version="1.2" properties="5.0" jmeter="5.6.3">
 <hashTree>
  <TestPlan guiclass="TestPlanGui" testclass="TestPlan" testname="bench"/>
  <hashTree>
   <ThreadGroup guiclass="ThreadGroupGui" testclass="ThreadGroup" testname="users">
    <stringProp name="ThreadGroup.on_sample_error">continue</stringProp>
    <elementProp name="ThreadGroup.main_controller" elementType="LoopController" guiclass="LoopControlPanel" testclass="LoopController">
     <boolProp name="LoopController.continue_forever">false</boolProp>
     <intProp name="LoopController.loops">-1</intProp>
    </elementProp>
    <stringProp name="ThreadGroup.num_threads">%d</stringProp>
    <stringProp name="ThreadGroup.ramp_time">0</stringProp>
    <boolProp name="ThreadGroup.scheduler">true</boolProp>
    <stringProp name="ThreadGroup.duration">%.0f</stringProp>
   </ThreadGroup>
   <hashTree>
    <HTTPSamplerProxy guiclass="HttpTestSampleGui" testclass="HTTPSamplerProxy" testname="get">
     <elementProp name="HTTPsampler.Arguments" elementType="Arguments"><collectionProp name="Arguments.arguments"/></elementProp>
     <stringProp name="HTTPSampler.domain">%s</stringProp>
     <stringProp name="HTTPSampler.port">%s</stringProp>
     <stringProp name="HTTPSampler.protocol">%s</stringProp>
     <stringProp name="HTTPSampler.path">%s</stringProp>
     <stringProp name="HTTPSampler.method">GET</stringProp>
     <boolProp name="HTTPSampler.follow_redirects">true</boolProp>
     <boolProp name="HTTPSampler.use_keepalive">true</boolProp>
     <stringProp name="HTTPSampler.implementation">HttpClient4</stringProp>
    </HTTPSamplerProxy>
    <hashTree/>
   </hashTree>
  </hashTree>
 </hashTree>
</jmeterTestPlan>
`

// jmeter writes its results to a file, as every run of it does that is to leave
// figures.
func jmeter(ctx context.Context, jar string, c Call) (*Run, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, err
	}
	plan, results := filepath.Join(c.Dir, "plan.jmx"), filepath.Join(c.Dir, "results.jtl")
	text := fmt.Appendf(nil, jmeterPlan, c.Connections, c.Duration.Seconds(), u.Hostname(), u.Port(), u.Scheme, u.Path)
	if err := errors.Join(os.WriteFile(plan, text, 0o644), os.RemoveAll(results)); err != nil {
		return nil, err
	}
	args := []string{"-Xmx1g", "-Djava.awt.headless=true"}
	for _, open := range []string{"java.desktop/sun.awt", "java.base/java.lang", "java.base/java.util"} {
		args = append(args, "--add-opens", open+"=ALL-UNNAMED")
	}
	args = append(args, "-jar", jar, "-n", "-t", plan, "-l", results, "-j", filepath.Join(c.Dir, "jmeter.log"))
	return &Run{Cmd: exec.CommandContext(ctx, "java", args...), Warm: soon, Count: number(`summary =\s+(\d+) in`)}, nil
}

const locustFile = `from locust import FastHttpUser, task

class User(FastHttpUser):
    host = "%s"
    insecure = True

    @task
    def get(self):
        self.client.get("%s")
`

func locust(ctx context.Context, path string, c Call) (*Run, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(c.Dir, "bench_locust.py")
	if err := os.WriteFile(file, fmt.Appendf(nil, locustFile, u.Scheme+"://"+u.Host, u.Path), 0o644); err != nil {
		return nil, err
	}
	n := fmt.Sprint(c.Connections)
	cmd := exec.CommandContext(ctx, path, "-f", file, "--headless", "-u", n, "-r", n, "-t", seconds(c.Duration.Round(time.Second)),
		"--json", "--only-summary", "--loglevel", "ERROR", "--exit-code-on-error", "0")
	return &Run{Cmd: cmd, Warm: soon, Count: number(`"num_requests": (\d+)`)}, nil
}

// curl runs as often as there are connections, since one curl downloads its
// bodies one after the other. The shell waits for all of them, and so their CPU
// time is the tree's.
func curl(ctx context.Context, path string, c Call) (*Run, error) {
	script := `i=0; while [ $i -lt "$3" ]; do "$1" -s -k -o /dev/null --max-time "$4" "$2" & i=$((i+1)); done; wait`
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", script, "sh", path, c.URL, fmt.Sprint(c.Connections), strings.TrimSuffix(seconds(c.Duration), "s"))
	return &Run{Cmd: cmd, Partial: true}, nil
}
