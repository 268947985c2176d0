package jmeter

import (
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"onrush.dev/onrush/internal/engine"
	"onrush.dev/onrush/internal/engine/tool"
	"onrush.dev/onrush/internal/load"
)

// command is JMeter's command line for a task. Nothing secret stands in it:
// properties come from a file that only the task's user can read.
func (e *Engine) command(job *engine.Job) (tool.Command, error) {
	home, search, err := e.home()
	if err != nil {
		return tool.Command{}, err
	}
	own, err := e.properties(job, search)
	if err != nil {
		return tool.Command{}, err
	}
	file := filepath.Join(e.work.Own, "onrush.properties")
	if err := os.WriteFile(file, propertiesText(own), 0o600); err != nil {
		return tool.Command{}, err
	}
	logging := filepath.Join(e.work.Own, "log4j2.xml")
	if err := os.WriteFile(logging, []byte(logConfig), 0o600); err != nil {
		return tool.Command{}, err
	}
	env := job.Order.Scenario.Env
	hosts, err := e.hostsArgs()
	if err != nil {
		return tool.Command{}, err
	}
	args := append(append(jvmArgs(env, max(1, job.Order.Count)), hosts...),
		"-jar", filepath.Join(home, "bin", "ApacheJMeter.jar"),
		"-n", "-t", filepath.Base(e.planFile()), "-l", e.samples.pipe, "-q", file, "-i", logging,
	)
	return tool.Command{
		Name: Name, Path: e.java.Path, Args: args, Dir: filepath.Dir(e.planFile()),
		Env: tool.Environ(job), Secrets: tool.SecretValues(job.Order.Secrets),
	}, nil
}

// logConfig sends JMeter's log to its output, which the task's log and
// jmeter.log take, with secrets masked.
const logConfig = `<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="ERROR">
  <Appenders>
    <Console name="out" target="SYSTEM_OUT"><PatternLayout pattern="%d %p %c{1.}: %m%n%throwable"/></Console>
  </Appenders>
  <Loggers>
    <Root level="info"><AppenderRef ref="out"/></Root>
    <Logger name="org.apache.jmeter.threads.JMeterThread" level="warn"/>
    <Logger name="org.apache.jorphan.reflect.ClassFinder" level="warn"/>
  </Loggers>
</Configuration>
`

// jvmArgs are Java's flags: those that JMeter's own start script sets, then the
// scenario's HEAP and JVM_ARGS, as that script has them too.
func jvmArgs(env map[string]string, tasks int) []string {
	args := []string{
		"-Djava.awt.headless=true", "-Djava.security.egd=file:/dev/urandom", "-XX:MaxMetaspaceSize=256m",
		"-XX:+ExitOnOutOfMemoryError",
		"--add-opens", "java.desktop/sun.awt=ALL-UNNAMED", "--add-opens", "java.base/java.lang=ALL-UNNAMED",
		"--add-opens", "java.base/java.util=ALL-UNNAMED", "--add-opens", "java.base/java.lang.invoke=ALL-UNNAMED",
		"--add-opens", "java.base/java.text=ALL-UNNAMED",
	}
	if heap := strings.Fields(env["HEAP"]); len(heap) > 0 {
		args = append(args, heap...)
	} else {
		args = append(args, fmt.Sprintf("-Xmx%dm", heapFor(tasks)))
	}
	return append(args, strings.Fields(env["JVM_ARGS"])...)
}

// properties are what JMeter is told besides the plan: the scenario's own, its
// secrets, who the task is, and what we need of it.
func (e *Engine) properties(job *engine.Job, search []string) (map[string]string, error) {
	o := &job.Order
	p := maps.Clone(o.Scenario.Properties)
	if p == nil {
		p = map[string]string{}
	}
	maps.Copy(p, o.Secrets)
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	maps.Copy(p, map[string]string{
		"onrush.run": o.Run, "onrush.task": o.Task, "onrush.region": o.Region,
		"onrush.task.index": strconv.Itoa(o.Index), "onrush.task.count": strconv.Itoa(max(1, o.Count)),
		"jmeterengine.nongui.port": strconv.Itoa(port), "jmeterengine.nongui.maxport": strconv.Itoa(port + 100),
	})
	maps.Copy(p, ownProperties())
	p["search_paths"] = strings.Join(append(search, split(p["search_paths"])...), ";")
	return p, nil
}

// ownProperties are those by which JMeter tells us of its samples and its end.
func ownProperties() map[string]string {
	p := map[string]string{
		"jmeterengine.force.system.exit": "true",

		"summariser.name": "summary", "summariser.out": "false", "summariser.log": "true",
		"summariser.ignore_transaction_controller_sample_result": "true",

		"sampleresult.timestamp.start": "true", "subresults.disable_renaming": "false",
	}
	for _, name := range append(columnSettings(), "print_field_names", "autoflush", "subresults") {
		p["jmeter.save.saveservice."+name] = "true"
	}
	for _, name := range []string{"sample_count", "hostname", "filename", "encoding"} {
		p["jmeter.save.saveservice."+name] = "false"
	}
	p["jmeter.save.saveservice.output_format"] = "csv"
	p["jmeter.save.saveservice.timestamp_format"] = "ms"
	p["jmeter.save.saveservice.default_delimiter"] = ","
	p["jmeter.save.saveservice.assertion_results_failure_message"] = "true"
	return p
}

func split(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ";"), func(s string) bool { return s == "" })
}

// columnSettings switch on the columns that JMeter writes by default: we read
// most of them, and whoever keeps the file finds what other tools expect.
func columnSettings() []string {
	return []string{
		"time", "timestamp", "label", "response_code", "response_message", "thread_name", "data_type", "successful", "bytes",
		"sent_bytes", "thread_counts", "url", "latency", "idle_time", "connect_time",
	}
}

// freePort finds a port for JMeter to take its end from. Should another take it
// first, JMeter takes one of the hundred after it, and says which.
func freePort() (int, error) {
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a port for JMeter: %w", err)
	}
	addr, ok := l.LocalAddr().(*net.UDPAddr)
	if err := l.Close(); err != nil || !ok {
		return 0, load.Errorf(load.Internal, "a port without a number")
	}
	return min(addr.Port, 65_400), nil
}

// propertiesText writes properties as Java reads them.
func propertiesText(p map[string]string) []byte {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p)) {
		escape(&out, name, true)
		out.WriteByte('=')
		escape(&out, p[name], false)
		out.WriteByte('\n')
	}
	return []byte(out.String())
}

func escape(out *strings.Builder, text string, key bool) {
	for i, c := range text {
		switch {
		case c == '\\', c == '=' && key, c == ':' && key, c == '#' && i == 0, c == '!' && i == 0, c == ' ' && (key || i == 0):
			out.WriteByte('\\')
			out.WriteRune(c)
		case c > 0xffff:
			c -= 0x10000
			fmt.Fprintf(out, `\u%04x\u%04x`, 0xd800+c>>10, 0xdc00+c&0x3ff)
		case c < ' ', c > '~':
			fmt.Fprintf(out, `\u%04x`, c)
		default:
			out.WriteRune(c)
		}
	}
}
