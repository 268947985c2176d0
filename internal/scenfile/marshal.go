package scenfile

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"

	"onrush.dev/onrush/internal/load"
)

// Marshal writes a scenario as YAML, its fields in the order of the reference,
// what is not said left out.
func Marshal(scenario load.Scenario) ([]byte, error) {
	text, err := json.Marshal(scenario)
	if err != nil {
		return nil, fmt.Errorf("write scenario: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("write scenario: %w", err)
	}
	tidy(&doc)
	var out bytes.Buffer
	writer := yaml.NewEncoder(&out)
	writer.SetIndent(2)
	if err := writer.Encode(&doc); err != nil {
		return nil, fmt.Errorf("write scenario: %w", err)
	}
	return out.Bytes(), writer.Close()
}

// tidy turns JSON's style into that of a hand-written file and drops empty
// mappings.
func tidy(n *yaml.Node) {
	n.Style = 0
	kept := n.Content[:0]
	for i := 0; i < len(n.Content); i++ {
		child := n.Content[i]
		if n.Kind == yaml.MappingNode {
			value := n.Content[i+1]
			i++
			tidy(value)
			if value.Kind == yaml.MappingNode && len(value.Content) == 0 {
				continue
			}
			child.Style = 0
			kept = append(kept, child, value)
			continue
		}
		tidy(child)
		kept = append(kept, child)
	}
	n.Content = kept
}
