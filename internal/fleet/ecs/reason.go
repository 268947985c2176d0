package ecs

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// stopRule puts a reason of AWS for the end of a task into words.
type stopRule struct{ text, say string }

// The texts are AWS's own ("Stopped tasks error messages", Amazon ECS developer
// guide). The first one that is found counts.
func stopRules() []stopRule {
	return []stopRule{
		{"outofmemory", "it ran out of memory: give tasks more, or fewer users"},
		{"no space left on device", "its disk is full: raise ephemeral_storage"},
		{"insufficientfreeaddresses", "a subnet has no free address left: use larger subnets, or more of them"},
		{"exec format error", "its image is for other processors: set architecture to what the image is built for"},
		{"image manifest does not contain descriptor matching platform", "its image is for other processors: set architecture to what the image is built for"},
		{"toomanyrequests", "the registry refuses more pulls now: keep the image in a registry of your own, e.g. ECR"},
		{"cannotpullcontainererror: pull access denied", "its image cannot be pulled: let execution_role read the registry"},
		{"not authorized to perform: ecr:", "its image cannot be pulled: let execution_role read the registry"},
		{"i/o timeout", "Fargate cannot reach the registry from the subnets: set public_ip to yes, or give them a NAT gateway or endpoints"},
		{"context deadline exceeded", "Fargate cannot reach the registry from the subnets: set public_ip to yes, or give them a NAT gateway or endpoints"},
		{"context canceled", "Fargate cannot reach the registry from the subnets: set public_ip to yes, or give them a NAT gateway or endpoints"},
		{"not found", "its image does not exist: check the region's image"},
		{"cannotpull", "its image cannot be pulled: check the region's image and execution_role"},
		{"logger", "its log cannot be written: check log_group and execution_role"},
		{"log group", "its log cannot be written: check log_group and execution_role"},
		{"resourceinitialization", "Fargate cannot reach what the task needs: set public_ip to yes, or give the subnets a NAT gateway or endpoints"},
		{"unable to assume the role", "Fargate cannot take on its role: let ecs-tasks.amazonaws.com assume execution_role and task_role"},
		{"capacity is unavailable", "Fargate has no machine free now: name subnets in more zones, or try again later"},
		{"timeout waiting for network interface", "Fargate could not give it an address in time: try again"},
	}
}

// endOf says why a task ended, in words for the user, with its exit code.
func endOf(got *types.Task, c types.Container) (string, *int) {
	var code *int
	if c.ExitCode != nil {
		n := int(*c.ExitCode)
		code = &n
	}
	reason, detail := aws.ToString(got.StoppedReason), aws.ToString(c.Reason)
	said := strings.ToLower(reason + " " + detail)
	switch got.StopCode {
	case types.TaskStopCodeSpotInterruption:
		return "AWS took the task's Spot machine back", code
	case types.TaskStopCodeTerminationNotice:
		return "AWS took the task's machine away", code
	case types.TaskStopCodeUserInitiated:
		return "stopped: " + strings.TrimPrefix(reason, ownStop), code
	case types.TaskStopCodeEssentialContainerExited:
		if strings.Contains(said, "outofmemory") {
			return "ended: it ran out of memory" + exitText(code) + ": give tasks more, or fewer users", code
		}
		return exited(code), code
	}
	for _, r := range stopRules() {
		if strings.Contains(said, r.text) && r.text != "not found" || r.text == "not found" && strings.Contains(said, "cannotpull") && strings.Contains(said, r.text) {
			return "did not start: " + r.say + " (" + clip(longer(reason, detail)) + ")", code
		}
	}
	if text := longer(reason, detail); text != "" {
		return "ended: " + clip(text) + exitText(code), code
	}
	return exited(code), code
}

// exited is the end of a task by its own process.
func exited(code *int) string {
	switch {
	case code == nil:
		return "ended, AWS does not say how"
	case *code == 128+9:
		return "ended by signal 9 (exit code 137), as when memory runs out"
	case *code > 128 && *code < 128+65:
		return fmt.Sprintf("ended by signal %d (exit code %d)", *code-128, *code)
	}
	return "ended with exit code " + strconv.Itoa(*code)
}

func exitText(code *int) string {
	if code == nil {
		return ""
	}
	return fmt.Sprintf(" (exit code %d)", *code)
}

// waiting says what a task waits for that does not get up.
func waiting(status string, since time.Duration) string {
	if since < time.Minute {
		return ""
	}
	what := map[string]string{
		"PROVISIONING": "Fargate is looking for a machine and an address",
		"PENDING":      "Fargate is pulling the image",
		"ACTIVATING":   "Fargate is starting it",
	}[status]
	if what == "" {
		what = "AWS says " + status
	}
	return fmt.Sprintf("%s, for %s so far", what, since.Round(time.Second))
}

func longer(a, b string) string {
	if len(b) > len(a) {
		return b
	}
	return a
}

// clip keeps a text of AWS to what a person reads.
func clip(text string) string {
	const most = 300
	text = strings.TrimSpace(text)
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// sizeOf is what a task has.
func sizeOf(got *types.Task) size {
	cpu, _ := strconv.Atoi(aws.ToString(got.Cpu))
	memory, _ := strconv.Atoi(aws.ToString(got.Memory))
	return size{cpu, memory}
}
