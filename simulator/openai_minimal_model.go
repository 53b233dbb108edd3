package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// MinimalModel is a [Config.Model] that answers with the smallest value that the JSON schema of the request allows, and with
// nothing when there is no schema. It knows type, enum, const, anyOf, oneOf, properties, required, items, minItems
// and minimum; a schema with a $ref is an error.
func MinimalModel(_ context.Context, request ChatRequest) (string, error) {
	if len(request.Schema) == 0 {
		return "", nil
	}
	var s schema
	if err := json.Unmarshal(request.Schema, &s); err != nil {
		return "", fmt.Errorf("reading the schema %q: %w", request.SchemaName, err)
	}
	value, err := s.minimal()
	if err != nil {
		return "", fmt.Errorf("schema %q: %w", request.SchemaName, err)
	}
	text, err := json.Marshal(value)
	return string(text), err
}

// schema is what MinimalModel knows of JSON Schema.
type schema struct {
	Type       types             `json:"type"`
	Enum       []any             `json:"enum"`
	Const      any               `json:"const"`
	AnyOf      []schema          `json:"anyOf"`
	OneOf      []schema          `json:"oneOf"`
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
	Items      *schema           `json:"items"`
	MinItems   int               `json:"minItems"`
	Minimum    float64           `json:"minimum"`
	Ref        string            `json:"$ref"`
}

// types is one type, or a list of them.
type types []string

func (t *types) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = types{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(t))
}

// minimalOf is null if one of the choices allows it, else the minimal value of the first.
func minimalOf(choices []schema) (any, error) {
	for _, c := range choices {
		if slices.Contains(c.Type, "null") {
			return nil, nil
		}
	}
	return choices[0].minimal()
}

func (s schema) minimal() (any, error) {
	switch {
	case s.Ref != "":
		return nil, fmt.Errorf("%s is not followed", s.Ref)
	case s.Const != nil:
		return s.Const, nil
	case len(s.Enum) > 0:
		return s.Enum[0], nil
	case len(s.AnyOf) > 0:
		return minimalOf(s.AnyOf)
	case len(s.OneOf) > 0:
		return minimalOf(s.OneOf)
	case len(s.Type) == 0, slices.Contains(s.Type, "null"):
		return nil, nil
	}
	switch s.Type[0] {
	case "object":
		object := map[string]any{}
		for _, name := range s.Required {
			value, err := s.Properties[name].minimal()
			if err != nil {
				return nil, err
			}
			object[name] = value
		}
		return object, nil
	case "array":
		list := []any{}
		for s.Items != nil && len(list) < s.MinItems {
			item, err := s.Items.minimal()
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		return list, nil
	case "string":
		return "", nil
	case "integer":
		return int(math.Ceil(s.Minimum)), nil
	case "number":
		return s.Minimum, nil
	case "boolean":
		return false, nil
	}
	return nil, fmt.Errorf("type %q is not known", s.Type[0])
}
