// Package house holds the rules of this repository as tests: every package
// says what it is for, imports point the way docs/architecture.md says, the
// agent stays small, files stay short. It has no code of its own and nothing
// may import it. Read imports_test.go first.
//
// Beside it: testcount counts what test runners report, testrun is the program
// behind `make test`.
package house
