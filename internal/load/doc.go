// Package load holds the nouns of the product: Scenario, Plan, Run, Task,
// Region, Criterion, Window, Figures and Report, the rules that make them
// valid, and the error codes every layer speaks. It does no input or output
// and imports only the standard library and package hist.
//
// Read scenario.go first (what a user asks for), then plan.go (what will run),
// window.go (what a task measures) and report.go (what the user gets). What is
// worked out stands beside the nouns: validate.go and the files named after it
// (what a scenario may be), newplan.go (scenario to plan), stripe.go (which task
// gets which user, request and row), timeline.go (how much load is due when) and
// criterionparse.go.
package load
