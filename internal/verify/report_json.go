package verify

import (
	"encoding/json"
	"fmt"
	"strings"
)

// MarshalJSON has camelCase names throughout, those of the counts included.
func (r Report) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(r.Counts)
	if err != nil {
		return nil, fmt.Errorf("encoding the counts: %w", err)
	}
	var counts map[string]int
	if err := json.Unmarshal(text, &counts); err != nil {
		return nil, fmt.Errorf("encoding the counts: %w", err)
	}
	named := make(map[string]int, len(counts))
	for name, n := range counts {
		named[camelCase(name)] = n
	}
	type plain Report // without this method
	return json.Marshal(struct {
		plain
		Counts map[string]int `json:"counts"`
	}{plain(r), named})
}

// camelCase is the name of a field as JSON has it: eventIds for EventIDs.
func camelCase(name string) string {
	name = strings.ReplaceAll(name, "IDs", "Ids")
	return strings.ToLower(name[:1]) + name[1:]
}
