package simulator

import "testing"

func TestMinimalModelAnswersSmallestValueOfSchema(t *testing.T) {
	for schema, want := range map[string]string{
		"": "",
		`{"type":"object","properties":{"claims":{"type":"array","items":{"type":"string"}}},"required":["claims"]}`: `{"claims":[]}`,
		`{"type":"object","properties":{"a":{"type":["string","null"]},"b":{"enum":["x","y"]},"c":{"type":"integer","minimum":1},
			"d":{"type":"number"},"e":{"type":"boolean"},"f":{"const":"v"},"g":{"anyOf":[{"type":"string"},{"type":"null"}]},"h":{"type":"string"}},
			"required":["a","b","c","d","e","f","g"]}`: `{"a":null,"b":"x","c":1,"d":0,"e":false,"f":"v","g":null}`,
		`{"type":"array","items":{"type":"integer"},"minItems":2}`: `[0,0]`,
	} {
		got, err := MinimalModel(t.Context(), ChatRequest{Schema: []byte(schema)})
		if err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", schema, got, err, want)
		}
	}
	for _, schema := range []string{`{"$ref":"#/$defs/a"}`, `{"type":"tuple"}`, `[`} {
		if got, err := MinimalModel(t.Context(), ChatRequest{Schema: []byte(schema)}); err == nil {
			t.Errorf("%s: %s", schema, got)
		}
	}
}
