// Package kubernetes runs the tasks of a region as pods of a Kubernetes cluster:
// one Indexed Job per start of tasks, one Secret with their tickets beside it.
// Everything is found again by labels, so that a new driver value knows what an old
// one started. It may not restart anything by itself: load must not run twice. It
// asks for no more rights than role.yaml grants.
//
// Read kind.go for the settings, job.go for what is made, list.go for how pods
// become instances, and reason.go for the words.
package kubernetes
