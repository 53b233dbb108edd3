package simulator

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestScriptedModelNotesTheClaimsOfTheScripts(t *testing.T) {
	price, yes := 2.5, true
	people := People{Scripts: []WeightedScript{{Script: Script{Answers: []Answer{
		{Say: "It costs two fifty.", Heard: "It costs 2.50.", Claims: []Claim{{Hypothesis: "costs more", Field: "PRICE", Number: &price, Unit: "USD", Supports: &yes}}},
		{Say: "Never sold out.", Claims: []Claim{{Hypothesis: "stock", Field: "STOCKOUT", Unit: "none such"}}},
		{Say: "No comment."},
	}}}}}
	request := ChatRequest{SchemaName: "claims", Messages: []ChatMessage{
		{Role: "system", Content: "1 | it costs 2.50."},
		{Role: "user", Content: "Hypotheses:\nh1 | Is it ever out of stock?\nh2 | It costs more than two dollars.\n\nTranscript:\n7 | agent | What does it cost?\n8 | callee | Well, it costs 2.50."}},
		Schema: json.RawMessage(`{"type":"object","required":["claims"],"properties":{"claims":{"type":"array","items":{"type":"object",
			"required":["hypothesisId","field","valueNumber","unit","quote","utterance","stance","confidence"],"properties":{
			"hypothesisId":{"type":"string","enum":["h1","h2"]},"field":{"type":"string","enum":["OTHER","PRICE"]},
			"valueNumber":{"anyOf":[{"type":"number"},{"type":"null"}]},"unit":{"type":"string","enum":["NONE","USD"]},"quote":{"type":"string"},
			"utterance":{"type":"integer"},"stance":{"type":"string","enum":["supports","contradicts","neither"]},"confidence":{"type":"number"}}}}}}`)}
	got, err := ScriptedModel(people)(t.Context(), request)
	const want = `{"claims":[{"confidence":0.9,"field":"PRICE","hypothesisId":"h2","quote":"It costs 2.50.","stance":"supports","unit":"USD","utterance":8,"valueNumber":2.5}]}`
	if err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

func TestScriptedModelCountsStances(t *testing.T) {
	schema := json.RawMessage(`{"type":"object","required":["verdict","conclusion","reasons"],"properties":{"conclusion":{"type":"string"},
		"verdict":{"type":"string","enum":["VALIDATED","INVALIDATED","INCONCLUSIVE"]},"reasons":{"type":"array","items":{"type":"string"}}}}`)
	for rows, want := range map[string]string{
		"1 | supports | a\n2 | supports | b\n3 | supports | c":      `"verdict":"VALIDATED"`,
		"1 | contradicts | a\n2 | contradicts | b\n3 | contradicts": `"verdict":"INVALIDATED"`,
		"1 | supports | a\n2 | contradicts | b\nsupports supports":  `"verdict":"INCONCLUSIVE"`,
		"": `"verdict":"INCONCLUSIVE"`,
	} {
		got, err := ScriptedModel(People{})(t.Context(), ChatRequest{Schema: schema, Messages: []ChatMessage{{Role: "user", Content: rows}}})
		if err != nil || !strings.Contains(got, want) || !strings.Contains(got, "claims") {
			t.Errorf("%q: %s, %v; want %s", rows, got, err, want)
		}
	}
}

func TestScriptedModelIsMinimalOtherwise(t *testing.T) {
	for _, schema := range []string{``, `{"type":"object","required":["a"],"properties":{"a":{"type":"integer"}}}`, `{"type":"array"}`} {
		request := ChatRequest{Schema: json.RawMessage(schema)}
		want, _ := MinimalModel(t.Context(), request)
		if got, err := ScriptedModel(MixedPeople())(t.Context(), request); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", schema, got, err, want)
		}
	}
}
