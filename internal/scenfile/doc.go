// Package scenfile reads and writes scenario files: YAML and JSON to
// load.Scenario and back. It finds every fault of a file at once and says for
// each the line, the field, what was found and what is allowed. It knows no
// scenario's meaning: what a field may hold is said by load.Scenario's tags and
// load.Validate. It reads no files itself.
//
// Read parse.go first. A file becomes a tree (tree.go from YAML, json.go from
// JSON), the tree becomes a scenario (decode.go, fields.go), and the faults are
// put on lines (lines.go). Schema and Reference write the same tags as JSON
// Schema and as the tables of docs/scenario.md.
package scenfile
