package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"

	"onrush.dev/onrush/bench/internal/rig"
	"onrush.dev/onrush/internal/tools"
)

// jmeterPlan sends with ten threads for a time that lets Java warm up.
const jmeterPlan = `<jmeterTestPlan version="1.2"><hashTree><TestPlan guiclass="TestPlanGui" testclass="TestPlan" testname="bench"/><hashTree>
<ThreadGroup guiclass="ThreadGroupGui" testclass="ThreadGroup" testname="users">
  <stringProp name="ThreadGroup.num_threads">10</stringProp><boolProp name="ThreadGroup.scheduler">true</boolProp><stringProp name="ThreadGroup.duration">12</stringProp>
  <elementProp name="ThreadGroup.main_controller" elementType="LoopController"><boolProp name="LoopController.continue_forever">false</boolProp><intProp name="LoopController.loops">-1</intProp></elementProp>
</ThreadGroup><hashTree>
<HTTPSamplerProxy guiclass="HttpTestSampleGui" testclass="HTTPSamplerProxy" testname="get">
  <stringProp name="HTTPSampler.path">%s</stringProp><stringProp name="HTTPSampler.method">GET</stringProp><boolProp name="HTTPSampler.use_keepalive">true</boolProp>
</HTTPSamplerProxy><hashTree/></hashTree></hashTree></hashTree></jmeterTestPlan>`

func jmeter() subject {
	return subject{tool: "java", label: "jmeter", env: "ONRUSH_JAVA", file: "bench.jmx", script: jmeterPlan, bare: bareJMeter}
}

var jmeterSays = regexp.MustCompile(`summary = +(\d+) in \d`)

func bareJMeter(b *rig.Bench, program, script string) (float64, error) {
	home, err := tools.Find(b, "jmeter")
	if err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(b, program, "-Xmx1g", "-Djava.awt.headless=true", "-jar", filepath.Join(home.Path, "bin", "ApacheJMeter.jar"),
		"-n", "-t", script, "-j", filepath.Join(b.Dir, "jmeter.log")).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	found := jmeterSays.FindAllSubmatch(out, -1)
	if len(found) == 0 {
		return 0, fmt.Errorf("it says no summary: %s", out)
	}
	n, err := strconv.ParseFloat(string(found[len(found)-1][1]), 64)
	return n / 12, err
}
