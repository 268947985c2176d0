package kubernetes

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"onrush.dev/onrush/internal/fleet"
	"onrush.dev/onrush/internal/load"
)

// The names of the settings.
const (
	setKubeconfig  = "kubeconfig"
	setContext     = "context"
	setNamespace   = "namespace"
	setAccount     = "service_account"
	setSelector    = "node_selector"
	setTolerations = "tolerations"
	setSecrets     = "pull_secrets"
	setPull        = "pull_policy"
	setHostNetwork = "host_network"
	setPriority    = "priority_class"
	setAnnotations = "annotations"
	setAutoscaler  = "autoscaler"
)

var (
	yesNo        = []string{"no", "yes"}
	pullPolicies = []string{string(corev1.PullIfNotPresent), string(corev1.PullAlways), string(corev1.PullNever)}
	effects      = []string{string(corev1.TaintEffectNoSchedule), string(corev1.TaintEffectPreferNoSchedule), string(corev1.TaintEffectNoExecute)}
)

// Kind is the kubernetes driver for the list of drivers.
func Kind() fleet.Kind {
	return fleet.Kind{
		Name:    "kubernetes",
		Summary: "pods of a Kubernetes cluster, one Indexed Job per run",
		Settings: []fleet.Setting{
			{Name: setKubeconfig, Help: "File that says how to reach the cluster. Empty: KUBECONFIG of the server, else the cluster that the server runs in.", Example: "/etc/onrush/kubeconfig"},
			{Name: setContext, Help: "Context of that file. Empty: its current one.", Example: "load-eu"},
			{Name: setNamespace, Help: "Namespace of the tasks; it must exist. Empty: the context's, else default.", Example: "onrush-tasks"},
			{Name: setAccount, Help: "Service account of the pods; they get no token of it. Empty: the namespace's default.", Example: "onrush-task"},
			{Name: setSelector, Help: "Labels that a node must have, KEY=VALUE with commas between. Empty: any node.", Example: "pool=load,kubernetes.io/arch=amd64"},
			{Name: setTolerations, Help: "Taints that tasks put up with, KEY[=VALUE][:EFFECT] with commas between; * is every taint. Empty: none.", Example: "dedicated=load:NoSchedule"},
			{Name: setSecrets, Help: "Secrets with the credentials of image registries, with commas between. Empty: those of the service account.", Example: "registry"},
			{Name: setPull, Help: "Whether nodes fetch the image.", Default: string(corev1.PullIfNotPresent), Allowed: pullPolicies},
			{Name: setHostNetwork, Help: "Whether tasks share their node's network: no address translation, and ports for more connections.", Default: yesNo[0], Allowed: yesNo},
			{Name: setPriority, Help: "Priority class of the pods. Empty: the cluster's default.", Example: "load-test"},
			{Name: setAnnotations, Help: "Annotations of the pods, KEY=VALUE with commas between. Empty: none but the driver's own.", Example: "sidecar.istio.io/inject=false"},
			{Name: setAutoscaler, Help: "Whether nodes are added when pods wait for room: the free room of today's nodes is no limit then.", Default: yesNo[0], Allowed: yesNo},
		},
		Open: func(place fleet.Place) (fleet.Driver, error) {
			options, err := readOptions(place)
			if err != nil {
				return nil, err
			}
			return New(options)
		},
	}
}

// readOptions reads a region's settings, and names the one that is wrong.
func readOptions(place fleet.Place) (Options, error) {
	r := reader{region: place.Name, settings: place.Settings}
	o := Options{
		Place:       place,
		Kubeconfig:  place.Settings[setKubeconfig],
		Context:     place.Settings[setContext],
		Namespace:   r.name(setNamespace, validation.IsDNS1123Label),
		Account:     r.name(setAccount, validation.IsDNS1123Subdomain),
		Priority:    r.name(setPriority, validation.IsDNS1123Subdomain),
		Selector:    r.pairs(setSelector, validation.IsValidLabelValue),
		Annotations: r.pairs(setAnnotations, func(string) []string { return nil }),
		Tolerations: r.tolerations(),
		HostNetwork: r.word(setHostNetwork, yesNo) == "yes",
		Autoscaler:  r.word(setAutoscaler, yesNo) == "yes",
		Pull:        corev1.PullPolicy(r.word(setPull, pullPolicies)),
	}
	for _, secret := range list(place.Settings[setSecrets]) {
		if faults := validation.IsDNS1123Subdomain(secret); len(faults) > 0 {
			r.fault(setSecrets, secret, faults[0])
		}
		o.PullSecrets = append(o.PullSecrets, corev1.LocalObjectReference{Name: secret})
	}
	return o, r.err
}

// reader reads settings and keeps the first fault.
type reader struct {
	region   string
	settings map[string]string
	err      error
}

func (r *reader) fault(setting, found, allowed string) {
	if r.err == nil {
		r.err = load.Errorf(load.Invalid, "region %s: %s %q is not allowed: %s", r.region, setting, found, allowed)
	}
}

func (r *reader) name(setting string, rule func(string) []string) string {
	found := strings.TrimSpace(r.settings[setting])
	if found != "" {
		if faults := rule(found); len(faults) > 0 {
			r.fault(setting, found, faults[0])
		}
	}
	return found
}

// word reads one of some words; the first is the default.
func (r *reader) word(setting string, allowed []string) string {
	found := cmp.Or(strings.TrimSpace(r.settings[setting]), allowed[0])
	if !slices.Contains(allowed, found) {
		r.fault(setting, found, "one of "+strings.Join(allowed, ", "))
	}
	return found
}

// pairs reads KEY=VALUE,KEY=VALUE.
func (r *reader) pairs(setting string, rule func(string) []string) map[string]string {
	pairs := map[string]string{}
	for _, pair := range list(r.settings[setting]) {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			r.fault(setting, pair, "KEY=VALUE with commas between")
			continue
		}
		if faults := append(validation.IsQualifiedName(key), rule(value)...); len(faults) > 0 {
			r.fault(setting, pair, faults[0])
		}
		pairs[key] = value
	}
	return pairs
}

var tolerationRule = regexp.MustCompile(`^([^=:]+)(=[^:]*)?(:[A-Za-z]+)?$`)

// tolerations reads KEY[=VALUE][:EFFECT],….
func (r *reader) tolerations() []corev1.Toleration {
	var found []corev1.Toleration
	for _, text := range list(r.settings[setTolerations]) {
		if text == "*" {
			found = append(found, corev1.Toleration{Operator: corev1.TolerationOpExists})
			continue
		}
		parts := tolerationRule.FindStringSubmatch(text)
		if parts == nil {
			r.fault(setTolerations, text, "KEY[=VALUE][:EFFECT] with commas between")
			continue
		}
		t := corev1.Toleration{Key: parts[1], Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffect(strings.TrimPrefix(parts[3], ":"))}
		if parts[2] != "" {
			t.Operator, t.Value = corev1.TolerationOpEqual, parts[2][1:]
		}
		faults := append(validation.IsQualifiedName(t.Key), validation.IsValidLabelValue(t.Value)...)
		if t.Effect != "" && !slices.Contains(effects, string(t.Effect)) {
			faults = append(faults, fmt.Sprintf("the effect is one of %s", strings.Join(effects, ", ")))
		}
		if len(faults) > 0 {
			r.fault(setTolerations, text, faults[0])
		}
		found = append(found, t)
	}
	return found
}

// list splits at commas and leaves out what is empty.
func list(text string) []string {
	words := strings.Split(text, ",")
	for i := range words {
		words[i] = strings.TrimSpace(words[i])
	}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}
