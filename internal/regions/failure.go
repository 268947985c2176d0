package regions

import (
	"bufio"
	"context"
	"io"
	"strings"

	"onrush.dev/onrush/internal/load"
)

// kinds are the things that a region may lack, told by the words of what went
// wrong, with the remedy where the driver named none. The first that fits wins.
func kinds() []struct{ check, remedy, words string } {
	return []struct{ check, remedy, words string }{
		{"image", "look at the image's name, whether the platform may pull it, and whether it is built for the tasks' processors", "image|imagepullbackoff|errimagepull|pull access|manifest unknown|exec format|cannotpull"},
		{"credentials", "give the server credentials for the platform", "credential|unauthenticated|unauthorized|expired token|expiredtoken|invalidclienttoken|unrecognizedclient|certificate"},
		{"permission", "give the server's role the right that is named", "permission|denied|forbidden|not authorized|accessdenied|passrole"},
		{"quota", "raise the quota or the region's limit, or wait for the runs that use it", "quota|limit exceeded|exceeded|no room|insufficient|capacity|unschedulable|out of cpu|outofmemory|room for"},
		{"addresses", "use subnets with free addresses", "subnet|ip address|no free address|eni "},
		{"memory", "give the region's tasks more memory", "oomkilled|out of memory"},
		{"agent", "build it, or name the right one in the server's settings", "agent program|executable file not found"},
		{"reach", "make the server's address reachable from the tasks' network, or set the region's server to a URL that its tasks can reach", "reach the server|refused by the server"},
		{"platform", "look whether the platform's API can be reached from the server", "connection refused|no such host|timeout|deadline exceeded|unreachable"},
	}
}

// failure makes a failed finding of what a driver or a task said. A driver puts
// its remedy behind the reason, in brackets.
func failure(text string) load.Finding {
	finding := load.Finding{Check: "run", State: load.FindingFailed, Text: text, Remedy: "look at the run's log"}
	low := strings.ToLower(text)
	for _, kind := range kinds() {
		found := false
		for word := range strings.SplitSeq(kind.words, "|") {
			found = found || strings.Contains(low, word)
		}
		if found {
			finding.Check, finding.Remedy = kind.check, kind.remedy
			break
		}
	}
	if reason, remedy, ok := strings.Cut(text, " ("); ok && strings.HasSuffix(remedy, ")") && strings.Count(text, " (") == 1 {
		finding.Text, finding.Remedy = reason, strings.TrimSuffix(remedy, ")")
	}
	return finding
}

const (
	mostLines   = 3
	longestLine = 300
	mostLog     = 1 << 20
)

// lastLines are the last of what the run's task wrote, where its platform or we
// still have it.
func (w *watched) lastLines(ctx context.Context, task string) string {
	ctx, cancel := context.WithTimeout(ctx, w.Bounds.Capacity)
	defer cancel()
	log, err := w.driver.Logs(ctx, w.id, task, false)
	if err != nil {
		if log, err = w.TaskLog(ctx, load.Run{ID: w.id}, task); err != nil {
			return ""
		}
	}
	defer log.Close()
	return lastLines(log)
}

func lastLines(log io.Reader) string {
	var last []string
	lines := bufio.NewScanner(io.LimitReader(log, mostLog))
	lines.Buffer(nil, 64<<10)
	for lines.Scan() {
		line := strings.ToValidUTF8(strings.TrimSpace(lines.Text()), "�")
		if line == "" {
			continue
		}
		if r := []rune(line); len(r) > longestLine {
			line = string(r[:longestLine]) + "…"
		}
		if last = append(last, line); len(last) > mostLines {
			last = last[1:]
		}
	}
	return strings.Join(last, " | ")
}
