// Package ecs runs tasks on AWS ECS Fargate: each is one RunTask, with its ticket
// in the overrides, on a task definition that is made once and found again. It
// keeps nothing on disk: tags say whose a task is, and client tokens see to it
// that none starts twice. It may not know what tasks do. Read driver.go first,
// then start.go and look.go.
package ecs
